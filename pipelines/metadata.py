"""Reads what a page says of itself beside its text: times, address, paywall, title."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from lxml.html import HtmlElement
from w3lib.html import remove_tags, replace_entities

from founderwatch.address import clean, site
from pipelines.shown import shown
from spiders.entries import plausible

CHINA = timezone(timedelta(hours=8))
_LONGEST_JSON = 500_000
_LONGEST_BODY = 200_000
_PUBLISHED_METAS = (
    "article:published_time", "og:article:published_time", "og:published_time", "datepublished",
    "pubdate", "publishdate", "publish_date", "publication_date", "parsely-pub-date", "sailthru.date",
    "dc.date.issued", "dcterms.created", "weibo:article:create_at", "date", "article:published", "article:published_date",
    "article.published", "article_date_original", "citation_publication_date", "citation_date", "cxenseparse:recs:publishtime",
    "bt:pubdate", "dateposted", "date_published", "datecreated", "dc.date", "dc.date.created", "dcterms.date", "dcterms.issued",
    "og:pubdate", "originalpublicationdate", "publish_time", "publish-date", "published-date", "published_date",
    "published_time", "release_date", "shareaholic:article_published_time", "ptime", "gentime",
)  # fmt: skip
_DAY = re.compile(r"\s*(\d{4})([-/.年])(\d{1,2})(?:\2|月)(\d{1,2})日?\s*")
_ARTICLE_TYPES = re.compile(r"Article|Report|BlogPosting|LiveBlog", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a page declares. `published` is in UTC and exact to the minute, or None; `shown` is what it tells its readers
    instead ("3小时前", 2026年7月5日), `day` the day that it declares without a time. `body` is the text in its data for
    search engines.
    """

    published: datetime | None = None
    shown: datetime | None = None
    day: datetime | None = None
    canonical: str | None = None
    title: str | None = None
    author: str | None = None
    paywalled: bool = False
    language: str | None = None
    body: str = ""


def read(tree: HtmlElement, url: str | None, fetched_at: datetime | None = None) -> Metadata:
    """Reads a parsed page; `url` is the address it came from, and `fetched_at` what "three hours ago" counts from."""
    language = next(iter(tree.xpath("//html/@lang | //html/@xml:lang")), None)
    zone = CHINA if (language or "").lower().startswith("zh") else UTC
    linked = list(_linked_data(tree))
    times = _times(tree, linked)
    published = next((found for text in times if (found := moment(text, zone))), None)
    return Metadata(
        published=published,
        shown=None if published else shown(tree, zone, fetched_at or datetime.now(UTC)),
        day=next((found for text in times if (found := day(text))), None),
        canonical=_canonical(tree, url),
        title=_title(tree, linked),
        author=_author(tree, linked),
        paywalled=any(_false(node.get("isAccessibleForFree")) for node in linked),
        language=language,
        body=_body(linked),
    )


def moment(text: Any, zone: timezone = UTC) -> datetime | None:
    """Reads an ISO or RFC 822 time of day; None for a bare date, which says less.

    `zone` is for times without one.
    """
    if not isinstance(text, str) or not re.search(r"\d:\d\d", text):
        return None
    text = text.strip()
    try:
        found = datetime.fromisoformat(text.replace("/", "-") if re.match(r"\d{4}/", text) else text)
    except ValueError:
        try:
            found = parsedate_to_datetime(text)
        except (ValueError, TypeError):
            return None
    try:
        found = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        return None
    return plausible(found)


def day(text: Any) -> datetime | None:
    """Reads a bare date, as the beginning of that day in UTC."""
    match = _DAY.fullmatch(text) if isinstance(text, str) else None
    try:
        return plausible(datetime(int(match[1]), int(match[3]), int(match[4]), tzinfo=UTC)) if match else None
    except ValueError:
        return None


def _linked_data(tree: HtmlElement) -> Iterator[dict[str, Any]]:
    """Every object in the page's JSON-LD that describes an article."""
    for script in tree.xpath("//script[@type='application/ld+json']"):
        text = (script.text or "").strip()
        if not text or len(text) > _LONGEST_JSON:
            continue
        try:
            found = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        queue = [found]
        for _ in range(200):  # bounded: a page may nest without end
            if not queue:
                break
            node = queue.pop(0)
            if isinstance(node, list):
                queue.extend(node)
            elif isinstance(node, dict):
                if _ARTICLE_TYPES.search(str(node.get("@type", ""))):
                    yield node
                queue.extend(value for key, value in node.items() if key in ("@graph", "mainEntity"))


def _times(tree: HtmlElement, linked: list[dict[str, Any]]) -> list[Any]:
    """What the page gives as times of publication, the most trustworthy first."""
    metas: dict[str, str] = {}
    for meta in tree.xpath("//meta[@content]"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        metas.setdefault(name, meta.get("content"))
    marked = tree.xpath(
        "//*[@itemprop='datePublished']/@datetime"
        " | //article//time[@pubdate]/@datetime | //h1/following::time[1]/@datetime"
    )
    return [
        *(node.get("datePublished") for node in linked),
        *(metas[name] for name in _PUBLISHED_METAS if name in metas),
        *marked,
    ]


def _body(linked: list[dict[str, Any]]) -> str:
    """The longest text that the data for search engines give, one paragraph a line."""
    texts = [text for node in linked if isinstance(text := node.get("articleBody"), str)]
    text = max(texts, key=len, default="")[:_LONGEST_BODY]
    text = replace_entities(remove_tags(re.sub(r"(?i)<(?:/p|br|/div|/li)\b[^>]*>", "\n", text)))
    return "\n".join(line for line in (" ".join(line.split()) for line in text.splitlines()) if line)


def _canonical(tree: HtmlElement, url: str | None) -> str | None:
    """The page's own word for its address, if it stays on the site and does not name the front page."""
    candidates = tree.xpath("//link[translate(@rel,'CANOL','canol')='canonical']/@href")
    candidates += tree.xpath("//meta[@property='og:url']/@content")
    for candidate in candidates:
        address = clean(candidate, url) if candidate.strip() else None
        if address is None or _front(address):
            continue
        if url is None or site(address) == site(url):
            return address
    return None


def _front(address: str) -> bool:
    # Some templates give every page the front page as its canonical address.
    return bool(re.fullmatch(r"https?://[^/]+/?(?:index\.\w+)?", address))


def _title(tree: HtmlElement, linked: list[dict[str, Any]]) -> str | None:
    headline = next((node["headline"] for node in linked if isinstance(node.get("headline"), str)), None)
    headlines = [" ".join(h1.text_content().split()) for h1 in tree.xpath("//h1")]
    shared = next(iter(tree.xpath("//meta[@property='og:title']/@content")), None)
    alone = headlines[0] if len(headlines) == 1 else None
    return next((" ".join(found.split()) for found in (headline, alone, shared) if found and found.strip()), None)


def _author(tree: HtmlElement, linked: list[dict[str, Any]]) -> str | None:
    """The author's name; some sites put the address of a profile there."""
    found: list[Any] = []
    for node in linked:
        authors = node.get("author")
        found += (
            [one.get("name") if isinstance(one, dict) else one for one in authors or []]
            if isinstance(authors, list)
            else [authors.get("name") if isinstance(authors, dict) else authors]
        )
    names = [name.strip() for name in found if isinstance(name, str) and name.strip()]
    names = names or tree.xpath("//meta[@name='author' or @property='article:author']/@content")[:1]
    names = [name for name in dict.fromkeys(names) if "://" not in name and 0 < len(name.strip()) < 100]
    return "; ".join(names) or None


def _false(value: Any) -> bool:
    return value is False or str(value).strip().lower() in (
        "false",
        "http://schema.org/false",
        "https://schema.org/false",
    )
