"""Where a back-fill's time goes, stage by stage, in one process: python -m benchmarks.stages --pages 2000

Each stage's own time of the processor, without that of the stages that it calls. Writes benchmarks/results/stages.json.
For a flame graph, which slows all down a little: py-spy record --output docs/benchmarks-flames.svg -- python -m benchmarks.stages
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks import archive
from benchmarks.results import write
from founderwatch.backfill import run
from founderwatch.backfill.files import open_archive
from founderwatch.backfill.judge import Asked, Judge
from founderwatch.database.store import Store
from models.encoder import ALARMS, WEIGHTS, Encoder
from models.gate import Gate
from models.story import StoryReader
from pipelines import sift
from pipelines.extract import Extract
from spiders.warc import Warc

STAGES: tuple[tuple[str, Any, str], ...] = (
    ("read and unpack", Warc, "records"),
    ("language, by the bytes", sift, "is_foreign"),
    ("decode", sift, "decode"),
    ("markup to text", sift, "extract_plain_text"),
    ("language, by the text", sift, "_language"),
    ("words", Gate, "pairs"),
    ("extract", Extract, "__call__"),
    ("glance, its sentences", StoryReader, "glance"),
    ("read whole, its sentences", StoryReader, "judge"),
    ("encoder", Encoder, "answers"),
    ("store", run.Writer, "store"),
)


class Clock:
    """Adds up each stage's own seconds; the encoder's are named by who asked it."""

    def __init__(self) -> None:
        self._under_way: list[str] = []
        self.start()

    def start(self) -> None:
        self.own: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self._since = time.process_time()

    def turn(self) -> None:
        now = time.process_time()
        self.own[self._under_way[-1] if self._under_way else "all else"] += now - self._since
        self._since = now

    @contextmanager
    def within(self, stage: str) -> Iterator[None]:
        asker = self._under_way[-1].partition(",")[0] if self._under_way else ""
        self.turn()
        self._under_way.append(f"{asker}, the encoder" if stage == "encoder" and asker else stage)
        self.calls[self._under_way[-1]] += 1
        try:
            yield
        finally:
            self.turn()
            self._under_way.pop()


def _around(clock: Clock, stage: str, work: Callable) -> Callable:
    @wraps(work)
    def timed(*arguments, **named):
        with clock.within(stage):
            return work(*arguments, **named)

    return timed


def _around_each(clock: Clock, stage: str, work: Callable[..., Iterator]) -> Callable[..., Iterator]:
    """As `_around`, for a generator: what is done with each thing that it gives is not its own."""

    @wraps(work)
    def timed(*arguments, **named):
        given = work(*arguments, **named)
        while True:
            with clock.within(stage):
                found = next(given, None)
            if found is None:
                return
            yield found

    return timed


def measure(path: Path, languages: tuple[str, ...] = ("en", "zh")) -> tuple[Clock, Counter[str]]:
    """Does an archive's pages in this process, from the file to the database, after having done them once to be warm."""
    judge, threshold, clock = (
        Judge(Asked(languages=languages), str(WEIGHTS), ALARMS),
        Encoder().threshold(ALARMS),
        Clock(),
    )
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        for stage, place, name in STAGES:
            around = _around_each if place is Warc else _around
            stack.enter_context(patch.object(place, name, around(clock, stage, getattr(place, name))))
        for number in range(2):
            store = stack.enter_context(closing(Store(Path(folder) / f"{number}.db")))
            clock.start()
            outcome = judge.judge(open_archive(str(path)).warc.records())
            run.Writer(store, threshold).store(str(path), outcome.stories, outcome.bad)
            clock.turn()
        return clock, outcome.counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.warc.gz"
        archive.make(path, given.pages, given.seed)
        clock, counts = measure(path)
    total = sum(clock.own.values())
    for stage, seconds in clock.own.most_common():
        print(
            f"{stage:32} {clock.calls[stage]:6} calls {1000 * seconds / given.pages:7.3f} ms a page {seconds / total:6.1%}"
        )
    print(f"{1000 * total / given.pages:.2f} ms a page; {dict(counts)}")
    stages = {name: {"seconds": round(clock.own[name], 4), "calls": clock.calls[name]} for name in clock.own}
    write("stages", {"pages": given.pages, "counts": dict(counts), "stages": stages})


if __name__ == "__main__":
    main()
