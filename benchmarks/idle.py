"""What a scheduled crawl costs that finds nothing new: python -m benchmarks.idle. Writes benchmarks/results/idle.json.

Each of 150 sources is a site of its own on loopback, whose feed names twenty stories that are all stored. A third of the
sites answer 304, a third send the same bytes again, and a third date their feed anew, so that it is read. The sites run in
another process; the crawl is the line of the crontab.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.results import write
from benchmarks.served import served
from founderwatch.database.store import Store
from tests.judged import THRESHOLD, story
from tests.site import Answer, Asked, Page, feed, site

_STORIES = 20


def _channel(kind: int) -> Page:
    same = feed(*((f"Story {n}", f"/story/{n}") for n in range(_STORIES)))

    def answer(asked: Asked) -> Answer:
        if kind == 0 and asked.headers.get("if-none-match") == '"1"':
            return Answer(status=304)
        stamp = f"<!-- {time.time_ns()} -->".encode() if kind == 2 else b""
        return Answer(same.body + stamp, headers={**same.headers, **({"ETag": '"1"'} if kind == 0 else {})})

    return answer


def _serve(sources: int, there) -> None:
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                site({"/feed": _channel(number % 3), "/robots.txt": Answer(b"User-agent: *\nAllow: /\n")})
            )
            for number in range(sources)
        ]
        there.send([(one.base, one.registry("/feed", name=f"site{number}")) for number, one in enumerate(running)])
        time.sleep(3600)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    walls, cpus = [], []
    with served(_serve, options.sources) as sites, tempfile.TemporaryDirectory() as folder:
        registry, database = Path(folder, "sources.toml"), Path(folder, "x.db")
        registry.write_text("".join(text for _, text in sites), encoding="utf-8")
        days = (datetime.now(UTC) - datetime(2026, 7, 6, tzinfo=UTC)) // timedelta(days=1)
        with closing(Store(database)) as store:
            store.save_all(
                (
                    story(f"{base}/story/{n}", title=f"Story {n} of {base}", days=days)
                    for base, _ in sites
                    for n in range(_STORIES)
                ),
                THRESHOLD,
                lambda *_: None,
            )
        command = [sys.executable, "-m", "founderwatch", "crawl", "--due", "--for", "4m", "--sources", str(registry)]
        for number in range(options.rounds + 1):
            began = time.monotonic()
            process = subprocess.Popen([*command, "--db", str(database)], stdout=subprocess.PIPE, text=True)
            said = process.stdout.read().strip()
            _, status, used = os.wait4(process.pid, 0)
            wall, cpu = time.monotonic() - began, used.ru_utime + used.ru_stime
            print(
                f"{'first' if number == 0 else 'idle'}: {wall:.1f} s, {cpu:.1f} s of the processor: {said}", flush=True
            )
            if status or f"{options.sources} sources" not in said or " 0 new" not in said:
                return 1
            if number:
                walls.append(wall)
                cpus.append(cpu)
    load = os.getloadavg()[0]
    result = {
        "sources": options.sources,
        "seconds": statistics.median(walls),
        "processor": statistics.median(cpus),
        "load": load,
    }
    write("idle", result)
    print(f"median: {result['seconds']:.1f} s, {result['processor']:.1f} s of the processor, at a load of {load:.1f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
