"""Turns a site into the answers that its server gives, one for each path.

Everything is rendered once, when the server starts, from the stories and the epoch alone: two starts
with the same epoch answer byte for byte the same.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import urljoin

import jinja2

from tests.newsroom.stories import SITES, Extra, Site, Story

NOT_FOUND = b"<!doctype html><title>Not found</title><h1>Page not found</h1>"


@dataclass(frozen=True)
class Answer:
    """One response: status, type, body, and where a redirect leads."""

    body: bytes
    content_type: str
    modified: datetime
    status: int = 200
    location: str = ""

    @property
    def etag(self) -> str:
        """Gives the strong validator of the body, without quotation marks."""
        return hashlib.sha256(self.body).hexdigest()[:20]

    def packed(self) -> bytes:
        """Gives the body as gzip, without a time stamp so that it stays the same."""
        return gzip.compress(self.body, compresslevel=6, mtime=0)


@dataclass(frozen=True)
class Entry:
    """One line of a feed, a sitemap or a listing."""

    title: str
    link: str
    path: str
    published: datetime
    summary: str
    author: str
    section: str


def _environment(site: Site) -> jinja2.Environment:
    """Builds the template environment of one site; its templates share nothing with the others'."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(SITES / site.name),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["rfc822"] = format_datetime
    environment.filters["iso"] = datetime.isoformat
    environment.filters["long"] = lambda moment: f"{moment:%B} {moment.day}, {moment.year}"
    environment.filters["minute"] = lambda moment: f"{moment:%Y-%m-%d %H:%M}"
    environment.globals["site"] = site
    environment.globals["absolute"] = lambda path: urljoin(site.base, path)
    return environment


def entries(site: Site, epoch: datetime) -> list[Entry]:
    """Lists what the site's channel shows, newest first, articles and other addresses alike."""
    found = [
        Entry(
            title=story.title,
            link=urljoin(site.base, path),
            path=path,
            published=story.published(epoch, site.zone),
            summary=story.summary or story.paragraphs(story.published(epoch, site.zone))[0],
            author=story.author,
            section=story.section,
        )
        for story in site.stories
        for path in site.links(story)
    ]
    for extra in site.extras:
        moment = extra.published(epoch, site.zone)
        link = urljoin(site.base, extra.path)
        found.append(Entry(extra.title, link, extra.path, moment, extra.title, site.title, site.sections[0]))
    return sorted(found, key=lambda entry: entry.published, reverse=True)


def _article(environment: jinja2.Environment, site: Site, story: Story, epoch: datetime) -> dict[str, Answer]:
    """Renders the pages of one story: its own, an AMP copy, a redirect."""
    published = story.published(epoch, site.zone)
    others = [other for other in site.stories if other is not story]
    position = site.stories.index(story)
    canonical = urljoin(site.base, site.path(story))
    context = {
        "story": story,
        "canonical": canonical,
        "published": published,
        "paragraphs": story.paragraphs(published),
        "more": [(other.title, site.path(other)) for other in (others * 2)[position : position + 3]],
    }

    def page(template: str) -> Answer:
        text = environment.get_template(template).render(context)
        if story.cut_after:
            text = text.partition(story.cut_after)[0] + story.cut_after + '</p>\n<p class="body-te'
        charset = f"; charset={story.encoding}" if story.charset_in_header else ""
        return Answer(text.encode(story.encoding), f"text/html{charset}", published)

    answers = {site.path(story): page("article.html")}
    if story.amp:
        answers[story.amp] = page("amp.html")
    if story.redirect:
        answers[story.redirect] = Answer(b"", "text/html", published, 301, canonical)
    return answers


def _extra(extra: Extra, moment: datetime) -> Answer:
    """Answers for an address that is no article, by its kind."""
    if extra.kind == "404":
        return Answer(NOT_FOUND, "text/html", moment, 404)
    if extra.kind == "not html":
        return Answer(_pdf(extra.title), "application/pdf", moment)
    if extra.kind == "empty":
        return Answer(b"", "text/html; charset=utf-8", moment)
    text = f"<!doctype html><title>{extra.title}</title><h1>{extra.title}</h1>"
    return Answer(text.encode(), "text/html; charset=utf-8", moment)


def _pdf(title: str) -> bytes:
    """Writes a PDF of one page with one line of text."""
    line = title.encode("ascii", "replace").replace(b"(", b"[").replace(b")", b"]")
    content = b"BT /F1 14 Tf 72 720 Td (" + line + b") Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, item in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    tail = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return out + tail % (len(objects) + 1, table, len(objects) + 1, len(out))


def render(site: Site, epoch: datetime) -> dict[str, Answer]:
    """Renders everything that a site serves, by path (with its query where that matters)."""
    environment = _environment(site)
    listed = entries(site, epoch)
    newest = listed[0].published
    answers: dict[str, Answer] = {}
    for story in site.stories:
        answers |= _article(environment, site, story, epoch)
    for extra in site.extras:
        answers[extra.path] = _extra(extra, newest)
    for path, template in site.pages.items():
        text = environment.get_template(template).render(entries=listed, page=path)
        kind = "text/html" if template.endswith(".html") else "application/" + _xml_kind(template)
        answers[path] = Answer(text.encode(), f"{kind}; charset=utf-8", newest)
    robots = site.robots.lstrip().format(base=site.base)
    answers["/robots.txt"] = Answer(robots.encode(), "text/plain; charset=utf-8", newest)
    return answers


def _xml_kind(template: str) -> str:
    """Names the media type of a feed or sitemap by its template."""
    return {"rss.xml": "rss+xml", "atom.xml": "atom+xml"}.get(template, "xml")
