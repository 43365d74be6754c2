"""Where the benchmarks write what they measured, with the machine that they ran on."""

from __future__ import annotations

import json
import platform
from datetime import UTC, datetime
from pathlib import Path

from pipelines.workers import cores

FOLDER = Path(__file__).parent / "results"


def machine() -> str:
    """The processor's name and how many of its cores this process may use."""
    name = platform.processor() or platform.machine()
    for line in (
        Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else ()
    ):
        if line.startswith("model name"):
            name = line.partition(":")[2].strip()
            break
    return f"{name}, {cores()} cores, Python {platform.python_version()}"


def write(name: str, result: dict) -> None:
    """Keeps a result, for `python -m benchmarks.report`."""
    FOLDER.mkdir(exist_ok=True)
    result = {"machine": machine(), "date": f"{datetime.now(UTC):%Y-%m-%d}"} | result
    (FOLDER / f"{name}.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(name: str) -> dict | None:
    """A result that was kept, or None."""
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
