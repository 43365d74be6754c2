"""Runs founderwatch's commands as processes of their own that need not read their libraries first."""

from __future__ import annotations

import multiprocessing
import os
import resource
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_READ_BEFORE = [
    "tests.faults.command", "founderwatch.cli", "founderwatch.commands.crawl", "founderwatch.commands.scan",
    "founderwatch.commands.doctor", "founderwatch.commands.backup", "models.story", "models.encoder", "spiders.crawl",
]  # fmt: skip
LONGEST = 300  # seconds


@dataclass(frozen=True)
class Done:
    """What a command printed, and its status; None where it was killed."""

    returncode: int | None
    stdout: str
    stderr: str


def founderwatch(*arguments: object, limits: Mapping[int, int] | None = None, kill_after: float | None = None) -> Done:
    """Runs a command in the present folder, under these limits (resource.RLIMIT_…), or kills it after so many seconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_READ_BEFORE)
    with tempfile.TemporaryDirectory() as place:
        files = Path(place, "out"), Path(place, "err")
        process = context.Process(
            target=_run, args=(os.getcwd(), [*map(str, arguments)], files, dict(limits or {}), dict(os.environ))
        )
        process.start()
        process.join(kill_after or LONGEST)
        killed = process.is_alive()
        if killed:
            process.kill()
            process.join()
        said = [path.read_text(encoding="utf-8") if path.exists() else "" for path in files]
    if killed and kill_after is None:
        raise TimeoutError(f"{arguments} took longer than {LONGEST} s: {said}")
    done = Done(None if killed else process.exitcode, *said)
    if "Traceback" in done.stderr:
        raise AssertionError(done.stderr)
    return done


def _run(
    folder: str, arguments: list[str], files: tuple[Path, Path], limits: dict[int, int], environment: dict[str, str]
) -> None:
    from founderwatch.cli import main, run

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate(files, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))
    import sys

    sys.argv = ["founderwatch", *arguments]
    assert main
    run()
