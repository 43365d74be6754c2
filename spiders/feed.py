"""Reads RSS, Atom and JSON feeds."""

from __future__ import annotations

import io
import json
import re
from calendar import timegm
from collections.abc import Iterator
from datetime import UTC, datetime
from time import struct_time
from typing import Any, ClassVar
from xml.sax import SAXException

import feedparser
from scrapy.http import Response
from w3lib.html import remove_tags, replace_entities

from founderwatch.address import clean
from spiders.channel import ChannelSpider
from spiders.entries import ChannelError, Entry, Reading, plausible
from spiders.sources import Source

LONGEST_SUMMARY = 5000
_CLOSED = re.compile(rb"</\s*(?:\w+:)?(?:rss|feed|rdf)\s*>\s*(?:<!--.*?-->\s*)*\Z", re.IGNORECASE | re.DOTALL)
# An entity made of others: two kB of them take 70 MB before the parser puts an end to it, and no feed needs one.
_NESTED_ENTITY = re.compile(rb"<!ENTITY\s[^<>]{0,500}&[^<>]{0,500}>")
_BLOCK = re.compile(r"(?i)</?(?:p|div|br|li|h[1-6])\b[^>]*>")


class FeedSpider(ChannelSpider):
    """Follows the feeds of each source."""

    name = "feed"
    channels: ClassVar = {"feeds": "feed"}

    def read_feed(self, response: Response, source: Source) -> Reading:
        return read_feed(response.body, response.url, _content_type(response))

    def parse_feed(self, response: Response) -> Iterator[Any]:
        """Reads one feed, for `scrapy parse` and `scrapy check`.

        @url data:application/rss+xml,<rss><channel><item><title>A</title><link>https://a.example/1</link></item></channel></rss>
        @returns requests 1 1
        @returns items 0 0
        """
        yield from self.read(response, self.read_feed)


def read_feed(body: bytes, url: str, content_type: str = "") -> Reading:
    """Reads a feed's bytes; raises ChannelError where there is no feed in them.

    Of a broken feed it gives the items before the break, and says what is wrong.
    """
    if not body.strip():
        raise ChannelError("is empty")
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _json_feed(body, url)
    headers = {"content-type": content_type or "application/xml", "content-location": url}
    try:
        # A file object: feedparser would take a text for an address or a file name.
        simple = _NESTED_ENTITY.sub(b"", body) if b"<!ENTITY" in body else body
        parsed = feedparser.parse(io.BytesIO(simple), response_headers=headers, resolve_relative_uris=False)
    except (AssertionError, LookupError, RecursionError, ValueError) as error:
        raise ChannelError(f"is no readable feed: {type(error).__name__}: {error}") from error
    entries = tuple(entry for item in parsed.entries if (entry := _entry(item, url)) is not None)
    broken = _problem(parsed, body, len(entries))
    if not entries and not parsed.get("version"):
        raise ChannelError(f"is not a feed{_what_it_is(body, content_type)}")
    if not entries and broken:
        raise ChannelError(broken)
    return Reading(entries, problem=broken)


def _problem(parsed: Any, body: bytes, usable: int) -> str | None:
    if not parsed.bozo or not isinstance(parsed.get("bozo_exception"), SAXException):
        return None
    error = parsed.bozo_exception
    line = error.getLineNumber() if hasattr(error, "getLineNumber") else None
    where = f" at line {line}" if line else ""
    if not _CLOSED.search(body[-2000:]):
        return f"is cut off{where}: {usable} items could be read"
    return f"is not well-formed{where} ({error.getMessage()}): {usable} items could be read"


def _what_it_is(body: bytes, content_type: str) -> str:
    start = body[:1000].lstrip().lower()
    if b"<!doctype html" in start or b"<html" in start:
        return " but an HTML page"
    kind = content_type.split(";", maxsplit=1)[0].strip()
    return f" but {kind}" if kind and "xml" not in kind else ""


def _entry(item: Any, base: str) -> Entry | None:
    url = _link(item, base)
    if url is None:
        return None
    bodies = [content.get("value", "") for content in item.get("content", ())]
    summary = max([item.get("summary", ""), *bodies], key=len)
    return Entry(
        url=url,
        title=plain(item.get("title")),
        summary=plain(summary),
        published=_date(item, "published_parsed") or _date(item, "created_parsed"),
        updated=_date(item, "updated_parsed"),
        revised=_date(item, "updated_parsed"),
    )


def _link(item: Any, base: str) -> str | None:
    guid = item.get("id", "")
    for link in (item.get("link"), *(link.get("href") for link in item.get("links", ())), guid):
        # An id is an address only where it says so itself: tag: and urn: ids are names.
        if link and (link is not guid or link.startswith("http")) and (url := clean(link, base)):
            return url
    return None


def _date(item: Any, key: str) -> datetime | None:
    # feedparser maps `published` to `updated` where one is missing, with a warning: `in` asks for it itself.
    parsed = item.get(key) if key in item else None
    if not isinstance(parsed, (struct_time, tuple)):
        return None
    try:
        return plausible(datetime.fromtimestamp(timegm(parsed), UTC))
    except (ValueError, OverflowError):
        return None


def _json_feed(body: bytes, url: str) -> Reading:
    try:
        feed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ChannelError(f"is not a JSON feed: {error}") from error
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        raise ChannelError("is JSON, but not a JSON feed")
    entries = []
    for item in feed["items"]:
        link = item.get("url") or item.get("external_url") or item.get("id") if isinstance(item, dict) else None
        address = clean(link, url) if isinstance(link, str) else None
        if address is None:
            continue
        entries.append(
            Entry(
                url=address,
                title=plain(item.get("title")),
                summary=plain(item.get("content_text") or item.get("content_html") or item.get("summary")),
                published=_iso(item.get("date_published")),
                updated=_iso(item.get("date_modified")),
                revised=_iso(item.get("date_modified")),
            )
        )
    return Reading(tuple(entries))


def _iso(text: Any) -> datetime | None:
    try:
        return plausible(datetime.fromisoformat(text))
    except (TypeError, ValueError):
        return None


def plain(markup: Any) -> str | None:
    """A title's or summary's text without mark-up, paragraphs parted by newlines; None where empty."""
    if not isinstance(markup, str):
        return None
    text = replace_entities(remove_tags(_BLOCK.sub("\n", markup[: 20 * LONGEST_SUMMARY])))
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)[:LONGEST_SUMMARY].strip() or None


def _content_type(response: Response) -> str:
    return (response.headers.get("Content-Type") or b"").decode("latin-1")
