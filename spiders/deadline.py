"""Ends a crawl when its time is up: what is on its way is stored, the rest is left for the next crawl."""

from __future__ import annotations

import asyncio

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Request
from scrapy.utils.asyncio import call_later

from spiders.restraint import NotNow

TIME_UP = "time is up"


class TimeUp(NotNow):
    """A request that was not sent any more when the time was up."""


class Deadline:
    """Downloader middleware: sends nothing more once `FOUNDERWATCH_LONGEST` seconds have passed, and closes the spider."""

    def __init__(self, crawler: Crawler, seconds: float):
        self.crawler = crawler
        self.seconds = seconds
        self.up = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Deadline:
        if not (seconds := crawler.settings.getfloat("FOUNDERWATCH_LONGEST")):
            raise NotConfigured
        made = cls(crawler, seconds)
        crawler.signals.connect(made.spider_opened, signals.spider_opened)
        crawler.signals.connect(made.spider_closed, signals.spider_closed)
        return made

    def spider_opened(self) -> None:
        self._timer = call_later(self.seconds, self._end)

    def spider_closed(self) -> None:
        self._timer.cancel()

    def process_request(self, request: Request) -> None:
        # After robots.txt: its answer may come when the time is up, and lets the page go on.
        if self.up:
            raise TimeUp

    def _end(self) -> None:
        self.up = True
        self.crawler.spider.time_is_up = True  # type: ignore[union-attr]
        self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=TIME_UP))
        # Closing waits for what the downloader has taken, and it lets a slow host's requests out one delay after another.
        for slot in self.crawler.engine.downloader.slots.values():
            while slot.queue:
                _, answer = slot.queue.popleft()
                answer.errback(TimeUp())
