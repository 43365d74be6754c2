"""Ends a crawl when its time is up or a signal comes: what is on its way is stored, the rest is left for the next crawl."""

from __future__ import annotations

import asyncio

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.http import Request
from scrapy.utils.asyncio import call_later

from spiders.restraint import NotNow

TIME_UP = "time is up"
TOLD_TO_STOP = "shutdown"  # by a signal; the word is Scrapy's
CUT_SHORT = (TIME_UP, TOLD_TO_STOP)


class TimeUp(NotNow):
    """A request that was not sent any more when the time was up."""


class Deadline:
    """Downloader middleware: closes the spider once `FOUNDERWATCH_LONGEST` seconds have passed; sends nothing once a crawl is cut short."""

    def __init__(self, crawler: Crawler):
        self.crawler = crawler
        self.seconds = crawler.settings.getfloat("FOUNDERWATCH_LONGEST")
        self.up = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Deadline:
        made = cls(crawler)
        if made.seconds:
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
        self.cut_short()
        self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=TIME_UP))  # type: ignore[union-attr]

    def cut_short(self) -> None:
        """Leaves all that is not on its way; whoever calls this closes the spider."""
        self.up = True
        self.crawler.spider.time_is_up = True  # type: ignore[union-attr]
        # Closing waits for what the downloader has taken, and it lets a slow host's requests out one delay after another.
        for slot in self.crawler.engine.downloader.slots.values():  # type: ignore[union-attr]
            while slot.queue:
                _, answer = slot.queue.popleft()
                answer.errback(TimeUp())
