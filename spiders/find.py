"""Finds the channels of a site from one address: what its page and robots.txt declare, then the usual addresses."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from itertools import count
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider
from scrapy.http import Request, Response, TextResponse
from tld import get_tld
from trafilatura.feeds import FeedParameters, determine_feed
from trafilatura.sitemaps import GUESSES, extract_robots_sitemaps
from twisted.python.failure import Failure as Trouble

from founderwatch.address import clean
from spiders.channel import CHANNEL_FIRST
from spiders.check import CheckSpider, SourceCheck
from spiders.entries import ChannelError, Reading
from spiders.feed import plain, read_feed
from spiders.guard import endpoint
from spiders.listing import read_listing
from spiders.sitemap import read_sitemap
from spiders.sources import Source

_USUAL_FEEDS = ("feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json")
_USUAL_SITEMAPS = ("news-sitemap.xml", *GUESSES)
_MOST = 8
# Fewer links that look like stories are a page's furniture.
_LEAST_LINKS = 5
_LANGUAGE = re.compile(r"[a-z]{2}\b", re.IGNORECASE)
_TITLE_END = re.compile(r"\s+[|–—·-]\s+|[|_]")
_GENERIC = frozenset({"www", "m", "blog", "news", "en", "feeds", "rss"})


class FindSpider(CheckSpider):
    """Finds a site's channels, makes a source of the best, and checks it as CheckSpider does.

    `source` is what it found; `tried` says of each address in vain why.
    """

    name = "find"

    def __init__(self, *, url: str = "", taken: frozenset[str] = frozenset(), **kwargs: Any):
        """`taken` are the names that the new source cannot have."""
        super().__init__(sources=(), **kwargs)
        self.url = url
        self.taken = taken
        # Who names an address allows it, on loopback too.
        self.endpoints = frozenset({endpoint(url)})
        self.source: Source | None = None
        self.tried: list[tuple[str, str]] = []
        self._home: Response | None = None
        self._declared_sitemaps: list[str] = []
        # By field of the registry, then by address.
        self._found: dict[str, dict[str, Reading]] = {"feeds": {}, "sitemaps": {}, "listings": {}}
        self._plan = self._steps()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> FindSpider:
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.idle, signals.spider_idle)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        for request in next(self._plan):
            yield request

    def idle(self) -> None:
        """Goes on with the plan each time that all of its last step is answered."""
        for step in self._plan:
            for request in step:
                self.crawler.engine.crawl(request)
            if step:
                raise DontCloseSpider

    def _steps(self) -> Iterator[list[Request]]:
        yield [self._ask(self.url, self._first), self._ask(urljoin(self.url, "/robots.txt"), self._robots)]
        if not self._found["feeds"] and not self._found["sitemaps"]:
            yield self._candidates(self._declared_feeds(), self._try_feed)
        # Also of a page that was not shown: many a site shuts its door to robots, and leaves its feed open.
        root = self._home.url if self._home is not None else self.url
        if not self._found["feeds"] and not self._found["sitemaps"]:
            yield self._candidates((urljoin(root, f"/{path}") for path in _USUAL_FEEDS), self._try_feed)
        if not self._found["feeds"] and not self._found["sitemaps"]:
            usual = (urljoin(root, f"/{path}") for path in _USUAL_SITEMAPS)
            yield self._candidates(self._declared_sitemaps or usual, self._try_sitemap)
        if self._home is None and any(self._found.values()):
            # A channel itself was given: its site is where its stories are.
            yield [self._ask(self._site(), self._landing)]
        self.source = self._make()
        if self.source is not None:
            self.sources[self.source.name] = self.source
            self.checks = {self.source.name: SourceCheck(self.source)}
            yield [
                self.channel_request(self.source.name, url, kind)
                for field, kind in self.channels.items()
                for url in self.source.channels_of(field)
            ]

    def _ask(self, url: str, callback: Any) -> Request:
        return Request(url, callback=callback, errback=self._unanswered, priority=CHANNEL_FIRST, dont_filter=True)

    def _candidates(self, urls: Iterable[str], callback: Any) -> list[Request]:
        cleaned = dict.fromkeys(address for url in urls if (address := clean(url)) and address != self.url)
        return [self._ask(url, callback) for url in list(cleaned)[:_MOST]]

    # Answers

    def _first(self, response: Response) -> None:
        """The address itself: a feed, a sitemap or a page."""
        for field, reader in (("feeds", read_feed), ("sitemaps", read_sitemap)):
            try:
                self._found[field][response.url] = reader(response.body, response.url)
            except ChannelError:
                continue
            return
        self._landing(response)

    def _landing(self, response: Response) -> None:
        if not isinstance(response, TextResponse):
            self.tried.append((response.url, "is neither a page nor a channel"))
            return
        self._home = response
        try:
            reading = read_listing(response, Source(name="", title="", home=response.url, language="en"))
        except ChannelError as error:
            self.tried.append((response.url, str(error)))
            return
        if len(reading.entries) >= _LEAST_LINKS:
            self._found["listings"][response.url] = reading

    def _robots(self, response: Response) -> None:
        text = response.text if isinstance(response, TextResponse) else ""
        self._declared_sitemaps = sorted(extract_robots_sitemaps(text, response.url), key=lambda url: "news" not in url)

    def _try_feed(self, response: Response) -> None:
        self._try(response, "feeds", read_feed)

    def _try_sitemap(self, response: Response) -> None:
        self._try(response, "sitemaps", read_sitemap)

    def _try(self, response: Response, field: str, reader: Callable[[bytes, str], Reading]) -> None:
        try:
            reading = reader(response.body, response.url)
        except ChannelError as error:
            self.tried.append((response.url, str(error)))
            return
        if reading.entries or reading.index:
            self._found[field][response.url] = reading
        else:
            self.tried.append((response.url, "names no story"))

    def _unanswered(self, trouble: Trouble) -> None:
        request = trouble.request  # type: ignore[attr-defined]
        # A site need not have a robots.txt.
        if request.callback != self._robots:
            self.tried.append((request.url, self._cause(trouble).reason))

    # The source

    def _declared_feeds(self) -> list[str]:
        if self._home is None:
            return []
        url = self._home.url
        return determine_feed(self._home.text, FeedParameters(url, urlsplit(url).hostname or "", url))

    def _site(self) -> str:
        """The site of a channel that was given: where its first story is, else where the channel is."""
        entries = [
            entry.url for readings in self._found.values() for found in readings.values() for entry in found.entries
        ]
        return urljoin(entries[0] if entries else self.url, "/")

    def _make(self) -> Source | None:
        """The source with its best channel: a feed, a news sitemap, a page that lists stories, any sitemap."""
        feeds, listings = self._found["feeds"], self._found["listings"]
        sitemaps = sorted(self._found["sitemaps"], key=lambda url: not self._is_news(url))
        if feeds:
            # In the order of the page: the whole site's feed stands before those of its sections.
            order = self._declared_feeds()
            best = min(feeds, key=lambda url: order.index(url) if url in order else len(order))
            channel = {"feeds": (best,)}
        elif sitemaps and (self._is_news(sitemaps[0]) or not listings):
            channel = {"sitemaps": (sitemaps[0],)}
        elif listings:
            channel = {"listings": tuple(listings)}
        else:
            return None
        home = self._home.url if self._home is not None else self._site()
        name = free_name(home, self.taken)
        return Source(name=name, title=self._title() or name, home=home, language=self._language() or "en", **channel)

    def _is_news(self, url: str) -> bool:
        return "news" in urlsplit(url).path or any(entry.title for entry in self._found["sitemaps"][url].entries)

    def _title(self) -> str:
        if self._home is None:
            return ""
        given = self._home.xpath("string(//meta[@property='og:site_name']/@content)").get("").strip()
        return plain(given) or plain(_TITLE_END.split(self._home.xpath("string(//title)").get(""))[0]) or ""

    def _language(self) -> str | None:
        """The language that the page declares."""
        declared = _LANGUAGE.match(self._home.xpath("string(/html/@lang)").get("")) if self._home is not None else None
        return declared[0].lower() if declared else None


def free_name(home: str, taken: frozenset[str] | set[str]) -> str:
    """A short name for the site at an address, that is not taken."""
    parts = urlsplit(home)
    found = get_tld(home, as_object=True, fail_silently=True)
    if found and not isinstance(found, str):
        own = [label for label in found.subdomain.split(".") if label and label not in _GENERIC]
        name = "-".join((*own, found.domain))
    else:
        name = "-".join(
            filter(None, ((parts.hostname or "site").replace(".", "-").replace(":", "-"), str(parts.port or "")))
        )
    return next(free for number in count(1) if (free := f"{name}-{number}" if number > 1 else name) not in taken)
