"""Gold stories hidden among very many pages, and what a worker's memory does meanwhile: python -m benchmarks.haystack --pages 1000000

Makes archives of 20,000 pages with seeds of their own, each while the one before it is read, into one database; at the end `scan`
reads the gold stories alone. What it flags there should be stored, and flagged, at every page that tells it. Prints after each
archive how many pages a second were read, and the memory of the largest worker and of the process that stores. A run that is
cut short by --minutes tells of the pages that it has read. Writes benchmarks/results/haystack.json.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil

from benchmarks import archive
from benchmarks.results import write
from benchmarks.throughput import gold_by_scan
from founderwatch.backfill.judge import Asked, Judge
from founderwatch.backfill.run import Backfill
from founderwatch.commands.backfill import LIFETIME
from founderwatch.database.store import Store
from models.encoder import ALARMS, WEIGHTS, Encoder
from pipelines.workers import Workers, cores

_PART = 20_000  # pages


def memory() -> dict[str, int]:
    """Bytes that the largest worker and this process hold."""
    mine = psutil.Process()
    workers = [c.memory_info().rss for c in mine.children(recursive=True) if "spawn_main" in " ".join(c.cmdline())]
    return {"worker": max(workers, default=0), "parent": mine.memory_info().rss}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=cores())
    parser.add_argument("--minutes", type=float, default=24 * 60.0)
    parser.add_argument("--seed", type=int, default=1000)
    given = parser.parse_args()
    parts = max(1, given.pages // _PART)
    size = given.pages // parts
    gold: list[dict] = []
    course: list[dict] = []
    asked = Asked(languages=("en", "zh"))
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Store(Path(folder) / "made.db")) as store,
        Workers(Judge, (asked, str(WEIGHTS), ALARMS), given.workers, lifetime=LIFETIME) as pool,
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as maker,
    ):
        paths = [Path(folder) / f"{number}.warc.gz" for number in range(parts)]
        run = Backfill(store, Encoder().threshold(ALARMS), pool, "benchmark")
        began = time.monotonic()
        made = maker.submit(archive.make, paths[0], size, given.seed)
        for number, path in enumerate(paths):
            gold += made.result()
            if number + 1 < parts:
                made = maker.submit(archive.make, paths[number + 1], size, given.seed + number + 1)
            started = time.perf_counter()
            run.run([str(path)])
            rate = size / (time.perf_counter() - started)
            course.append({"pages": run.report.counts["pages"], "rate": round(rate, 1)} | memory())
            now = course[-1]
            print(
                f"{now['pages']:>9,} pages, {rate:5.0f} a second, worker {now['worker'] / 1e6:.0f} MB, parent {now['parent'] / 1e6:.0f} MB,"
                f" {run.report.counts['stored']} stored, {run.report.counts['flagged']} flagged",
                flush=True,
            )
            path.unlink()
            if time.monotonic() - began > 60 * given.minutes:
                break
        made.cancel()
        told = "select d.url from addresses d join articles a on a.id = d.article"
        stored = {url for (url,) in store.db.execute(told)}
        flagged = {url for (url,) in store.db.execute(f"{told} join assessments s on s.article = a.id where s.flagged")}
        counts = dict(run.report.counts)
    scanned = gold_by_scan(gold)
    wanted = [page["url"] for page in gold if page["story"] in scanned]
    recall = {
        "gold pages": len(gold),
        "stories": len({page["story"] for page in gold}),
        "flagged by scan": len(wanted),
        "of these stored": sum(url in stored for url in wanted),
        "of these flagged": sum(url in flagged for url in wanted),
    }
    print(recall)
    write("haystack", {"workers": given.workers, "counts": counts, "course": course, "recall": recall})


if __name__ == "__main__":
    main()
