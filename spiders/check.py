"""Looks at sources without storing anything: what each channel gives, and a small sample of its stories."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from scrapy.http import Request, Response

from founderwatch.items import Story
from spiders.entries import Entry, Reading
from spiders.news import NewsSpider
from spiders.sources import Source
from spiders.state import Key

# Stories of all ages: how old the newest is, is what a check wants to know.
_ALL = datetime(1990, 1, 1, tzinfo=UTC)
_CHILDREN = 3


@dataclass(frozen=True, slots=True)
class ChannelCheck:
    """What one channel gave: the stories that it named, or `failure`, why it gave none.

    `status` is the HTTP status of a failure, 0 where nothing was answered. An index names sitemaps, no stories.
    """

    kind: str  # feed, sitemap, listing, api
    url: str
    named: int = 0
    newest: datetime | None = None
    index: bool = False
    problem: str | None = None
    failure: str | None = None
    status: int = 0


@dataclass(slots=True)
class SourceCheck:
    """What was seen of a source: its channels, and the stories of the sample as the extraction left them."""

    source: Source
    channels: list[ChannelCheck] = field(default_factory=list)
    stories: list[Story] = field(default_factory=list)

    @property
    def named(self) -> int:
        return sum(channel.named for channel in self.channels)

    @property
    def newest(self) -> datetime | None:
        """The date of the newest story: as the channels have it, else as the pages of the sample do."""
        dates = [channel.newest for channel in self.channels if channel.newest]
        dates = dates or [
            story.article.published for story in self.stories if story.article and story.article.published
        ]
        return max(dates, default=None)


class CheckSpider(NewsSpider):
    """Asks every channel once, follows no further pages, and fetches the first few stories of each source."""

    name = "check"
    back_numbers: ClassVar = False  # the channels of the registry are what is checked

    def __init__(self, *, sample: int = 3, **kwargs: Any):
        super().__init__(since=_ALL, **kwargs)
        self.sample = sample
        self.checks = {name: SourceCheck(source) for name, source in self.sources.items()}
        self._kinds: dict[Key, str] = {}
        self._sampled: dict[str, set[str]] = {}

    def channel_request(
        self, source: str, url: str, kind: str, root: str | None = None, depth: int = 0, cursor: str = ""
    ) -> Request | Story:
        self._kinds[source, url] = kind
        return super().channel_request(source, url, kind, root, depth, cursor)

    def read(self, response: Response, reader: Callable[[Response, Source], Reading]) -> Iterator[Any]:
        if "kind" in response.meta:
            # A redirect has changed the address by which a failure is told.
            self._kinds[response.meta["source"], response.url] = response.meta["kind"]
        yield from super().read(response, reader)

    def further_pages(
        self, response: Response, source: Source, key: Key, reading: Reading, fresh: int
    ) -> Iterator[Request | Story]:
        if reading.index:
            few = Reading(further=reading.further[:_CHILDREN], index=True)
            yield from super().further_pages(response, source, key, few, fresh)

    def _book(self, response: Response, key: Key, reading: Reading) -> None:
        super()._book(response, key, reading)
        if key[0] not in self.checks:  # `scrapy parse` and `scrapy check` ask without a source
            return
        entries = [entry for entry in reading.entries if self.source_of(response).admits(entry.url)]
        self.checks[key[0]].channels.append(
            ChannelCheck(
                self._kinds[key],
                key[1],
                len(entries),
                max((entry.date for entry in entries if entry.date), default=None),
                index=reading.index,
                problem=reading.problem,
            )
        )

    def _channel_failure(self, source: str, url: str, reason: str, status: int, grade: str = "soft") -> Story:
        kind = self._kinds.get((source, url), "channel")
        self.checks[source].channels.append(ChannelCheck(kind, url, failure=reason, status=status))
        return super()._channel_failure(source, url, reason, status, grade)

    def _left_out(self, source: Source, entry: Entry, url: str | None, key: Key) -> str | None:
        # Each source is judged by its own stories, also by those that another one names too.
        sample = self._sampled.setdefault(source.name, set())
        if url is None or not source.admits(url):
            return "refused"
        if url in sample:
            return "doubled"
        if source.name in self.checks and len(sample) >= self.sample:
            return "postponed"
        sample.add(url)
        return None

    def story_done(self, item: Story, **kwargs: Any) -> None:
        super().story_done(item, **kwargs)
        if item.page is not None and item.page.source in self.checks and not _of_channel(item):
            self.checks[item.page.source].stories.append(item)


def _of_channel(story: Story) -> bool:
    return story.failure is not None and story.failure.stage == "channel"
