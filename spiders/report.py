"""What a crawl did, counted for each source."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from founderwatch.items import Story
from spiders.deadline import TIME_UP

MOST_MESSAGES = 50
_CUT_SHORT = ("shutdown", TIME_UP)


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that went wrong: which source, which address, at which stage, and why."""

    source: str
    url: str
    stage: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: {self.url}: {self.stage}: {self.reason}"


@dataclass(frozen=True, slots=True)
class SourceReport:
    """One source's share of a crawl.

    `found` stories were named by its channels: of these `known` were stored before, `old` lie before
    the `since` limit, `refused` do not match allow/deny, `doubled` were named by another channel too,
    `postponed` fell to a limit, and the rest was asked for. `fetched` pages came, `failed` stories
    ended with a failure at any stage, `stored` went through all stages without one. `left` channels and
    stories were not asked for any more when the time was up.
    """

    name: str
    channels_read: int = 0
    channels_unchanged: int = 0
    channels_failed: int = 0
    found: int = 0
    known: int = 0
    old: int = 0
    refused: int = 0
    doubled: int = 0
    postponed: int = 0
    fetched: int = 0
    failed: int = 0
    stored: int = 0
    left: int = 0
    messages: tuple[Message, ...] = ()
    more_messages: int = 0

    @property
    def broken(self) -> bool:
        """Whether a channel failed, or every page that was asked for."""
        return bool(self.channels_failed or (self.failed and not self.stored and not self.fetched))

    @property
    def silent(self) -> bool:
        """Whether no channel of the source could be read at all."""
        return bool(self.channels_failed) and not (self.channels_read or self.channels_unchanged)


@dataclass(frozen=True, slots=True)
class CrawlReport:
    """A finished crawl. `reason` is "finished", "shutdown" (interrupted), "time is up" or why it was given up."""

    started_at: datetime
    finished_at: datetime
    reason: str
    sources: tuple[SourceReport, ...] = ()

    def total(self, count: str) -> int:
        """Sums one count (`found`, `stored`, …) over the sources."""
        return sum(getattr(source, count) for source in self.sources)

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(message for source in self.sources for message in source.messages)

    @property
    def exit_status(self) -> int:
        """0 all done, 1 done in part, 3 nothing could be done."""
        if self.reason not in ("finished", *_CUT_SHORT) or (
            self.sources and all(source.silent for source in self.sources)
        ):
            return 3
        if self.reason in _CUT_SHORT or any(source.broken for source in self.sources):
            return 1
        return 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a crawl is, for a progress bar: `done` of `expected` pages and channels."""

    done: int
    expected: int
    source: str


@dataclass(slots=True)
class Tally:
    """Counts while a crawl runs; `report` freezes the counts of one source."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    messages: dict[str, list[Message]] = field(default_factory=dict)

    def count(self, source: str, what: str, by: int = 1) -> None:
        self.counts.setdefault(source, Counter())[what] += by

    def outcome(self, story: Story) -> None:
        """Counts a story that has gone through every stage."""
        page, failure = story.page, story.failure
        if page is None:
            return
        if failure is None:
            self.count(page.source, "stored")
            for note in story.notes:
                self.note(page.source, page.url, "note", note)
            return
        if failure.stage == "since":
            self.count(page.source, "old")
            return
        self.count(page.source, "channels_failed" if failure.stage == "channel" else "failed")
        self._message(Message(page.source, page.url, failure.stage, failure.reason))

    def note(self, source: str, url: str, stage: str, reason: str) -> None:
        """Keeps a message that is no failure: a truncated feed, a story known by its headline alone."""
        self._message(Message(source, url, stage, reason))

    def _message(self, message: Message) -> None:
        kept = self.messages.setdefault(message.source, [])
        if len(kept) < MOST_MESSAGES:
            kept.append(message)
        else:
            self.count(message.source, "more_messages")

    def report(self, source: str) -> SourceReport:
        return SourceReport(
            name=source, messages=tuple(self.messages.get(source, ())), **self.counts.get(source, Counter())
        )
