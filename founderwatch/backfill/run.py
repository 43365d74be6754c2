"""Reads archives with worker processes and stores what they find: one writer, in the order of the files.

What is stored of a piece and how far its file has come are one transaction, so that a back-fill that was killed
goes on behind the last piece that is stored whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from founderwatch.backfill.files import open_warc, size
from founderwatch.backfill.judge import Bad, Batch, Outcome, Span
from founderwatch.database import backfills
from founderwatch.database.store import Store, recent_texts
from founderwatch.items import Story
from pipelines.deduplicate import Deduplicate
from pipelines.stage import advance
from pipelines.workers import WorkerDied, Workers, outcome
from spiders.warc import Record, Warc, WarcError

SPAN = 2_000_000  # bytes that a worker reads at a time: some hundred pages
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


class Backfill:
    """One run over some files. `asked` is the question as text: the same question goes on where it was."""

    def __init__(
        self,
        store: Store,
        threshold: float,
        workers: Workers,
        asked: str,
        on_progress: Callable[[Progress], None] | None = None,
    ):
        self.store = store
        self.threshold = threshold
        self.workers = workers
        self.asked = asked
        self.on_progress = on_progress
        self.report = Report()
        self._deduplicate: Deduplicate | None = None
        self._done = 0
        self._expected: int | None = None

    def run(self, files: list[str]) -> Report:
        """Reads the files that are not read yet."""
        sizes = [_size(file) for file in files]
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
            warc = open_warc(file)
            length = _size(file)
            place = backfills.place(self.store.db, file, self.asked, warc.fingerprint)
            if place and place.finished and place.size == length:
                self.report.known.append(file)
                self._done += length or 0
                return
            self.store.save_all((), 0, lambda db, _: backfills.begin(db, file, self.asked, warc.fingerprint, length))
            start = place.position if place else 0
            if not warc.parted:
                yield from self._batches(warc, file, start)
                return
            self._done += start
            for at in range(start, length or 0, SPAN):
                yield Span(file, at, min(at + SPAN, length or 0))
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

    def _keep(self, task: Span | Batch, came: Outcome, reached: int | None = None) -> None:
        """Stores what came of a piece, and that it is dealt with."""
        cut = next((bad for bad in came.bad if bad.cut), None)
        position = reached if reached is not None else task.end if isinstance(task, Span) else task.done
        if cut is not None:
            # The file may yet grow: it is read again from this record on.
            position = cut.position if isinstance(task, Span) else task.done - 1
            self.report.problems[task.file] = cut.reason
        stories = [(place, self._linked(story)) for place, story in came.stories]
        try:
            self._store(task.file, position, [story for _, story in stories], came.bad, came.counts)
        except Exception:
            # One story that the database does not take must not cost the others.
            for place, story in stories:
                try:
                    self._store(task.file, None, [story], [], Counter())
                except Exception as error:
                    url = story.page.url if story.page else None
                    came.bad.append(Bad(place, url, "store", f"{type(error).__name__}: {error}"))
            self._store(task.file, position, [], came.bad, came.counts)
        if isinstance(task, Span) and reached is None:
            self._done += task.end - task.start
        if self.on_progress:
            self.on_progress(Progress(task.file, self._done, self._expected, self.report.counts))

    def _store(self, file: str, position: int | None, stories: list[Story], bad: list[Bad], counts: Counter) -> None:
        added: Counter[str] = Counter()

        def also(db, stored) -> None:
            new = [s for s in stored if s.outcome == "new"]
            added.update(counts)
            added.update(stored=len(new), flagged=sum(s.flagged for s in new), bad=len(bad))
            backfills.keep_bad(db, file, [(b.position, b.url, b.stage, b.reason) for b in bad])
            if position is not None:
                backfills.advance(db, file, self.asked, position, added)

        self.store.save_all(stories, self.threshold, also)
        self.report.counts.update(added)

    def _linked(self, story: Story) -> Story:
        """The story with the one that it repeats, of those found here or stored before."""
        if self._deduplicate is None:
            first = story.page.fetched_at if story.page else datetime.now().astimezone()
            self._deduplicate = Deduplicate(lambda: recent_texts(self.store.path, first - _COPIES_WITHIN))
        return advance(self._deduplicate, "deduplicate", story)

    def _one_by_one(self, task: Span | Batch) -> None:
        """Does a piece record by record after it has ended a worker, so that one page costs no other anything."""
        records = list(task.records) if isinstance(task, Batch) else None
        places = [r.position for r in records] if records else []
        if isinstance(task, Span):
            places = [record.position for record in open_warc(task.file).records(task.start, task.end)]
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


def _size(file: str) -> int | None:
    try:
        return size(file)
    except OSError:
        return 0
