"""Processes that start in no time: each is forked from one that has imported everything and done nothing.

Twisted's reactor starts once in a process, so each crawl of a test needs one of its own.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["founderwatch.commands.crawl", "models.story", "pipelines.extract", "spiders.crawl", "tests.crawling"]
)


@dataclass(frozen=True)
class Done:
    """What a command printed, and how it ended."""

    returncode: int
    stdout: str
    stderr: str


def founderwatch(*arguments: object, folder: Path, longest: float = 120, **environment: str) -> Done:
    """Runs the console command in a folder; raises TimeoutError where it takes too long."""
    with tempfile.TemporaryDirectory() as room:
        out, err = Path(room) / "out", Path(room) / "err"
        process = CONTEXT.Process(
            target=run_command, args=(list(map(str, arguments)), str(folder), environment, out, err)
        )
        process.start()
        process.join(longest)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"founderwatch {' '.join(map(str, arguments))} took longer than {longest} s")
        return Done(process.exitcode, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))


def run_command(arguments: list[str], folder: str, environment: dict[str, str], out: Path, err: Path) -> None:
    """Is the console command, in this process, which a test may kill."""
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", buffering=1)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", buffering=1)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["founderwatch", *arguments]
    from founderwatch.cli import run

    run()
