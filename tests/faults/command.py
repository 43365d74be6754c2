"""Runs founderwatch's commands as processes of their own, under limits, or until they are killed."""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.forked import CONTEXT, run_command

LONGEST = 1200  # seconds: what hangs is ended, a slow machine is not


@dataclass(frozen=True)
class Done:
    """What a command printed, and its status; None where it was killed."""

    returncode: int | None
    stdout: str
    stderr: str


def founderwatch(*arguments: object, limits: Mapping[int, int] | None = None, kill_after: float | None = None) -> Done:
    """Runs a command in the present folder, under these limits (resource.RLIMIT_…), or kills it after so many seconds."""
    with tempfile.TemporaryDirectory() as place:
        out, err = Path(place, "out"), Path(place, "err")
        given = [*map(str, arguments)], os.getcwd(), dict(os.environ), out, err
        process = CONTEXT.Process(target=_limited, args=(dict(limits or {}), *given))
        process.start()
        process.join(kill_after or LONGEST)
        killed = process.exitcode is None
        if killed:
            process.kill()
            process.join()
        said = [path.read_text(encoding="utf-8") if path.exists() else "" for path in (out, err)]
    if killed and kill_after is None:
        raise TimeoutError(f"{arguments} took longer than {LONGEST} s: {said}")
    if "Traceback" in said[1]:
        raise AssertionError(said[1])
    return Done(None if killed else process.exitcode, *said)


def _limited(limits: dict[int, int], *given) -> None:
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))
    run_command(*given)
