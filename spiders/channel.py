"""The base of all spiders: asks the channels of each source, then the stories that they name.

A spider of one kind of channel says which field of a source lists its channels, and has a method that makes
a Reading of an answer:

    class FeedSpider(ChannelSpider):
        name = "feed"
        channels = {"feeds": "feed"}

        def read_feed(self, response, source):
            return read_feed(response.body, response.url)

Every page comes out as a Story with a Page; every failure as a Story with a Page and a Failure. What a channel's
answer means for the next crawl stands in state.py, what came of the crawl in report.py.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from email.message import Message as Header
from typing import Any, ClassVar
from urllib.parse import urlsplit

import scrapy
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from twisted.python.failure import Failure as Trouble

from founderwatch.address import clean, fold
from founderwatch.items import Failure, Page, Story
from spiders.access import MissingSecret, expand, has_secret
from spiders.deadline import CUT_SHORT, TimeUp
from spiders.entries import ChannelError, Entry, Reading, oldest, reach
from spiders.failures import cause
from spiders.guard import endpoints, loopback
from spiders.report import Course, Progress, Tally
from spiders.restraint import NotNow, Restraint
from spiders.sources import PACKAGED, Source, load, select
from spiders.state import ChannelBook, ChannelStates, Key, Ledger, MemoryStates

# Channels are asked before stories, so that a limit cuts off stories and never a whole source.
CHANNEL_FIRST = 100
# A channel that answers with something else than a channel may do so for an hour: a notice, a fault.
_UNREADABLE = "soft"
# Requests of one source in a day, unless the registry says otherwise.
QUOTA = 2000
# A sitemap may have 50 MB where a page has a few kB: it is given so many times the time of an answer.
_SITEMAP_TIMES = 3
# Bytes from which on reading takes so long that others would wait.
_LARGE = 100_000
_PACKED = b"\x1f\x8b"


class ChannelSpider(scrapy.Spider):
    """Reads channels and fetches the stories they name; see the module on how to write one."""

    # The field of a source, and the kind of channel that it lists.
    channels: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        *,
        sources: str | Iterable[Source] | None = None,
        only: str | Iterable[str] = (),
        since: str | datetime | None = None,
        limit: int | str | None = None,
        seen: Callable[[str], bool] | None = None,
        edited: Callable[[str, str, Entry], bool] | None = None,
        states: ChannelStates | None = None,
        used: Mapping[str, int] | None = None,
        stages: Mapping[str, Callable[[Story], Story]] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        **kwargs: Any,
    ):
        """Takes the command line's texts (`-a only=a,b -a limit=10`) or the objects of `spiders.crawl`.

        `seen` tells of an address whether its story is stored, `edited` of a stored one whether the channel
        now tells it otherwise; `used` are the requests that sources have had today; `stages` replaces the
        stages that the settings name.
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
        self.reach = reach(self.oldest)
        self.limit = int(limit) if limit not in (None, "") else None
        self.seen = seen or (lambda url: False)
        self.edited = edited or (lambda source, url, entry: False)
        self.stages = stages
        self.tally = Tally()
        self.course = Course(on_progress)
        self.restraint = Restraint({source.name: _quota(source) for source in self.sources.values()}, used or {})
        self.book = ChannelBook(states or MemoryStates(), self.oldest)
        self.ledger = Ledger(self.book, fold)
        self._large = asyncio.Lock()
        self._pages: set[tuple[str, str]] = set()
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
            self.channel_request(source.name, url, kind)
            for source in self.sources.values()
            for field, kind in self.channels.items()
            for url in source.channels_of(field)
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

    def channel_request(
        self, source: str, url: str, kind: str, root: str | None = None, depth: int = 0, cursor: str = ""
    ) -> Request | Story:
        """Asks for a channel, or for a further page of the channel `root`; a Story says why it cannot be asked."""
        key = (source, root or url)
        known = self.book.known(key) if root is None else None
        self._pages.add((url, cursor))
        headers = {}
        if known and known.etag:
            headers["If-None-Match"] = known.etag
        if known and known.last_modified:
            headers["If-Modified-Since"] = known.last_modified
        self.book.owe(key)
        self.course.expect(source)
        try:
            request = Request(**self.composed(source, expand(url), cursor))
        except MissingSecret as missing:
            return self._channel_failure(source, url, str(missing), 0, "hard")
        request.headers.update(headers)
        return request.replace(
            callback=self.answered,
            errback=self.channel_failed,
            priority=CHANNEL_FIRST,
            dont_filter=True,
            meta={
                "source": source,
                "channel": key[1],
                "shown": url if has_secret(url) else None,
                "root": root is None,
                "kind": kind,
                "depth_in_channel": depth,
                "digest": known.digest if known else None,
                "handle_httpstatus_list": [304] if headers else [],
                "since": self.oldest,
                "most_children": self.reach.children,
                "download_timeout": self._timeout * (_SITEMAP_TIMES if kind == "sitemap" else 1),
            },
        )

    def composed(self, source: str, url: str, cursor: str) -> dict[str, Any]:
        """What a channel is asked with; `cursor` says which page of it."""
        return {"url": url}

    def source_of(self, response: Response) -> Source:
        """The source that a page was asked for; `scrapy parse` and `scrapy check` ask without one."""
        name = response.meta.get("source")
        if name in self.sources:
            return self.sources[name]
        host = urlsplit(response.url).hostname or "unnamed"
        return Source(name=host, title=host, home=response.url, language="en")

    async def answered(self, response: Response) -> AsyncIterator[Any]:
        """Reads a channel's answer; a large one in a thread, since all other answers would wait for it.

        One at a time: 4,000 entries of a feed take 70 MB while they are read, and threads only take Python from each other.
        """
        reader = getattr(self, f"read_{response.meta['kind']}")
        large = len(response.body) > _LARGE or response.body.startswith(_PACKED)
        if large and not self._unchanged(response):
            async with self._large:
                done = await asyncio.to_thread(_attempt, reader, response, self.source_of(response))
            reader = lambda *_: done.result()  # noqa: E731
        for result in self.read(response, reader):
            yield result

    def _unchanged(self, response: Response) -> bool:
        return response.status == 304 or response.meta.get("digest") == _digest(response)

    def read(self, response: Response, reader: Callable[[Response, Source], Reading]) -> Iterator[Any]:
        """Reads a channel's answer with `reader`, and follows what it names."""
        source = self.source_of(response)
        key = (source.name, response.meta.get("channel", response.url))
        if self._unchanged(response):
            self.tally.count(source.name, "channels_unchanged")
            self._settled(key)
            return
        shown = response.meta.get("shown") or response.url
        try:
            reading = reader(response, source)
        except ChannelError as error:
            if not self._was_extra(response.meta, key, shown, str(error)):
                yield self._channel_failure(source.name, shown, str(error), response.status, _UNREADABLE)
            return
        except Exception as error:  # a channel must never cost another one anything
            self.logger.exception("reading %s failed", shown)
            reason = f"could not be read: {type(error).__name__}: {error}"
            yield self._channel_failure(source.name, shown, reason, response.status, _UNREADABLE)
            return
        self.tally.count(source.name, "channels_read")
        self._book(response, key, reading)
        fresh = 0
        for entry in reading.entries:
            if fresh >= self.reach.stories:
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
        self.tally.note(source.name, shown, "channel", f"only {fresh} new stories were taken at once")
        self._settled(key)

    def _book(self, response: Response, key: Key, reading: Reading) -> None:
        """Notes the state of a channel that was read, and what was wrong with it."""
        if response.meta.get("root", True):
            # An index may stay the same while what it points to changes: it is read in full each time.
            etag, modified = _header(response, "ETag"), _header(response, "Last-Modified")
            self.book.begin(key, *((None, None, None) if reading.index else (etag, modified, _digest(response))))
        if "dataloss" in response.flags or reading.problem:
            self.book.spoil(key)
            shown = response.meta.get("shown") or response.url
            self.tally.note(key[0], shown, "channel", reading.problem or "the answer broke off")

    def further_pages(
        self, response: Response, source: Source, key: Key, reading: Reading, fresh: int
    ) -> Iterator[Request | Story]:
        """Asks for the further pages of a channel; `fresh` stories were new on this one."""
        kind, depth = response.meta.get("kind"), response.meta.get("depth_in_channel", 0) + 1
        if kind is None or not (reading.index or self._turns(source, key, depth, fresh, reading)):
            return
        for url in reading.further:
            if (url, "") not in self._pages:
                # What an index points to is remembered on its own; a listing's next page is a part of it.
                root = None if reading.index else key[1]
                asked = self.channel_request(source.name, url, kind, root=root, depth=depth)
                if isinstance(asked, Request):
                    asked.meta["dated"] = response.meta.get("dated")
                yield asked
        if reading.cursor and (key[1], reading.cursor) not in self._pages:
            yield self.channel_request(source.name, key[1], kind, root=key[1], depth=depth, cursor=reading.cursor)

    def _turns(self, source: Source, key: Key, page: int, fresh: int, reading: Reading) -> bool:
        """Tells whether to read on after `page` pages: up to the limit, and as long as there is news.

        Before the channel has once been read to its end, a page of known stories is no reason to stop:
        an interrupted crawl may have stored these and not those behind them. A page of nothing but old stories is.
        """
        if reading.entries and all(entry.date and entry.date < self.oldest for entry in reading.entries):
            return False
        return page < max(source.max_pages, self.reach.pages) and (fresh > 0 or self.book.known(key) is None)

    def channel_failed(self, trouble: Trouble) -> Iterator[Story]:
        """Turns a channel that gave no answer into a Story that says why."""
        meta = trouble.request.meta  # type: ignore[attr-defined]
        if self._left(trouble, meta["source"]):
            return
        what = self._cause(trouble)
        url = meta.get("shown") or trouble.request.url  # type: ignore[attr-defined]
        if not self._was_extra(meta, (meta["source"], meta["channel"]), url, what.reason):
            yield self._channel_failure(meta["source"], url, what.reason, what.status, what.grade)

    def _was_extra(self, meta: Mapping[str, Any], key: Key, url: str, reason: str) -> bool:
        """Whether a channel that failed is one that the site names beside the registry's: that is only noted."""
        if not meta.get("dated"):
            return False
        self.tally.note(key[0], url, "channel", reason)
        self._settled(key)
        return True

    def _channel_failure(self, source: str, url: str, reason: str, status: int, grade: str = "soft") -> Story:
        self.tally.failed_channel(source, grade, status, reason)
        page = Page(url=url, source=source, body=b"", fetched_at=datetime.now(UTC), status=status)
        return Story(page=page, failure=Failure("channel", reason, passing=True))

    # Stories

    def story_request(self, source: Source, entry: Entry, key: Key) -> Request | Story | None:
        """Asks for a story, unless it is known, old, refused by the registry, or asked for already."""
        self.tally.count(source.name, "found")
        url = clean(entry.url)
        why = self._left_out(source, entry, url, key)
        if why != "refused":
            self.tally.named(source.name, entry.date)
        if why:
            self.tally.count(source.name, why)
        if why or url is None:
            return None
        self.ledger.ask(url, key)
        self.course.expect(source.name)
        meta = {"source": source.name, "entry": entry, "address": url, "render": source.render}
        if entry.whole:
            return Story(page=self._page(meta, url))
        return Request(
            url,
            callback=self.parse_story,
            errback=self.story_failed,
            # Scrapy's own filter drops a doubled address, also a redirect's target, without a word.
            dont_filter=True,
            meta=meta,
        )

    def _left_out(self, source: Source, entry: Entry, url: str | None, key: Key) -> str | None:
        if url is None or not source.admits(url):
            return "refused"
        if entry.date is not None and entry.date < self.oldest:
            return "old"
        if self.ledger.name(url, key):
            return "doubled"
        if self.seen(url) and not self.edited(source.name, url, entry):
            return "known"
        if (self.limit is not None and self.ledger.asked >= self.limit) or self.restraint.is_used_up(source.name):
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
        meta = trouble.request.meta  # type: ignore[attr-defined]
        if self._left(trouble, meta["source"]):
            return
        what = self._cause(trouble)
        page = self._page(meta, trouble.request.url, status=what.status)  # type: ignore[attr-defined]
        if what.shut and page.title:
            yield Story(page=page, notes=(f"not fetched: {what.reason}",))
            return
        yield Story(page=page, failure=Failure("fetch", what.reason, passing=what.passing))

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
            revised=entry.revised,
            whole=entry.whole,
            headers=_headers(response),
        )

    def _left(self, trouble: Trouble, source: str) -> bool:
        """Whether a request was left for the next crawl: its channels' accounts stay open, so they are read again."""
        if trouble.check(NotNow) and not trouble.check(TimeUp):
            self.tally.count(source, "postponed")
            self.course.finish(source)
        return bool(trouble.check(NotNow))

    def _cause(self, trouble: Trouble):
        assert trouble.value is not None
        timeout = trouble.request.meta.get("download_timeout", self._timeout)  # type: ignore[attr-defined]
        return cause(trouble.value, timeout, self.crawler.settings.getint("DOWNLOAD_MAXSIZE"))

    @property
    def _timeout(self) -> float:
        return self.crawler.settings.getfloat("DOWNLOAD_TIMEOUT")

    # Outcomes

    def settle(self, item: Story) -> None:
        """Closes a story's account with its channels; the stage that stores calls it within its transaction."""
        if item.page is None or (item.failure is not None and item.failure.stage == "channel"):
            return
        failure = item.failure
        again = item.unfinished if failure is None else failure.stage == "store" or failure.passing
        self.ledger.settle(item.page.requested_url or item.page.url, again)

    def story_done(self, item: Story, **_: Any) -> None:
        """Counts the outcome of a story that has gone through every stage."""
        self.tally.outcome(item)
        if item.page is not None:
            self.settle(item)  # once more where no stage stores
            self.course.finish(item.page.source)

    def crawl_closed(self, spider: scrapy.Spider, reason: str) -> None:
        if reason in CUT_SHORT:
            for source, left in self.course.left.items():
                self.tally.count(source, "left", left)

    def _settled(self, key: Key) -> None:
        self.book.settle(key)
        self.course.finish(key[0])


def _quota(source: Source) -> int | None:
    """The requests that a source gets in a day; loopback wants no such care."""
    here = all(loopback(urlsplit(url).hostname or "") for url in source.channels)
    return source.quota or (None if here else QUOTA)


def _attempt(function: Callable[..., Reading], *arguments: Any) -> Future[Reading]:
    """Calls a function now; what it gives or raises is kept."""
    done: Future[Reading] = Future()
    try:
        done.set_result(function(*arguments))
    except Exception as error:
        done.set_exception(error)
    return done


def _digest(response: Response) -> str:
    return hashlib.blake2b(response.body, digest_size=16).hexdigest()


def _header(response: Response | None, name: str) -> str | None:
    value = response.headers.get(name) if response is not None else None
    return value.decode("latin-1") if value else None


def _headers(response: Response | None) -> tuple[tuple[str, str], ...]:
    if response is None:
        return ()
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values
    )


def _charset(content_type: str) -> str | None:
    header = Header()
    header["Content-Type"] = content_type.replace("\r", " ").replace("\n", " ")
    charset = header.get_param("charset")
    return charset if isinstance(charset, str) and charset else None
