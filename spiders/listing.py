"""Reads listing pages: a section's front page, whose links are the stories."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import urlsplit

from courlan import is_navigation_page, is_not_crawlable
from lxml import etree
from parsel import Selector
from scrapy.http import HtmlResponse, Response, TextResponse

from founderwatch.address import clean
from spiders.channel import ChannelSpider
from spiders.entries import ChannelError, Entry, Reading, address_date
from spiders.sources import Source

_HAN = re.compile(r"[\u3400-\u9fff]")
_NEXT = re.compile(r"(next( page)?|older( posts| stories)?|more stories|下一[页頁]|后页|»|›|→)[\s»›→>]*", re.IGNORECASE)
_NOT_AN_ARTICLE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|pdf|zip|mp[34]|apk|css|js|xml)$", re.IGNORECASE)


class ListingSpider(ChannelSpider):
    """Follows the listing pages of each source."""

    name = "listing"
    channels: ClassVar = {"listings": "listing"}

    def read_listing(self, response: Response, source: Source) -> Reading:
        return read_listing(response, source)

    def parse_listing(self, response: Response) -> Iterator[Any]:
        """Reads one listing page, for `scrapy parse` and `scrapy check`.

        @url data:text/html,<html><body><a%20href="https://a.example/story/1">A%20headline%20of%20some%20length</a></body></html>
        @returns requests 1 1
        @returns items 0 0
        """
        yield from self.read(response, self.read_listing)


def read_listing(response: Response, source: Source) -> Reading:
    """Reads a listing page: the links of its own host that look like stories, and the next page."""
    if not response.body.strip():
        raise ChannelError("is empty")
    if not isinstance(response, TextResponse) or (
        not isinstance(response, HtmlResponse) and b"<a" not in response.body
    ):
        raise ChannelError("is not an HTML page")
    try:
        links = response.xpath("//a[@href]")
    except (LookupError, ValueError, etree.LxmlError) as error:
        raise ChannelError(f"is not a readable HTML page: {error}") from error
    base = clean(response.xpath("string(//base/@href)").get() or "", response.url) or response.url
    entries: dict[str, Entry] = {}
    for link in links:
        # Not link.attrib: it reads all attributes, and raises where a slip of the pen has made one of "{".
        address = clean(link.root.get("href"), base)
        title = _headline(link)
        if address is None or not _same_host(address, response.url) or not _looks_like_a_story(address, title, source):
            continue
        known = entries.get(address)
        # A picture and a headline often link to the same story: the longer text is the headline.
        if known is None or len(title) > len(known.title or ""):
            entries[address] = Entry(url=address, title=title[:300] or None, updated=address_date(address))
    if not entries:
        raise ChannelError("holds no link that looks like a story" + (" (see allow)" if source.allow else ""))
    return Reading(tuple(entries.values()), further=_next_page(response, base))


def _headline(link: Selector) -> str:
    """The link's text; of a whole card that is one link, the heading within it."""
    for text in (*link.xpath(".//*[self::h1 or self::h2 or self::h3 or self::h4]"), link):
        if found := text.xpath("normalize-space()").get(""):
            return found
    return link.root.get("title", "")


def _same_host(address: str, page: str) -> bool:
    return urlsplit(address).netloc == urlsplit(page).netloc or not urlsplit(page).netloc


def _looks_like_a_story(address: str, title: str, source: Source) -> bool:
    if source.allow:
        return source.admits(address)
    path = urlsplit(address).path
    if path.count("/") < 1 or len(path) < 6 or _NOT_AN_ARTICLE.search(path) or not source.admits(address):
        return False
    if is_navigation_page(address) or is_not_crawlable(address):
        return False
    return len(title) >= 20 or len(_HAN.findall(title)) >= 8


def _next_page(response: TextResponse, base: str) -> tuple[str, ...]:
    href = response.xpath(
        "string((//link[@rel='next'] | //a[contains(concat(' ', @rel, ' '), ' next ')])[1]/@href)"
    ).get()
    if not href:
        for link in response.xpath("//a[@href][string-length(normalize-space()) < 20]"):
            if _NEXT.fullmatch(link.xpath("normalize-space()").get("")):
                href = link.root.get("href")
                break
    address = clean(href, base) if href else None
    if address is None or not _same_host(address, response.url) or address == clean(response.url):
        return ()
    return (address,)
