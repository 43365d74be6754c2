"""The base of all spiders: asks the channels of each source, then the stories that they name.

A spider of one kind of channel says which field of a source lists its channels and which method reads
them, and hands that method's Reading to `follow`:

    class FeedSpider(ChannelSpider):
        name = "feed"
        channels = {"feeds": "parse_feed"}

        def parse_feed(self, response):
            yield from self.follow(response, read(response))

Every page comes out as a Story with a Page; every failure as a Story with a Page and a Failure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.message import Message as Header
from typing import Any, ClassVar
from urllib.parse import urlsplit

import scrapy
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from twisted.python.failure import Failure as Trouble

from founderwatch.address import clean
from founderwatch.items import Failure, Page, Story
from spiders.deadline import TIME_UP, TimeUp
from spiders.entries import ChannelError, Entry, Reading, oldest
from spiders.failures import cause
from spiders.guard import endpoints
from spiders.report import Progress, Tally
from spiders.sources import PACKAGED, Source, load, select
from spiders.state import ChannelBook, ChannelStates, MemoryStates

# Channels are asked before stories, so that a limit cuts off stories and never a whole source.
CHANNEL_FIRST = 100
# New stories of one channel in one crawl: a first crawl of an undated sitemap must not take a whole archive.
MOST_FRESH = 1000

Key = tuple[str, str]


class ChannelSpider(scrapy.Spider):
    """Reads channels and fetches the stories they name; see the module on how to write one."""

    channels: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        *,
        sources: str | Iterable[Source] | None = None,
        only: str | Iterable[str] = (),
        since: str | datetime | None = None,
        limit: int | str | None = None,
        seen: Callable[[str], bool] | None = None,
        states: ChannelStates | None = None,
        stages: Mapping[str, Callable[[Story], Story]] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        **kwargs: Any,
    ):
        """Takes the command line's texts (`-a only=a,b -a limit=10`) or the objects of `spiders.crawl`.

        `seen` tells of an address whether its story is stored; `stages` replaces the stages that the
        settings name.
        """
        super().__init__(**kwargs)
        registry = load(sources or PACKAGED) if isinstance(sources, str) or sources is None else tuple(sources)
        names = only.split(",") if isinstance(only, str) else only
        self.sources = {
            source.name: source for source in select(registry, [name.strip() for name in names if name.strip()])
        }
        # Also of the sources that are not asked this time: their stories may be linked from others.
        self.endpoints = endpoints(address for source in registry for address in source.addresses)
        self.oldest = oldest(since)
        self.limit = int(limit) if limit not in (None, "") else None
        self.seen = seen or (lambda url: False)
        self.stages = stages
        self.on_progress = on_progress
        self.tally = Tally()
        self.book = ChannelBook(states or MemoryStates(), self.oldest)
        self._asked: dict[str, list[Key]] = {}
        self._pages: set[str] = set()
        self._done = self._expected = 0
        self._left: Counter[str] = Counter()
        self.given_up: str | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> ChannelSpider:
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.story_done, signals.item_scraped)
        crawler.signals.connect(spider.crawl_closed, signals.spider_closed)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        # All are made before the first is sent, so that it is known how many there are.
        requests = [
            self.channel_request(source.name, url, callback)
            for source in self.sources.values()
            for field, callback in self.channels.items()
            for url in getattr(source, field)
        ]
        for request in requests:
            yield request

    def remember(self, seen: Callable[[str], bool], states: ChannelStates) -> None:
        """Takes its memory from elsewhere: called before the first request, by the stage that stores."""
        self.seen = seen
        self.book.states = states

    @property
    def reported(self) -> tuple[str, ...]:
        """The names of the sources that a report speaks of, the registry's first."""
        return tuple(dict.fromkeys((*self.sources, *self.tally.counts)))

    # Channels

    def channel_request(self, source: str, url: str, callback: str, root: str | None = None, depth: int = 0) -> Request:
        """Asks for a channel, or for a further page of the channel `root`."""
        key = (source, root or url)
        known = self.book.known(key) if root is None else None
        self._pages.add(url)
        headers = {}
        if known and known.etag:
            headers["If-None-Match"] = known.etag
        if known and known.last_modified:
            headers["If-Modified-Since"] = known.last_modified
        self.book.owe(key)
        self._expect(source)
        return Request(
            url,
            callback=getattr(self, callback),
            errback=self.channel_failed,
            headers=headers,
            priority=CHANNEL_FIRST,
            dont_filter=True,
            meta={
                "source": source,
                "channel": key[1],
                "root": root is None,
                "callback": callback,
                "depth_in_channel": depth,
                "handle_httpstatus_list": [304] if headers else [],
                "since": self.oldest,
            },
        )

    def source_of(self, response: Response) -> Source:
        """The source that a page was asked for; `scrapy parse` and `scrapy check` ask without one."""
        name = response.meta.get("source")
        if name in self.sources:
            return self.sources[name]
        host = urlsplit(response.url).hostname or "unnamed"
        return Source(name=host, title=host, home=response.url, language="en")

    def read(self, response: Response, reader: Callable[[Response, Source], Reading]) -> Iterator[Any]:
        """Reads a channel's answer with `reader`, and follows what it names."""
        source = self.source_of(response)
        key = (source.name, response.meta.get("channel", response.url))
        if response.status == 304:
            self.tally.count(source.name, "channels_unchanged")
            self._settled(key)
            return
        try:
            reading = reader(response, source)
        except ChannelError as error:
            yield self._channel_failure(source.name, response.url, str(error), response.status)
            return
        except Exception as error:  # a channel must never cost another one anything
            self.logger.exception("reading %s failed", response.url)
            reason = f"could not be read: {type(error).__name__}: {error}"
            yield self._channel_failure(source.name, response.url, reason, response.status)
            return
        self.tally.count(source.name, "channels_read")
        self._book(response, key, reading)
        fresh = 0
        for entry in reading.entries:
            if fresh >= MOST_FRESH:
                break
            request = self.story_request(source, entry, key)
            if request is not None:
                fresh += 1
                yield request
        else:
            yield from self.further_pages(response, source, key, reading, fresh)
            self._settled(key)
            return
        # The rest comes with the next crawl: by then these are known.
        self.book.spoil(key)
        self.tally.note(source.name, response.url, "channel", f"only {MOST_FRESH} new stories were taken at once")
        self._settled(key)

    def _book(self, response: Response, key: Key, reading: Reading) -> None:
        """Notes the state of a channel that was read, and what was wrong with it."""
        if response.meta.get("root", True):
            # An index may stay the same while what it points to changes: it is read in full each time.
            etag, modified = _header(response, "ETag"), _header(response, "Last-Modified")
            self.book.begin(key, *((None, None) if reading.index else (etag, modified)))
        if "dataloss" in response.flags or reading.problem:
            self.book.spoil(key)
            self.tally.note(key[0], response.url, "channel", reading.problem or "the answer broke off")

    def further_pages(
        self, response: Response, source: Source, key: Key, reading: Reading, fresh: int
    ) -> Iterator[Request]:
        """Asks for the further pages of a channel; `fresh` stories were new on this one."""
        callback, depth = response.meta.get("callback"), response.meta.get("depth_in_channel", 0) + 1
        if callback is None or not (reading.index or self._turns(source, key, depth, fresh)):
            return
        for url in reading.further:
            if url not in self._pages:
                # What an index points to is remembered on its own; a listing's next page is a part of it.
                root = None if reading.index else key[1]
                yield self.channel_request(source.name, url, callback, root=root, depth=depth)

    def _turns(self, source: Source, key: Key, page: int, fresh: int) -> bool:
        """Tells whether to read on after `page` pages: up to the limit, and as long as there is news.

        Before the channel has once been read to its end, a page of known stories is no reason to stop:
        an interrupted crawl may have stored these and not those behind them.
        """
        return page < source.max_pages and (fresh > 0 or self.book.known(key) is None)

    def channel_failed(self, trouble: Trouble) -> Iterator[Story]:
        """Turns a channel that gave no answer into a Story that says why."""
        if trouble.check(TimeUp):
            return
        meta, what = trouble.request.meta, self._cause(trouble)  # type: ignore[attr-defined]
        yield self._channel_failure(meta["source"], trouble.request.url, what.reason, what.status)  # type: ignore[attr-defined]

    def _channel_failure(self, source: str, url: str, reason: str, status: int) -> Story:
        page = Page(url=url, source=source, body=b"", fetched_at=datetime.now(UTC), status=status)
        return Story(page=page, failure=Failure("channel", reason))

    # Stories

    def story_request(self, source: Source, entry: Entry, key: Key) -> Request | None:
        """Asks for a story, unless it is known, old, refused by the registry, or asked for already."""
        self.tally.count(source.name, "found")
        url = clean(entry.url)
        why = self._left_out(source, entry, url, key)
        if why:
            self.tally.count(source.name, why)
        if why or url is None:
            return None
        self._asked[url] = [key]
        self.book.owe(key)
        self._expect(source.name)
        return Request(
            url,
            callback=self.parse_story,
            errback=self.story_failed,
            # Scrapy's own filter drops a doubled address, also a redirect's target, without a word.
            dont_filter=True,
            meta={"source": source.name, "entry": entry, "address": url},
        )

    def _left_out(self, source: Source, entry: Entry, url: str | None, key: Key) -> str | None:
        if url is None or not source.admits(url):
            return "refused"
        if entry.date is not None and entry.date < self.oldest:
            return "old"
        if url in self._asked:
            # Its outcome settles this channel's account, too.
            self._asked[url].append(key)
            self.book.owe(key)
            return "doubled"
        if self.seen(url):
            return "known"
        if self.limit is not None and len(self._asked) >= self.limit:
            self.book.spoil(key)
            return "postponed"
        return None

    def parse_story(self, response: Response) -> Iterator[Story]:
        """Turns a story's page into a Story."""
        meta = response.meta
        self.tally.count(meta["source"], "fetched")
        notes = ("the server broke off the answer",) if "dataloss" in response.flags else ()
        yield Story(page=self._page(meta, response.url, response), notes=notes)

    def story_failed(self, trouble: Trouble) -> Iterator[Story]:
        """Turns a story that gave no page into a Story that says why.

        Where the site shuts its door (401, 403, …) but its channel gave the headline, that headline
        goes on without a failure: a source that shows only headlines still tells the news.
        """
        if trouble.check(TimeUp):
            return
        meta, what = trouble.request.meta, self._cause(trouble)  # type: ignore[attr-defined]
        page = self._page(meta, trouble.request.url, status=what.status)  # type: ignore[attr-defined]
        if what.shut and page.title:
            yield Story(page=page, notes=(f"not fetched: {what.reason}",))
            return
        if what.passing:
            self._spoil(meta["address"])
        yield Story(page=page, failure=Failure("fetch", what.reason))

    def _page(self, meta: Mapping[str, Any], url: str, response: Response | None = None, status: int = 0) -> Page:
        entry: Entry = meta["entry"]
        content_type = _header(response, "Content-Type") or "" if response is not None else ""
        return Page(
            url=url,
            source=meta["source"],
            body=response.body if response is not None else b"",
            fetched_at=datetime.now(UTC),
            status=response.status if response is not None else status,
            content_type=content_type,
            encoding=_charset(content_type),
            requested_url=meta["address"],
            title=entry.title,
            summary=entry.summary,
            published=entry.published,
        )

    def _cause(self, trouble: Trouble):
        settings = self.crawler.settings
        assert trouble.value is not None
        return cause(trouble.value, settings.getfloat("DOWNLOAD_TIMEOUT"), settings.getint("DOWNLOAD_MAXSIZE"))

    # Outcomes

    def story_done(self, item: Story, **_: Any) -> None:
        """Books the outcome of a story that has gone through every stage."""
        self.tally.outcome(item)
        page = item.page
        if page is None:
            return
        address = page.requested_url or page.url
        if item.failure is not None and item.failure.stage == "store":
            self._spoil(address)
        for key in self._asked.get(address, ()):
            self.book.settle(key)
        self._finished(page.source)

    def crawl_closed(self, spider: scrapy.Spider, reason: str) -> None:
        if reason in ("finished", TIME_UP) and self.given_up is None:
            self.book.write()
        if reason == TIME_UP:
            for source, left in self._left.items():
                self.tally.count(source, "left", left)

    def _spoil(self, address: str) -> None:
        for key in self._asked.get(address, ()):
            self.book.spoil(key)

    def _settled(self, key: Key) -> None:
        self.book.settle(key)
        self._finished(key[0])

    def _expect(self, source: str) -> None:
        self._expected += 1
        self._left[source] += 1
        self._tell(source)

    def _finished(self, source: str) -> None:
        self._done += 1
        self._left[source] -= 1
        self._tell(source)

    def _tell(self, source: str) -> None:
        if self.on_progress is not None:
            self.on_progress(Progress(self._done, self._expected, source))


def _header(response: Response | None, name: str) -> str | None:
    value = response.headers.get(name) if response is not None else None
    return value.decode("latin-1") if value else None


def _charset(content_type: str) -> str | None:
    header = Header()
    header["Content-Type"] = content_type.replace("\r", " ").replace("\n", " ")
    charset = header.get_param("charset")
    return charset if isinstance(charset, str) and charset else None
