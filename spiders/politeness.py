"""Asks robots.txt, counts delays by host and port, spares loopback, and gives up on a host that does not answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from urllib.parse import urlsplit

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import DownloadTimeoutError
from scrapy.http import Request, Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached

from spiders.guard import Refused, loopback
from spiders.restraint import Restraint, retry_after

_LOOPBACK = {"delay": 0, "concurrency": 8, "jitter": 0}


def slot(url: str) -> str:
    """The name under which a host's delays are counted: the host, and its port where that is unusual."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    return host if parts.port in (None, 80, 443) else f"{host}:{parts.port}"


class Slots:
    """Downloader middleware: puts each request into the slot of its host and port.

    Scrapy's own slots know only the host, so two servers on one host would share a delay.
    """

    def __init__(self, crawler: Crawler):
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Slots:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        key = slot(request.url)
        # Assigned anew each time: a redirect inherits the meta of the request that led to it.
        request.meta["download_slot"] = key
        if loopback(urlsplit(request.url).hostname or ""):
            request.meta["autothrottle_dont_adjust_delay"] = True
            self.crawler.engine.downloader.per_slot_settings.setdefault(key, _LOOPBACK)
        else:
            request.meta.pop("autothrottle_dont_adjust_delay", None)


class Robots(RobotsTxtMiddleware):
    """Downloader middleware: robots.txt, also for the requests that wait while it is fetched.

    Of several that wait, Scrapy 2.19 hands its rules to the first alone: the rest would go out unasked.
    """

    async def robot_parser(self, request: Request) -> RobotParser | None:
        await super().robot_parser(request)
        return self._parsers[urlparse_cached(request).netloc]  # type: ignore[return-value]


class PatientHandler(HTTP11DownloadHandler):
    """Download handler: gives up on a host that does not answer, and heeds one that asks for patience.

    A dead host would otherwise cost one timeout for each of its stories. The checks stand here, at
    the very moment of sending: a middleware would have let the whole queue of the host pass before.
    """

    LIMIT = 2
    ATTEMPTS = 3

    def __init__(self, crawler: Crawler):
        super().__init__(crawler)
        self.crawler = crawler
        self._unanswered: Counter[str] = Counter()

    async def download_request(self, request: Request) -> Response:
        key = slot(request.url)
        restraint: Restraint | None = getattr(self.crawler.spider, "restraint", None)
        if restraint is None:
            return await self._ask(request, key)
        for left in reversed(range(self.ATTEMPTS)):
            restraint.take(request.meta.get("source"), key)
            response = await self._ask(request, key)
            wait = restraint.heard(key, response)
            if wait is None or not left:
                break
            await asyncio.sleep(wait)
        if response.status == 429 or (response.status == 503 and retry_after(response) is not None):
            request.meta["dont_retry"] = True  # it was asked again, or wants not to be
        return response

    async def _ask(self, request: Request, key: str) -> Response:
        if self._unanswered[key] >= self.LIMIT:
            raise Refused(f"not asked: {key} did not answer before", passing=True)
        try:
            response = await super().download_request(request)
        except DownloadTimeoutError:
            self._unanswered[key] += 1
            raise
        self._unanswered.pop(key, None)
        return response
