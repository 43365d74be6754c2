"""What a worker does with a piece of an archive: reads its pages, sifts, extracts, judges."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from founderwatch.address import site
from founderwatch.backfill.files import PUBLIC, Reach, open_archive
from founderwatch.items import Assessment, Page, Story
from models.encoder import Encoder
from models.story import StoryReader
from pipelines.classify import Classify
from pipelines.extract import Extract
from pipelines.sift import GLANCED, Sift
from pipelines.since import Since
from pipelines.stage import advance
from spiders.outlets import Outlets
from spiders.sources import Source
from spiders.warc import Record


@dataclass(frozen=True, slots=True)
class Asked:
    """What a back-fill looks for. `languages` empty: in every one. `only_sources`: of no other outlet."""

    since: datetime | None = None
    until: datetime | None = None
    languages: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    only_sources: bool = False
    everything: bool = False
    reach: Reach = PUBLIC


@dataclass(frozen=True, slots=True)
class Span:
    """The records of a file that begin from one byte on and before another."""

    file: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that were read in the parent's process, of a file that is in one piece; `done` is how many are then read."""

    file: str
    records: tuple[Record, ...]
    done: int


@dataclass(frozen=True, slots=True)
class Bad:
    """A record or page that could not be used. `cut`: the file ends within it."""

    position: int
    url: str | None
    stage: str
    reason: str
    cut: bool = False


@dataclass(slots=True)
class Outcome:
    """What came of a piece: stories to store with the place of each, bad records, and how many pages went which way."""

    stories: list[tuple[int, Story]] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


class Judge:
    """Does a span or batch with the stages of a crawl; one model and one thread."""

    def __init__(self, asked: Asked, model: str, alarms: float):
        self.asked = asked
        self._outlets = Outlets(asked.sources)
        self._sift = Sift(asked.languages)
        encoder = Encoder(model, threads=1)
        self._version = encoder.version
        self._extract = Extract()
        self._since = Since(asked.since, asked.until)
        self._reader = StoryReader(encoder, alarms)
        self._classify = Classify(self._reader)
        # A failed stage comes out as the story's failure: the log would say it a second time.
        logging.getLogger("pipelines").setLevel(logging.CRITICAL)

    def __call__(self, task: Span | Batch) -> Outcome:
        if isinstance(task, Batch):
            return self.judge(task.records)
        return self.judge(open_archive(task.file, self.asked.reach).warc.records(task.start, task.end))

    def judge(self, records: Iterable[Record]) -> Outcome:
        """Reads records one after the other; nothing that is wrong with one stops the next."""
        outcome = Outcome()
        for record in records:
            if record.page is None:
                outcome.bad.append(Bad(record.position, record.url, "read", record.problem or "no page", record.cut))
                continue
            outcome.counts["pages"] += 1
            self._page(record.page, record.position, outcome)
        return outcome

    def _page(self, page: Page, position: int, outcome: Outcome) -> None:
        source = self._outlets.of(page.url)
        passed = self._passed_over(page, source)
        if passed is None and not self.asked.everything:
            passed = self._sift(page)
        if passed is not None:
            outcome.counts[passed] += 1
            return
        page = replace(page, source=source.name if source else site(page.url).removeprefix("www."))
        story = advance(self._extract, "extract", Story(page=page))
        story = advance(self._since, "since", story)
        if story.failure is not None:
            if story.failure.stage == "since":
                outcome.counts["date"] += 1
            else:
                outcome.bad.append(Bad(position, page.url, story.failure.stage, story.failure.reason))
            return
        article = story.article
        if article is None or (self.asked.languages and article.language not in self.asked.languages):
            outcome.counts["language"] += 1
            return
        if self._sift.likely(article, self._reader):
            outcome.counts["candidates"] += 1
            story = advance(self._classify, "classify", story)
        elif self.asked.everything:
            story = story.grown(assessment=Assessment(self._version, 0.0, False, (), GLANCED))
        else:
            outcome.counts["words"] += 1
            return
        if story.failure is not None:
            outcome.bad.append(Bad(position, page.url, story.failure.stage, story.failure.reason))
        # The page has done its work; what a store needs of it is small.
        outcome.stories.append((position, story.grown(page=replace(page, body=b""))))

    def _passed_over(self, page: Page, source: Source | None) -> str | None:
        """What is not asked for, as far as it can be told without reading the page."""
        if self.asked.only_sources and (source is None or not source.admits(page.url)):
            return "source"
        if self.asked.since and page.fetched_at < self.asked.since:
            return "date"
        return None
