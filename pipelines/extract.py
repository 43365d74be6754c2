"""Reads the article out of a page: title, text, author, time, language, canonical address."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

import trafilatura
from htmldate import find_date
from lxml import etree
from lxml.html import HtmlElement
from rapidfuzz import fuzz
from trafilatura.metadata import examine_meta, extract_author, extract_meta_json, extract_sitename, extract_title
from trafilatura.settings import Document

from founderwatch.address import clean
from founderwatch.items import GUESSED, Article, Failure, Page, Story
from models.language import detect
from pipelines import walls
from pipelines.decode import decode
from pipelines.furniture import join, prune, without_furniture
from pipelines.metadata import Metadata, read
from spiders.entries import address_date

LARGEST = 10_000_000  # bytes
MOST_ELEMENTS = 50_000
# A body below this many letters is a stub, a teaser or a flash; a Chinese character counts for three.
SHORT = 500
STUB = 60
# A date that stands in the text may be of anything, a copyright line or a jubilee: an older one than this is not believed.
OLDEST_GUESS = timedelta(days=30)
_NOT_HTML = re.compile(rb"\s*(?:%PDF-|\x89PNG|\xff\xd8\xff|GIF8|PK\x03\x04|\x1f\x8b|RIFF|\x00\x00\x01\x00)")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_HTML_TYPES = ("", "text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml")

# Every word that stands in trafilatura.xpaths.AUTHOR_XPATHS, and the attributes in which it may stand.
SIGNED = re.compile(
    r"[Aa]uthor|[Bb]yl|username|BBL|channel-name|zuozhe|bianji|xiaobian|(?:submitted|posted)-by|journalist-name|screenname|writer"
)
_NAMES = etree.XPath("//@rel | //@id | //@class | //@itemprop | //@data-testid | //@data-component")

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
    parsed = _parse(decode(page.body, page.encoding), page)
    metadata, facts, declared = parsed.metadata, parsed.facts, parsed.declared
    body, notice, noticed = walls.part(parsed.text)
    title = metadata.title or declared.title or page.title or ""
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
    if parsed.guessed:
        notes.append(GUESSED)
    author = declared.author
    body = without_furniture(body, title, author)
    article = Article(
        url=metadata.canonical or clean(page.url) or page.url,
        source=page.source,
        title=" ".join(title.split()),
        body=body,
        language=detect(title, body, metadata.language),
        author=author or None,
        site_name=_site_name(declared.sitename),
        published=parsed.published,
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


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A page taken apart. `declared` is what trafilatura knows of it beside the text; `guessed`: only the text dates it."""

    metadata: Metadata
    facts: walls.Facts
    declared: Document
    published: datetime | None
    guessed: bool
    text: str


def _parse(markup: str, page: Page) -> _Parsed:
    tree = _tree(markup)
    elements = int(tree.xpath("count(//node()[not(self::text())])"))
    if elements > MOST_ELEMENTS:
        raise NotExtracted(f"the page has {elements} elements, more than {MOST_ELEMENTS}")
    try:
        metadata = read(tree, page.url or None, page.fetched_at)
        facts = walls.look(tree)
        _clear(tree)
        declared = _declared(tree, metadata)
        published, guessed = _published(tree, metadata, page)
        text = _text(tree, page.url, fast=True)
        if _size(text) < STUB:
            # The slower way compares other extractors, and takes in more of what surrounds the text:
            # only where the fast one found next to nothing. The first attempt may have changed the tree.
            _clear(tree := _tree(markup))
            text = max(text, _text(tree, page.url, fast=False), key=len)
    except (RecursionError, ValueError, etree.LxmlError) as error:
        raise NotExtracted(f"the page could not be read: {type(error).__name__}: {error}") from error
    return _Parsed(metadata, facts, declared, published, guessed, text)


def _tree(markup: str) -> HtmlElement:
    tree = trafilatura.load_html(markup)
    if tree is None:
        raise NotExtracted("the page is not HTML")
    return tree


def _clear(tree: HtmlElement) -> None:
    prune(tree)
    join(tree)


def _declared(tree: HtmlElement, metadata: Metadata) -> Document:
    """Title, author and outlet. trafilatura's `extract_metadata` would look for a date, a licence and tags as well, at
    four times the cost."""
    found = examine_meta(tree)
    if found.author and " " not in found.author:
        found.author = None
    with suppress(Exception):  # as trafilatura itself does: what stands there may be of any form
        found = extract_meta_json(tree, found)
    found.title = found.title or extract_title(tree)
    found.author = found.author or metadata.author or (extract_author(tree) if _may_be_signed(tree) else None)
    found.sitename = (found.sitename or extract_sitename(tree) or "").lstrip("@")
    found.clean_and_trim()
    return found


def _may_be_signed(tree: HtmlElement) -> bool:
    """Whether any element could be one in which trafilatura looks for an author, which takes it longer than the text."""
    return tree.find(".//author") is not None or bool(SIGNED.search("\n".join(_NAMES(tree))))


def _text(tree: HtmlElement, url: str, fast: bool) -> str:
    """The body, one paragraph a line."""
    found = trafilatura.bare_extraction(
        tree, url=url or None, fast=fast, favor_precision=True, include_comments=False, include_tables=False
    )
    text = (found.text if isinstance(found, Document) else None) or ""
    return "\n".join(line for line in (" ".join(line.split()) for line in text.splitlines()) if line)


def _size(text: str) -> int:
    return len(text) + 2 * len(_HAN.findall(text))


def _site_name(name: str | None) -> str | None:
    """The outlet's name as a title; an address is none."""
    if not name or "." in name.split(":")[0]:
        return None
    return name if name[0].isupper() else name.title()


def _published(tree: HtmlElement, metadata: Metadata, page: Page) -> tuple[datetime | None, bool]:
    """When the story came out, and whether that is only guessed.

    The exact time that the page or else the channel gives, then what the page shows to readers or declares as a day, then
    the day in its address; at last, any date in the text that can be one of these weeks.
    """
    if found := metadata.published or page.published or metadata.shown or metadata.day:
        return found, False
    if found := address_date(page.url, page.fetched_at):
        return datetime.combine(found.date(), time(), UTC), False
    # Of what nobody fetched now, nothing says that it is new.
    earliest = page.fetched_at - OLDEST_GUESS if page.requested_url else None
    try:
        guess = find_date(tree, original_date=True, url=page.url or None, min_date=earliest)
        return (datetime.fromisoformat(guess).replace(tzinfo=UTC), True) if guess else (None, False)
    except ValueError:
        return None, False


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
