"""Reads archives with worker processes and stores what they find: one writer, in the order of the files.

What is stored of a piece and how far its file has come are one transaction, so that a back-fill that was killed
goes on behind the last piece that is stored whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlite_utils import Database

from founderwatch.backfill.files import PUBLIC, Reach, open_archive, size
from founderwatch.backfill.judge import Bad, Batch, Outcome, Span
from founderwatch.database import backfills
from founderwatch.database.store import Store, Stored, recent_texts
from founderwatch.items import Story
from pipelines.deduplicate import Deduplicate
from pipelines.stage import advance
from pipelines.workers import WorkerDied, Workers, outcome
from spiders.warc import Record, Warc, WarcError

SPAN = 2_000_000  # bytes that a worker reads at a time: some hundred pages
SPAN_REMOTE = 16_000_000  # of a file that has to be asked for
BATCH = 100  # pages, of a file in one piece
_ALONE = 120.0  # seconds that a page may take by itself, once it has ended a worker
# A copy appears within weeks of its original.
_COPIES_WITHIN = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a back-fill has come, in bytes; `expected` is None where a host does not say how long a file is."""

    file: str
    done: int
    expected: int | None
    counts: Counter[str]


@dataclass(slots=True)
class Report:
    """What became of the files: those read through, those that were so before, and the others with the reason."""

    read: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _End:
    """Stands behind the last piece of a file."""

    file: str


class Writer:
    """Stores what pieces gave, each in one transaction with the place that its file has come to."""

    def __init__(self, store: Store, threshold: float):
        self._database = store
        self._threshold = threshold
        self._deduplicate: Deduplicate | None = None

    def store(
        self,
        file: str,
        stories: Iterable[tuple[int, Story]],
        bad: list[Bad],
        also: Callable[[Database, Counter[str]], None] | None = None,
    ) -> Counter[str]:
        """Stores stories in their order, and bad records; `also` is told what was counted, and writes with them.

        A story that the database does not take becomes a bad record, and costs no other anything.
        """
        linked = [(place, self._linked(story)) for place, story in stories]
        try:
            return self._together(file, [story for _, story in linked], bad, also)
        except Exception:
            counts: Counter[str] = Counter()
            for place, story in linked:
                try:
                    counts += self._together(file, [story], [], None)
                except Exception as error:
                    url = story.page.url if story.page else None
                    bad.append(Bad(place, url, "store", f"{type(error).__name__}: {error}"))
            return counts + self._together(file, [], bad, lambda db, added: also(db, added + counts) if also else None)

    def _together(self, file: str, stories: list[Story], bad: list[Bad], also) -> Counter[str]:
        counts: Counter[str] = Counter()

        def write(db: Database, stored: list[Stored]) -> None:
            new = [s for s in stored if s.outcome == "new"]
            counts.update(stored=len(new), flagged=sum(s.flagged for s in new), bad=len(bad))
            backfills.keep_bad(db, file, [(b.position, b.url, b.stage, b.reason) for b in bad])
            if also is not None:
                also(db, counts)

        self._database.save_all(stories, self._threshold, write)
        return counts

    def _linked(self, story: Story) -> Story:
        """The story with the one that it repeats, of those found here or stored before."""
        if self._deduplicate is None:
            first = story.page.fetched_at if story.page else datetime.now(UTC)
            self._deduplicate = Deduplicate(lambda: recent_texts(self._database.path, first - _COPIES_WITHIN))
        return advance(self._deduplicate, "deduplicate", story)


class Backfill:
    """One run over some files. `asked` is the question as text: the same question goes on where it was."""

    def __init__(
        self,
        store: Store,
        threshold: float,
        workers: Workers,
        asked: str,
        reach: Reach = PUBLIC,
        on_progress: Callable[[Progress], None] | None = None,
    ):
        self.store = store
        self.writer = Writer(store, threshold)
        self.workers = workers
        self.asked = asked
        self.reach = reach
        self.on_progress = on_progress
        self.report = Report()
        self._done = 0
        self._expected: int | None = None

    def run(self, files: list[str]) -> Report:
        """Reads the files that are not read yet."""
        sizes = [size(file) for file in files]
        self._expected = sum(s for s in sizes if s) if all(s is not None for s in sizes) else None
        for task, came in self._ordered(files):
            if isinstance(task, _End):
                self._end(task.file)
            elif task.file in self.report.problems:
                continue
            elif isinstance(came, WorkerDied):
                self._one_by_one(task)
            elif isinstance(came, Exception):
                self._broken(task.file, came)
            else:
                self._keep(task, came)
        return self.report

    def _ordered(self, files: list[str]) -> Iterator[tuple[Span | Batch | _End, Outcome | Exception | None]]:
        """All pieces of all files with what came of each; a file's end comes behind its pieces."""
        ends: list[tuple[int, _End]] = []
        count = 0

        def tasks() -> Iterator[Span | Batch]:
            nonlocal count
            for file in files:
                for task in self._tasks(file):
                    count += 1
                    yield task
                ends.append((count, _End(file)))

        for seen, (task, came) in enumerate(self.workers.ordered(tasks())):
            while ends and ends[0][0] <= seen:
                yield ends.pop(0)[1], None
            yield task, came
        for _, end in ends:
            yield end, None

    def _tasks(self, file: str) -> Iterator[Span | Batch]:
        """The pieces of a file that are not dealt with yet."""
        try:
            archive = open_archive(file, self.reach)
            warc, length = archive.warc, archive.size
            place = backfills.place(self.store.db, file, self.asked, warc.fingerprint)
            if place and place.finished and place.size == length:
                self.report.known.append(file)
                self._done += length or 0
                return
            self.store.save_all((), 0, lambda db, _: backfills.begin(db, file, self.asked, warc.fingerprint, length))
            start = place.position if place else 0
            if not warc.parted or length is None:
                yield from self._batches(warc, file, start)
                return
            self._done += start
            step = SPAN if size(file) is not None else SPAN_REMOTE
            for at in range(start, length, step):
                yield Span(file, at, min(at + step, length))
        except (WarcError, OSError) as error:
            self._broken(file, error)

    def _batches(self, warc: Warc, file: str, skip: int) -> Iterator[Batch]:
        """Pages of a file in one piece, behind the first `skip` records."""
        waiting: list[Record] = []
        done = 0
        for record in warc.records():
            if record.number < skip:
                continue
            waiting.append(record)
            done = record.number + 1
            if len(waiting) == BATCH:
                yield Batch(file, tuple(waiting), done)
                waiting = []
        if waiting:
            yield Batch(file, tuple(waiting), done)

    def _keep(self, task: Span | Batch, came: Outcome) -> None:
        """Stores what came of a piece, and that it is dealt with."""
        cut = next((bad for bad in came.bad if bad.cut), None)
        position = task.end if isinstance(task, Span) else task.done
        if cut is not None:
            # The file may yet grow: it is read again from this record on.
            position = cut.position if isinstance(task, Span) else task.done - 1
            self.report.problems[task.file] = cut.reason
        counts = self.writer.store(
            task.file,
            came.stories,
            came.bad,
            lambda db, added: backfills.advance(db, task.file, self.asked, position, added + came.counts),
        )
        self.report.counts.update(counts + came.counts)
        if isinstance(task, Span):
            self._done += task.end - task.start
        if self.on_progress:
            self.on_progress(Progress(task.file, self._done, self._expected, self.report.counts))

    def _one_by_one(self, task: Span | Batch) -> None:
        """Does a piece record by record after it has ended a worker, so that one page costs no other anything."""
        records = list(task.records) if isinstance(task, Batch) else None
        places = [r.position for r in records] if records else []
        if isinstance(task, Span):
            places = [
                record.position for record in open_archive(task.file, self.reach).warc.records(task.start, task.end)
            ]
        together = Outcome()
        for index, position in enumerate(places):
            single = Batch(task.file, (records[index],), 0) if records else Span(task.file, position, position + 1)
            came = outcome(self.workers.submit(single, _ALONE))
            if isinstance(came, Outcome):
                together.stories += came.stories
                together.bad += came.bad
                together.counts += came.counts
            else:
                together.bad.append(Bad(position, None, "extract", str(came)))
        self._keep(task, together)

    def _broken(self, file: str, error: Exception) -> None:
        self.report.problems[file] = str(error) or type(error).__name__

    def _end(self, file: str) -> None:
        problem = self.report.problems.get(file)
        if problem is None and file not in self.report.known:
            self.report.read.append(file)
        if file not in self.report.known:
            self.store.save_all((), 0, lambda db, _: backfills.finish(db, file, self.asked, problem))
