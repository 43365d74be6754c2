"""What is to be repeated, and how often; knows neither cron nor systemd."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

# Intervals that part an hour or a day evenly: cron can say no others.
MINUTES = {f"{m}m": m for m in (5, 10, 15, 20, 30)} | {f"{h}h": 60 * h for h in (1, 2, 3, 4, 6, 8, 12, 24)}


class ScheduleError(RuntimeError):
    """The schedule cannot be read or changed; the message says why and what to do."""


@dataclass(frozen=True)
class Job:
    """A crawl into one database, to be repeated; the paths are absolute."""

    database: Path
    config: Path | None
    minutes: int

    def __post_init__(self):
        for text in self.command:
            if any(ord(c) < 32 or c == "\x7f" for c in text):
                raise ScheduleError(f"{text!r} holds a control character, which no schedule can carry: rename it")

    @property
    def command(self) -> list[str]:
        """The interpreter that runs now, so that a schedule needs no PATH; a run ends before the next is due."""
        # -P: a folder `models` in the home directory, where cron starts, must not stand in for ours.
        named = ["--config", str(self.config)] if self.config else []
        crawl = ["crawl", "--due", "--quiet", "--for", f"{self.minutes - 1}m", *named, "--db", str(self.database)]
        return [sys.executable, "-P", "-m", "founderwatch", *crawl]

    @property
    def digest(self) -> int:
        """A number that stays with the database: it names the timer and sets the minute."""
        return int(hashlib.sha256(str(self.database).encode("utf-8", "surrogateescape")).hexdigest()[:8], 16)
