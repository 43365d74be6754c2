"""Back-fill against extraction alone, on one made archive, in one run: python -m benchmarks.throughput --pages 100000

Rows: trafilatura alone in as many processes; back-fill; back-fill with --all; both on English and Chinese pages alone;
back-fill with one worker. Each begins with warm workers and an empty database. `processor` is the time that all processes
computed, which other programs on the machine lengthen less than the clock's. Writes benchmarks/results/throughput.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import trafilatura

from benchmarks import archive
from benchmarks.results import write
from founderwatch.backfill.files import open_archive
from founderwatch.backfill.judge import Asked, Batch, Judge, Span
from founderwatch.backfill.run import SPAN, Backfill
from founderwatch.database.store import Store
from models.encoder import ALARMS, WEIGHTS, Encoder
from models.story import StoryReader
from pipelines.workers import Workers, cores


def alone(fast: bool) -> Callable[[Span], int]:
    """What a worker of trafilatura alone does: reads its pages and extracts text and metadata."""

    def work(task: Span) -> int:
        count = 0
        for record in open_archive(task.file).warc.records(task.start, task.end):
            if record.page:
                trafilatura.extract(record.page.body, url=record.page.url, with_metadata=True, fast=fast)
                count += 1
        return count

    return work


def processor() -> float:
    """Seconds that this process and its workers have computed."""
    processes = [psutil.Process(), *psutil.Process().children()]
    return sum(times.user + times.system for times in (p.cpu_times() for p in processes))


def extraction(path: Path, workers: int, fast: bool = False) -> dict:
    """Pages a second of trafilatura alone."""
    size = path.stat().st_size
    with Workers(alone, (fast,), workers) as pool:
        list(pool.ordered([Span(str(path), 0, 1)] * workers))  # warm
        began, computed = time.perf_counter(), processor()
        count = sum(
            done for _, done in pool.ordered([Span(str(path), at, min(at + SPAN, size)) for at in range(0, size, SPAN)])
        )
        return {"pages": count, "seconds": time.perf_counter() - began, "processor": processor() - computed}


def backfill(path: Path, workers: int, everything: bool = False) -> dict:
    """Pages a second of the whole way into a database, the gold stories found, and the largest worker's memory."""
    asked = Asked(None, None, () if everything else ("en", "zh"), (), False, everything)
    peak = 0
    with tempfile.TemporaryDirectory() as folder, Workers(Judge, (asked, str(WEIGHTS), ALARMS), workers) as pool:
        store = Store(Path(folder) / "made.db")
        list(pool.ordered([Batch("", (), 0)] * workers))  # warm
        memory: list[int] = []

        def watch(_) -> None:
            memory.append(max((c.memory_info().rss for c in psutil.Process().children()), default=0))

        run = Backfill(store, Encoder().threshold(ALARMS), pool, "benchmark", on_progress=watch)
        began, computed = time.perf_counter(), processor()
        report = run.run([str(path)])
        seconds, computed = time.perf_counter() - began, processor() - computed
        flagged = {
            row["url"]
            for row in store.db.query(
                "select a.url from articles a join assessments s on s.article = a.id where s.flagged"
            )
        }
        stored = {row["url"] for row in store.db.query("select url from articles")}
        store.close()
        peak = max(memory, default=0)
    counts = {k: report.counts[k] for k in ("pages", "candidates", "stored", "flagged", "bad")}
    return counts | {
        "seconds": seconds,
        "processor": computed,
        "memory": peak,
        "memory_course": memory[:: max(1, len(memory) // 50)],
        "flagged_urls": flagged,
        "urls": stored,
    }


def gold_by_scan(gold: list[dict]) -> set[str]:
    """The gold stories of the archive that `scan` flags when it reads them by themselves."""
    from models.training import corpus  # noqa: PLC0415 -- seconds

    told = {page["story"] for page in gold}
    reader = StoryReader(Encoder(threads=1))
    records = [r for r in corpus.read() if r.where in told]
    return {r.where for r in records if reader.judge(r.title, r.body, r.language, r.moment).flagged}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=cores())
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rows, recall = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        mixed, read = Path(folder) / "mixed.warc.gz", Path(folder) / "read.warc.gz"
        gold = archive.make(mixed, given.pages, given.seed)
        archive.make(read, given.pages // 2, given.seed, "read")
        plans: list[tuple[str, Callable[[], dict]]] = [
            ("trafilatura alone", lambda: extraction(mixed, given.workers)),
            ("back-fill", lambda: backfill(mixed, given.workers)),
            ("back-fill, 1 worker", lambda: backfill(mixed, 1)),
            ("trafilatura alone, English and Chinese", lambda: extraction(read, given.workers)),
            ("back-fill, English and Chinese", lambda: backfill(read, given.workers)),
            ("back-fill --all", lambda: backfill(mixed, given.workers, True)),
        ]
        for name, plan in plans:
            rows[name] = plan()
            rate = rows[name]["pages"] / rows[name]["seconds"]
            print(
                f"{name}: {rate:.1f} pages a second",
                {k: v for k, v in rows[name].items() if isinstance(v, int)},
                flush=True,
            )
        scanned = gold_by_scan(gold)
        wanted = [page for page in gold if page["story"] in scanned]
        stored = rows["back-fill"]["urls"]
        flagged = rows["back-fill"]["flagged_urls"]
        recall = {
            "gold": len(gold),
            "flagged by scan": len(wanted),
            "of these stored": sum(p["url"] in stored for p in wanted),
            "of these flagged": sum(p["url"] in flagged for p in wanted),
        }
    rows = {name: {k: v for k, v in row.items() if not isinstance(v, set)} for name, row in rows.items()}
    print(json.dumps(recall))
    write("throughput", {"pages": given.pages, "workers": given.workers, "rows": rows, "recall": recall})


if __name__ == "__main__":
    main()
