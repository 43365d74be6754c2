"""What a crawl did, counted for each source."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from founderwatch.items import Story
from spiders.deadline import CUT_SHORT
from spiders.failures import FORBIDDEN, SHUT

MOST_MESSAGES = 50
MOST_CAUSES = 20
_HAN = re.compile(r"[\u3400-\u9fff]")
_GRADES = ("temporary", "soft", "hard")


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
    ended with a failure at any stage (`unfetched` of them brought no page), `stored` went through all stages
    without one. Of `extracted` stories the page gave the text, `letters` in all. `left` channels and stories were
    not asked for any more when the time was up or the crawl was told to stop. `causes` says how often what went wrong; `grade` is hard, soft or
    temporary where a channel failed (the gravest), `blocked` where the site shut it. `newest` is the date of the
    newest story that was named, `answered` tells that a host gave some HTTP answer, and `held_until` until when its sites want no more questions.
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
    unfetched: int = 0
    stored: int = 0
    extracted: int = 0
    letters: int = 0
    left: int = 0
    messages: tuple[Message, ...] = ()
    more_messages: int = 0
    causes: Mapping[str, int] = field(default_factory=dict)
    grade: str | None = None
    blocked: bool = False
    answered: bool = False
    newest: datetime | None = None
    requests: int = 0
    held_until: datetime | None = None
    held_because: str | None = None

    @property
    def channels(self) -> int:
        """The channels that were asked."""
        return self.channels_read + self.channels_unchanged + self.channels_failed

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
        if self.reason not in ("finished", *CUT_SHORT) or (
            self.sources and all(source.silent for source in self.sources)
        ):
            return 3
        if self.reason in CUT_SHORT or any(source.broken for source in self.sources):
            return 1
        return 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a crawl is, for a progress bar: `done` of `expected` pages and channels."""

    done: int
    expected: int
    source: str


class Course:
    """Counts what was asked for and what is done, in all and by source, and tells a progress bar."""

    def __init__(self, on_progress: Callable[[Progress], None] | None = None):
        self.on_progress = on_progress
        self.left: Counter[str] = Counter()
        self._done = self._expected = 0

    def expect(self, source: str) -> None:
        self._expected += 1
        self.left[source] += 1
        self._tell(source)

    def finish(self, source: str) -> None:
        self._done += 1
        self.left[source] -= 1
        self._tell(source)

    def _tell(self, source: str) -> None:
        if self.on_progress is not None:
            self.on_progress(Progress(self._done, self._expected, source))


@dataclass(slots=True)
class Tally:
    """Counts while a crawl runs; `report` freezes the counts of one source."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    messages: dict[str, list[Message]] = field(default_factory=dict)
    causes: dict[str, Counter[str]] = field(default_factory=dict)
    grades: dict[str, str] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    newest: dict[str, datetime] = field(default_factory=dict)

    def count(self, source: str, what: str, by: int = 1) -> None:
        self.counts.setdefault(source, Counter())[what] += by

    def named(self, source: str, date: datetime | None) -> None:
        """A channel named a story of this date."""
        if date is not None and (source not in self.newest or date > self.newest[source]):
            self.newest[source] = date

    def failed_channel(self, source: str, grade: str, status: int, reason: str) -> None:
        """A channel gave nothing; the gravest of several counts."""
        if _GRADES.index(grade) > _GRADES.index(self.grades.get(source, _GRADES[0])) or source not in self.grades:
            self.grades[source] = grade
        if status:
            self.answered.add(source)
        if status in SHUT or reason == FORBIDDEN:
            self.blocked.add(source)

    def outcome(self, story: Story) -> None:
        """Counts a story that has gone through every stage."""
        page, failure = story.page, story.failure
        if page is None:
            return
        if failure is None:
            self.count(page.source, "stored")
            if story.article is not None and story.article.body and not _from_elsewhere(story):
                self.count(page.source, "extracted")
                self.count(page.source, "letters", length(story.article.body))
            for note in story.notes:
                self.note(page.source, page.url, "note", note)
            return
        if failure.stage == "since":
            self.count(page.source, "old")
            return
        self.count(page.source, "channels_failed" if failure.stage == "channel" else "failed")
        if failure.stage == "fetch":
            self.count(page.source, "unfetched")
        self.causes.setdefault(page.source, Counter())[f"{failure.stage}: {failure.reason}"] += 1
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

    def report(self, source: str, **more: Any) -> SourceReport:
        return SourceReport(
            name=source,
            messages=tuple(self.messages.get(source, ())),
            causes=dict(self.causes.get(source, Counter()).most_common(MOST_CAUSES)),
            grade=self.grades.get(source),
            blocked=source in self.blocked,
            answered=source in self.answered,
            newest=self.newest.get(source),
            **self.counts.get(source, Counter()),
            **more,
        )


def _from_elsewhere(story: Story) -> bool:
    """Whether a story's text is the channel's, not its page's."""
    return any(note.startswith(("from the feed", "not fetched")) for note in story.notes)


def length(body: str) -> int:
    """The letters of a text; a Chinese character says as much as three."""
    return len(body) if body.isascii() else len(body) + 2 * len(_HAN.findall(body))
