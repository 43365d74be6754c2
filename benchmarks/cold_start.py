"""How long commands take that do next to nothing: python -m benchmarks.cold_start. Writes benchmarks/results/cold_start.json."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import archive
from benchmarks.results import write

_TIMES = 3


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        story, made = Path(folder) / "story.txt", Path(folder) / "made.warc.gz"
        story.write_text("Zhou Chang has left Orrin Cloud to start a company of her own.\n", encoding="utf-8")
        archive.make(made, 5)
        database = ["--db", f"{folder}/made.db"]
        commands = {
            "--help": ["--help"],
            "events, empty database": ["events", *database],
            "scan, one short story": ["scan", str(story)],
            "backfill, five pages, one worker": ["backfill", str(made), "--workers", "1", "--quiet", *database],
        }
        subprocess.run([sys.executable, "-m", "founderwatch", "backfill", str(made), "--quiet", *database], check=True)
        rows = {}
        for name, words in commands.items():
            walls, cpus = [], []
            for _ in range(_TIMES):
                before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
                subprocess.run([sys.executable, "-m", "founderwatch", *words], check=False, capture_output=True)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                walls.append(time.perf_counter() - began)
                cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
            rows[name] = {"seconds": statistics.median(walls), "processor": statistics.median(cpus)}
            print(
                f"{name}: {rows[name]['seconds']:.2f} s, {rows[name]['processor']:.2f} s of the processor", flush=True
            )
    write("cold_start", {"rows": rows})


if __name__ == "__main__":
    main()
