"""Reads the article out of a page: title, text, author, time, language, canonical address."""

from __future__ import annotations

import logging
import re
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import trafilatura
from lxml import etree
from lxml.html import HtmlElement
from rapidfuzz import fuzz
from trafilatura.settings import Document

from founderwatch.address import clean
from founderwatch.items import Article, Failure, Page, Story
from models.language import detect
from pipelines import walls
from pipelines.decode import decode
from pipelines.furniture import join, prune, without_furniture
from pipelines.metadata import Metadata, read

LARGEST = 10_000_000  # bytes
MOST_ELEMENTS = 50_000
# A body below this many letters is a stub, a teaser or a flash; a Chinese character counts for three.
SHORT = 500
STUB = 60
_NOT_HTML = re.compile(rb"\s*(?:%PDF-|\x89PNG|\xff\xd8\xff|GIF8|PK\x03\x04|\x1f\x8b|RIFF|\x00\x00\x01\x00)")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_HTML_TYPES = ("", "text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml")

# Their messages repeat what the Failure says.
for _name in ("trafilatura", "htmldate", "courlan", "charset_normalizer"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class NotExtracted(Exception):
    """The page holds no article; the message says why.

    `shown` is False where a story stands behind the page, which hides it (login, script, paywall).
    """

    def __init__(self, reason: str, shown: bool = True):
        self.shown = shown
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Extracted:
    """An article and what has to be said of it."""

    article: Article
    notes: tuple[str, ...] = ()


class Extract:
    """Turns a story's page into its article.

    Where the site does not show the story's text (login, paywall, script), the channel's title and
    summary stand in, with a note. What else yields no article gets a Failure.
    """

    def __call__(self, story: Story) -> Story:
        page = story.page
        if story.failure is not None or story.article is not None or page is None:
            return story
        if page.whole and (article := _from_channel(page)):
            return story.grown(article=article)
        try:
            extracted = extract(page)
        except NotExtracted as reason:
            article = None if reason.shown else _from_channel(page)
            if article is None:
                return story.grown(failure=Failure("extract", str(reason)))
            return story.grown(article=article, notes=(*story.notes, f"from the feed: {reason}"))
        return story.grown(article=extracted.article, notes=(*story.notes, *extracted.notes))


def extract(page: Page) -> Extracted:
    """Reads one page; raises NotExtracted where there is no article in it."""
    _check(page)
    metadata, facts, document = _parse(decode(page.body, page.encoding), page)
    body, notice, noticed = walls.part(_text(document))
    title = metadata.title or (document.title if document else None) or page.title or ""
    if _size(body) < 3 * SHORT and _size(metadata.body) > 1.5 * _size(body):
        # A script or a wall hides what the page's data for search engines says in full.
        body = metadata.body
    elif wall := _wall(page, facts, title, body, notice, noticed):
        raise NotExtracted(f"{wall}: the page does not show the story", shown=False)
    body, summary = walls.without_stump(body), walls.without_stump(page.summary or "")
    notes: list[str] = []
    if (metadata.paywalled or notice in (walls.PAYWALL, walls.LOGIN)) and _size(body) < 3 * SHORT:
        notes.append("teaser")
    if len(summary) > len(body) * 1.5 and _size(body) < SHORT:
        # A teaser or a cookie wall says less than the feed did.
        body = summary
        title = page.title or title
        notes.append("from the feed: the page says less")
    if not body:
        raise NotExtracted("no text found in the page", shown=False)
    author = (document.author if document else None) or metadata.author
    body = without_furniture(body, title, author)
    article = Article(
        url=metadata.canonical or clean(page.url) or page.url,
        source=page.source,
        title=" ".join(title.split()),
        body=body,
        language=detect(title, body, metadata.language),
        author=author or None,
        site_name=_site_name(document),
        published=_published(page, metadata, document),
    )
    return Extracted(article, tuple(notes))


def article_from_html(html: bytes | str, url: str | None = None, source: str | None = None) -> Article:
    """Reads the article out of a page that did not come through a crawl; raises NotExtracted."""
    body = html.encode("utf-8", "replace") if isinstance(html, str) else html
    encoding = "utf-8" if isinstance(html, str) else None
    page = Page(url=url or "", source=source or "", body=body, fetched_at=datetime.now(UTC), encoding=encoding)
    found = extract(page).article
    return replace(found, url=found.url or None, source=source)


def article_from_text(
    text: str,
    title: str = "",
    url: str | None = None,
    source: str | None = None,
    published: datetime | None = None,
) -> Article:
    """Takes a plain text as an article's body, letter for letter: evidence points into it."""
    return Article(url=url, source=source, title=title, body=text, language=detect(title, text), published=published)


def _check(page: Page) -> None:
    kind = page.content_type.split(";")[0].strip().lower()
    if not page.body.strip():
        # A shut door (403) has a story behind it; an empty page of status 200 is a fault.
        raise NotExtracted("the page is empty", shown=page.status in (0, 200))
    if kind not in _HTML_TYPES or _NOT_HTML.match(page.body):
        raise NotExtracted(f"the page is not HTML: {kind if kind not in _HTML_TYPES else 'a binary file'}")
    if len(page.body) > LARGEST:
        raise NotExtracted(f"the page is larger than {LARGEST // 1_000_000} MB")
    if len(_CONTROL.findall(page.body[:1000])) > 20 and not page.body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NotExtracted("the page is not HTML: a binary file")


def _wall(page: Page, facts: walls.Facts, title: str, body: str, notice: str | None, noticed: int) -> str | None:
    """What stands in the story's place; None where the story, or the beginning of it, is there."""
    size = _size(body)
    known = bool(page.title) and fuzz.ratio(title.lower(), (page.title or "").lower()) > 60
    if size < SHORT and not known and (kind := walls.in_place_of(facts, title)):
        return kind
    if size < SHORT and notice not in (None, walls.PAYWALL) and noticed > len(body):
        return notice
    if size < STUB and (not body or page.title or page.summary):
        return notice or walls.of_nothing(facts)
    return None


def _parse(text: str, page: Page) -> tuple[Metadata, walls.Facts, Document | None]:
    tree = trafilatura.load_html(text)
    if tree is None:
        raise NotExtracted("the page is not HTML")
    elements = sum(1 for _ in tree.iter())
    if elements > MOST_ELEMENTS:
        raise NotExtracted(f"the page has {elements} elements, more than {MOST_ELEMENTS}")
    try:
        metadata = read(tree, page.url or None, page.fetched_at)
        facts = walls.look(tree)
        prune(tree)
        join(tree)
        # The first attempt changes the tree: the second one needs its own.
        spare = deepcopy(tree)
        dated = bool(metadata.published or page.published or metadata.shown)
        document = _document(tree, page.url, dated, fast=True)
        if _size(_text(document)) < STUB:
            # The slower way compares other extractors, and takes in more of what surrounds the text:
            # only where the fast one found next to nothing.
            document = max(document, _document(spare, page.url, dated, fast=False), key=lambda found: len(_text(found)))
    except (RecursionError, ValueError, etree.LxmlError) as error:
        raise NotExtracted(f"the page could not be read: {type(error).__name__}: {error}") from error
    return metadata, facts, document


def _document(tree: HtmlElement, url: str, dated: bool, fast: bool) -> Document | None:
    found = trafilatura.bare_extraction(
        tree,
        url=url or None,
        fast=fast,
        favor_precision=True,
        include_comments=False,
        include_tables=False,
        with_metadata=True,
        date_extraction_params={
            "extensive_search": not dated,
            "original_date": True,
            "outputformat": "%Y-%m-%d",
        },
    )
    return found if isinstance(found, Document) else None


def _text(document: Document | None) -> str:
    """The body, one paragraph a line."""
    text = (document.text if document else None) or ""
    return "\n".join(line for line in (" ".join(line.split()) for line in text.splitlines()) if line)


def _size(text: str) -> int:
    return len(text) + 2 * len(_HAN.findall(text))


def _site_name(document: Document | None) -> str | None:
    """The outlet's name; trafilatura puts the host where the page gives none."""
    if document is None or not document.sitename or document.sitename == document.hostname:
        return None
    return None if "." in document.sitename.split(":")[0] else document.sitename


def _published(page: Page, metadata: Metadata, document: Document | None) -> datetime | None:
    """The exact time that the page or else the channel gives; what the page shows to readers comes last."""
    if found := metadata.published or page.published or metadata.shown:
        return found
    try:
        return datetime.fromisoformat((document.date if document else None) or "").replace(tzinfo=UTC)
    except ValueError:
        return None


def _from_channel(page: Page) -> Article | None:
    if not page.title and not page.summary:
        return None
    title, body = page.title or "", walls.without_stump(page.summary or "")
    return Article(
        url=clean(page.url) or page.url,
        source=page.source,
        title=title,
        body=body,
        language=detect(title, body),
        published=page.published,
    )
