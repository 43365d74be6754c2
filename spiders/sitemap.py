"""Reads sitemaps, sitemap indexes and news sitemaps."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

from lxml import etree
from scrapy.http import Response

from founderwatch.address import clean
from spiders.channel import ChannelSpider
from spiders.entries import ChannelError, Entry, Reach, Reading, address_date, plausible
from spiders.feed import plain
from spiders.sources import Source

MOST_CHILDREN = Reach().children
DEEPEST = 3
LARGEST = 50_000_000  # bytes unpacked: what the sitemap protocol allows
_GZIP = b"\x1f\x8b"
_NUMBERS = re.compile(r"\d+")
_INSTEAD = dict.fromkeys(("rss", "feed", "rdf"), " but a feed") | {"html": " but an HTML page"}
_MONTH = re.compile(r"(?<!\d)(20\d\d)[-_/]?(0[1-9]|1[0-2])(?!\d)")


class SitemapSpider(ChannelSpider):
    """Follows the sitemaps of each source."""

    name = "sitemap"
    channels: ClassVar = {"sitemaps": "sitemap"}

    def read_sitemap(self, response: Response, source: Source) -> Reading:
        meta = response.meta
        most = meta.get("most_children", MOST_CHILDREN)
        reading = read_sitemap(response.body, response.url, meta.get("since"), meta.get("depth_in_channel", 0), most)
        if meta.get("dated"):
            reading = replace(reading, entries=tuple(entry for entry in reading.entries if entry.date))
        return reading

    def parse_sitemap(self, response: Response) -> Iterator[Any]:
        """Reads one sitemap or index, for `scrapy parse` and `scrapy check`.

        @url data:application/xml,<urlset><url><loc>https://a.example/map/1</loc></url><url><loc>https://a.example/map/2</loc></url></urlset>
        @returns requests 2 2
        @returns items 0 0
        """
        yield from self.read(response, self.read_sitemap)


def read_sitemap(
    body: bytes, url: str, oldest: datetime | None = None, depth: int = 0, most: int = MOST_CHILDREN
) -> Reading:
    """Reads a sitemap's bytes, packed or not; raises ChannelError where there is no sitemap in them.

    Stories come newest first. Of an index it names the sitemaps that were changed after `oldest`,
    newest first and at most `most`.
    """
    unpacked = _Unpacked(body)
    # huge_tree stays off: it bounds depth and text; recover takes what stands before a break.
    parser = etree.iterparse(
        unpacked, ("start", "end"), resolve_entities=False, no_network=True, recover=True, load_dtd=False
    )
    try:
        events = iter(parser)
        root = next((element for _, element in events), None)
        kind = _tag(root) if root is not None else ""
        if unpacked.blank:
            raise ChannelError("is empty")
        if kind not in ("urlset", "sitemapindex"):
            raise ChannelError(f"is not a sitemap{_INSTEAD.get(kind.lower(), '')}")
        make = _texts if kind == "sitemapindex" else partial(_entry, base=url)
        told = [make(element) for element in _children(root, events)]
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ChannelError(f"is not a sitemap: {error}") from error
    problem = _problem(parser, unpacked.cut)
    if kind == "sitemapindex":
        return _index(told, url, oldest, depth, problem, most)
    entries = [entry for entry in told if entry is not None]
    if not entries and problem:
        raise ChannelError(problem)
    # Undated ones keep their order, behind the dated.
    entries.sort(key=lambda entry: entry.date.timestamp() if entry.date else 0.0, reverse=True)
    return Reading(tuple(entries), problem=f"{problem}: {len(entries)} addresses could be read" if problem else None)


class _Unpacked:
    """A file of a sitemap's bytes, packed or not, also of a truncated one: nobody holds 50 MB at once.

    `blank`: so far it holds nothing. `cut`, after its end: something is missing.
    """

    def __init__(self, body: bytes):
        self.blank = True
        self._rest, self._at = body, 0
        self._unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16) if body.startswith(_GZIP) else None
        self._room = LARGEST

    @property
    def cut(self) -> bool:
        return self._unpacker is not None and not self._unpacker.eof

    def read(self, size: int) -> bytes:
        if self._unpacker is None:
            part, self._at = self._rest[self._at : self._at + size], self._at + size
        else:
            try:
                part = self._unpacker.decompress(self._rest, size)
            except zlib.error as error:
                raise ChannelError(f"is not valid gzip: {error}") from error
            self._rest = self._unpacker.unconsumed_tail
        self._room -= len(part)
        if self._room < 0:
            raise ChannelError(f"is larger than {LARGEST // 1_000_000} MB once unpacked")
        self.blank = self.blank and not part.strip()
        return part


def _children(root: Any, events: Iterator[tuple[str, Any]]) -> Iterator[Any]:
    """The root's children as they come; each is forgotten when the next is there."""
    for event, element in events:
        if event == "end" and element.getparent() is root:
            yield element
            element.clear()
            while (before := element.getprevious()) is not None:
                root.remove(before)


def _problem(parser: Any, cut: bool) -> str | None:
    fatal = [entry for entry in parser.error_log if entry.level_name == "FATAL"]
    if cut or any("EndTag" in entry.message or "end of" in entry.message.lower() for entry in fatal):
        return "is cut off"
    return f"is not well-formed at line {fatal[0].line} ({fatal[0].message.strip()})" if fatal else None


def _index(
    told: list[dict[str, str]], base: str, oldest: datetime | None, depth: int, problem: str | None, most: int
) -> Reading:
    if depth >= DEEPEST:
        return Reading(index=True, problem=f"is an index nested more than {DEEPEST} deep: not followed")
    children: list[tuple[float, list[int], str]] = []
    for found in told:
        address = clean(found.get("loc", ""), base)
        changed = _date(found.get("lastmod"))
        if address and not (oldest and (changed or _end_of_month(address) or oldest) < oldest):
            # Without a date, the numbers in the name (sitemap-2026-11.xml) tell what is new.
            numbers = [int(number[:12]) for number in _NUMBERS.findall(address)]
            children.append((changed.timestamp() if changed else 0.0, numbers, address))
    children.sort(reverse=True)
    if len(children) > most:
        problem = problem or f"names {len(children)} sitemaps: the newest {most} were read"
    return Reading(further=tuple(child[2] for child in children[:most]), index=True, problem=problem)


def _end_of_month(address: str) -> datetime | None:
    """When the month is over that an address names, as in sitemap-2026-03.xml."""
    match = _MONTH.search(address)
    if match is None:
        return None
    year, month = int(match[1]), int(match[2])
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def _entry(element: Any, base: str) -> Entry | None:
    found = _texts(element)
    address = clean(found.get("loc", ""), base)
    if address is None:
        return None
    return Entry(
        url=address,
        title=plain(found.get("title")),
        published=_date(found.get("publication_date")),
        updated=_date(found.get("lastmod")) or address_date(address),
    )


def _texts(element: Any) -> dict[str, str]:
    """The texts of an entry by tag, those within news:news too; an image's title is not the story's."""
    found: dict[str, str] = {}
    for child in element:
        inner = child if _tag(child) == "news" else (child,)
        for leaf in inner:
            if leaf.text and _tag(leaf) not in found:
                found[_tag(leaf)] = leaf.text.strip()
    return found


def _tag(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _date(text: str | None) -> datetime | None:
    try:
        date = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return plausible(date if date.tzinfo else date.replace(tzinfo=UTC))
