"""Fetches single addresses as a crawl would: with robots.txt, limits and the guard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from founderwatch.address import clean
from founderwatch.items import Failure, Page, Story
from spiders.channel import ChannelSpider
from spiders.entries import Entry
from spiders.guard import endpoint, endpoints
from spiders.sources import Source


class PageSpider(ChannelSpider):
    """Fetches the addresses it is given: `scrapy crawl page -a urls=https://…`."""

    name = "page"

    def __init__(self, *, urls: str | Iterable[str] = (), **kwargs: Any):
        super().__init__(**kwargs)
        self.urls = tuple(urls.split() if isinstance(urls, str) else urls)

    async def start(self) -> AsyncIterator[Any]:
        hosts = {key: source for source in self.sources.values() for key in endpoints(source.addresses)}
        for url in self.urls:
            address = clean(url)
            source = hosts.get(endpoint(address)) if address else None
            name = urlsplit(url).hostname or url
            source = source or Source(name=name, title=name, home=url, language="en")
            if address is None:
                page = Page(url=url, source=source.name, body=b"", fetched_at=datetime.now(UTC), status=0)
                yield Story(page=page, failure=Failure("fetch", "not an http or https address"))
                continue
            request = self.story_request(
                Source(source.name, source.title, url, source.language),
                Entry(url=address),
                (source.name, address),
            )
            if request is not None:
                yield request
