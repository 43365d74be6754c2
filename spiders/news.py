"""Reads every kind of channel in one crawl: what `founderwatch crawl` runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar
from urllib.parse import urljoin

from scrapy.http import Request, Response, TextResponse
from trafilatura.sitemaps import extract_robots_sitemaps

from spiders.api import ApiSpider
from spiders.channel import CHANNEL_FIRST
from spiders.feed import FeedSpider
from spiders.listing import ListingSpider
from spiders.sitemap import SitemapSpider

_MOST_SITEMAPS = 5


class NewsSpider(FeedSpider, SitemapSpider, ListingSpider, ApiSpider):
    """Follows all channels of each source.

    One spider, not four: a host's delay, its robots.txt and the addresses already asked for are
    kept by spider, and a source may well have a feed and a sitemap on the same host.
    """

    name = "news"
    # Whether the sitemaps that robots.txt names are asked for stories older than a feed holds.
    back_numbers: ClassVar = True
    # An API that gives whole stories goes before the feed whose stories would have to be fetched.
    channels: ClassVar = {
        **ApiSpider.channels,
        **FeedSpider.channels,
        **SitemapSpider.channels,
        **ListingSpider.channels,
    }

    async def start(self) -> AsyncIterator[Any]:
        async for request in super().start():
            yield request
        if not (self.back_numbers and self.reach.pages):
            return
        # A feed holds no back numbers: those are asked of the sitemaps that robots.txt names.
        for source in self.sources.values():
            if not source.sitemaps:
                yield Request(
                    urljoin(source.home, "/robots.txt"),
                    callback=self.parse_robots,
                    errback=lambda _: None,
                    priority=CHANNEL_FIRST,
                    dont_filter=True,
                    meta={"source": source.name, "dont_obey_robotstxt": True},
                )

    def parse_robots(self, response: Response) -> Iterator[Any]:
        """Follows the sitemaps that a site declares, for dated stories alone: they name every page it has.

        The registry does not name them: one that cannot be read is no failure of the source.
        """
        if not isinstance(response, TextResponse):
            return
        for url in extract_robots_sitemaps(response.text, response.url)[:_MOST_SITEMAPS]:
            asked = self.channel_request(response.meta["source"], url, "sitemap")
            if isinstance(asked, Request):
                asked.meta["dated"] = True
            yield asked
