"""Reads every kind of channel in one crawl: what `founderwatch crawl` runs."""

from __future__ import annotations

from typing import ClassVar

from spiders.feed import FeedSpider
from spiders.listing import ListingSpider
from spiders.sitemap import SitemapSpider


class NewsSpider(FeedSpider, SitemapSpider, ListingSpider):
    """Follows all channels of each source.

    One spider, not three: a host's delay, its robots.txt and the addresses already asked for are
    kept by spider, and a source may well have a feed and a sitemap on the same host.
    """

    name = "news"
    channels: ClassVar = {**FeedSpider.channels, **SitemapSpider.channels, **ListingSpider.channels}
