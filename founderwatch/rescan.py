"""Reads stored stories again, from the pages that were kept or else from their stored text, through the stages of a crawl.

One story after the other is read, and some at a time are stored together with how far the run has come. A run that was
interrupted goes on there when the same is asked again.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import chain
from pathlib import Path

from founderwatch.archive import folder as archive
from founderwatch.archive.records import Unreadable
from founderwatch.database import captures, reviews
from founderwatch.database.captures import Asked, Told
from founderwatch.database.store import Store, recent_texts
from founderwatch.items import Article, Failure, Story
from models.encoder import Encoder
from models.story import StoryReader
from pipelines.classify import Classify
from pipelines.deduplicate import Deduplicate
from pipelines.extract import Extract
from pipelines.stage import advance
from pipelines.workers import Workers
from spiders.report import Progress

BATCH = 20  # stories that are stored together
FEW = 60  # stories for which worker processes are not worth their start
_LONGEST = 300.0  # seconds that one story may take
_LIFETIME = 5000  # stories after which a worker is replaced, whatever its libraries have hoarded
# A copy appears within weeks of its original.
_COPIES_WITHIN = timedelta(days=60)
_TOLD = ("person", "employer", "role", "status", "venture", "focus")


@dataclass(frozen=True, slots=True)
class Reread:
    """What came of a story: judged anew, or with a failure. `trouble`: why its kept page could not serve."""

    told: Told
    story: Story
    from_page: bool = False
    trouble: str | None = None


class Rereader:
    """Reads one story again; `folder` is the archive's."""

    def __init__(self, folder: Path, reader: StoryReader):
        self.folder = folder
        self._extract = Extract()
        self._classify = Classify(reader)
        # A failed stage comes out as the story's failure: the log would say it a second time.
        logging.getLogger("pipelines").setLevel(logging.CRITICAL)

    @classmethod
    def in_worker(cls, folder: Path, model: str, alarms: float) -> Rereader:
        """As a worker process makes it: with a model of its own, in one thread."""
        return cls(folder, StoryReader(Encoder(model, threads=1), alarms))

    def __call__(self, told: Told) -> Reread:
        story, trouble = self._from_page(told)
        from_page = story is not None and story.article is not None
        if story is None or (story.article is None and told.article is not None):
            # What was once read is judged by what is stored of it.
            trouble = trouble or (f"{told.url}: {story.failure.reason}" if story and story.failure else None)
            story = _stored(told)
        story = advance(self._classify, "classify", story)
        page = story.page
        # The page has done its work; what a store needs of it is small.
        story = story.grown(page=replace(page, body=b"") if page else None)
        return Reread(told, story, from_page, trouble)

    def _from_page(self, told: Told) -> tuple[Story | None, str | None]:
        if told.capture is None:
            return None, None
        try:
            story = archive.read(self.folder, told.capture)
        except Unreadable as error:
            return None, None if error.gone else str(error)
        return advance(self._extract, "extract", story), None


@contextmanager
def readers(
    folder: Path, reader: StoryReader, model: str, alarms: float, stories: int
) -> Iterator[Callable[[Iterable[Told]], Iterator[Reread]]]:
    """What reads stories again, in their order: worker processes, or for a few stories this one."""
    if stories < FEW:
        here = Rereader(folder, reader)
        yield lambda told: map(here, told)
        return
    with Workers(Rereader.in_worker, (folder, model, alarms), longest=_LONGEST, lifetime=_LIFETIME) as workers:
        yield lambda told: (_came(task, outcome) for task, outcome in workers.ordered(told))


def _came(told: Told, outcome: Reread | Exception) -> Reread:
    if isinstance(outcome, Reread):
        return outcome
    return Reread(told, Story(failure=Failure("read", str(outcome) or type(outcome).__name__)))


def _stored(told: Told) -> Story:
    if told.article is None:
        return Story(failure=Failure("extract", "its page is gone"))
    return Story(
        article=Article(
            url=told.url,
            source=told.source,
            title=told.title,
            body=told.body,
            language=told.language,
            author=told.author,
            site_name=told.site_name,
            published=told.published,
        )
    )


@dataclass(slots=True)
class Report:
    """What a rescan did, and which flagged departures it gained, lost and kept; `changed` are those told otherwise."""

    stories: int = 0
    from_pages: int = 0
    from_text: int = 0
    new: int = 0
    overtaken: int = 0
    resumed: int = 0  # stories that an earlier, interrupted run had read
    left: int = 0
    gained: dict[str, dict] = field(default_factory=dict)
    lost: dict[str, dict] = field(default_factory=dict)
    same: dict[str, dict] = field(default_factory=dict)
    changed: dict[str, list[str]] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


class Rescan:
    """One run. `read` makes a Reread of each Told, in order."""

    def __init__(
        self,
        store: Store,
        read: Callable[[Iterable[Told]], Iterator[Reread]],
        asked: Asked,
        model: str,
        threshold: float,
        on_progress: Callable[[Progress], None] | None = None,
    ):
        self.store = store
        self.read = read
        self.asked = asked
        self.threshold = threshold
        self.on_progress = on_progress
        self.report = Report()
        self._question = json.dumps({"since": asked.words, "only": asked.only, "model": model})
        self._deduplicate: Deduplicate | None = None

    def run(self) -> Report:
        """Reads what was asked for; KeyboardInterrupt ends it, and what was stored until then is in the report."""
        with self.store.together():
            run = captures.begin(self.store.db, self._question, self.store.flagged())
        db, report = self.store.db, self.report
        report.resumed = run.stories
        expected = captures.count(db, self.asked, run.article, run.capture)
        waiting: list[Reread] = []
        try:
            stories = chain(captures.articles(db, self.asked, run.article), captures.pages(db, self.asked, run.capture))
            for reread in self.read(stories):
                waiting.append(reread)
                if len(waiting) == BATCH:
                    self._store(run.id, waiting)
                    waiting = []
                    self._tell(reread, expected)
            self._store(run.id, waiting)
            with self.store.together():
                captures.finish(db, run.id)
        finally:
            report.left = expected - report.stories
            self._compare(run)
        return report

    def _tell(self, reread: Reread, expected: int) -> None:
        if self.on_progress:
            self.on_progress(Progress(self.report.stories, expected, reread.told.source or ""))

    def _store(self, run: int, batch: list[Reread]) -> None:
        """Stores some stories; where the database does not take one, the others all the same."""
        if not batch:
            return
        done = [(one, self._linked(one)) for one in batch]
        usable = [(one.told, story) for one, story in done if story.failure is None]
        last = batch[-1].told

        def moved(db) -> None:
            article = max((one.told.article for one in batch if one.told.article), default=None)
            captures.advance(db, run, article, last.capture_id, len(batch))

        troubles: dict[int, str] = {}
        try:
            counts = self.store.save_again(usable, self.threshold, moved)
        except Exception:
            counts = Counter()
            for told, story in usable:
                try:
                    counts += self.store.save_again([(told, story)], self.threshold, lambda db: None)
                except Exception as error:
                    troubles[id(told)] = f"{told.url}: store: {type(error).__name__}: {error}"
            self.store.save_again([], self.threshold, moved)
        self._count(done, counts, troubles)

    def _count(self, done: list[tuple[Reread, Story]], counts: Counter[str], troubles: dict[int, str]) -> None:
        report = self.report
        report.stories += len(done)
        report.new += counts["new"]
        report.overtaken += counts["changed"]
        report.failed += troubles.values()
        for one, story in done:
            report.from_pages += one.from_page
            report.from_text += one.told.article is not None and not one.from_page
            if one.trouble:
                report.damaged.append(one.trouble)
            # A page that gave no article before, and gives none now, is no news.
            if story.failure is not None and (one.told.article is not None or story.failure.stage != "extract"):
                report.failed.append(f"{one.told.url}: {story.failure.stage}: {story.failure.reason}")

    def _linked(self, reread: Reread) -> Story:
        """A story that was not read before, with the one that it repeats."""
        story = reread.story
        if reread.told.article is not None or story.article is None or story.page is None:
            return story
        if self._deduplicate is None:
            first = story.page.fetched_at
            self._deduplicate = Deduplicate(lambda: recent_texts(self.store.path, first - _COPIES_WITHIN))
        return advance(self._deduplicate, "deduplicate", story)

    def _compare(self, run: captures.Run) -> None:
        """Sets what was flagged before against what is now."""
        report, now = self.report, self.store.flagged()
        moved = {old: reviews.current_event(self.store.db.conn, old) or old for old in run.before}
        report.lost = {old: row for old, row in run.before.items() if moved[old] not in now}
        report.same = {old: now[moved[old]] for old in run.before if moved[old] in now}
        known = set(moved.values())
        # What a crawl has found meanwhile is not this run's doing.
        report.gained = {
            event: row for event, row in now.items() if event not in known and row["first_seen_at"] <= run.started_at
        }
        for old, row in report.same.items():
            words = [f"{name}: {_word(run.before[old][name])} → {_word(row[name])}" for name in _TOLD if run.before[old][name] != row[name]]  # fmt: skip
            if words:
                report.changed[old] = words


def _word(value: object) -> str:
    return "–" if value is None else str(value)
