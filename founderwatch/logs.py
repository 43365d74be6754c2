"""What commands say besides their results: one line an event, as text or as JSON, and never with a secret in it."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

_HIDDEN = "(secret)"
_SHORTEST = 6  # a shorter text stands in every second word
_secrets: set[str] = set()


def hide(secrets: Iterable[str | None]) -> None:
    """Lets none of these appear in any line from now on."""
    _secrets.update(secret for secret in secrets if secret and len(secret) >= _SHORTEST)


class Lines(io.TextIOBase):
    """Passes whole lines on to a stream without secrets; `command`: as JSON objects that name it."""

    def __init__(self, stream: TextIO, command: str | None = None, level: str = "info"):
        self.stream = stream
        self.command = command
        self.level = level
        self._begun = ""

    def write(self, text: str) -> int:
        *whole, self._begun = (self._begun + text).split("\n")
        for line in whole:
            self._pass(line)
        self.stream.flush()
        return len(text)

    def flush(self) -> None:
        if self._begun and self.command is None:  # a question waits on its line for the answer
            self.stream.write(_without_secrets(self._begun))
            self._begun = ""
        self.stream.flush()

    def end(self) -> None:
        """Passes on what has no end of line."""
        if self._begun:
            self._pass(self._begun)
            self._begun = ""

    def fileno(self) -> int:
        return self.stream.fileno()

    def isatty(self) -> bool:
        return self.command is None and self.stream.isatty()

    @property
    def encoding(self) -> str:
        return self.stream.encoding

    def _pass(self, line: str) -> None:
        line = _without_secrets(line)
        if self.command is None:
            self.stream.write(line + "\n")
        elif line.strip():
            said = {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "level": self.level,
                "command": self.command,
                "message": line.removeprefix("founderwatch: "),
            }
            self.stream.write(json.dumps(said, ensure_ascii=False) + "\n")


# Commands whose standard output is a report and no result that a program reads.
_REPORTING = {"crawl", "backup", "restore", "vacuum", "backfill", "rescan"}


def begin(command: str, in_json: bool) -> list[Lines]:
    """Lets what is said pass through here; with `in_json`, as JSON Lines on standard error, and on standard output
    where a command reports there."""
    wrapped = [Lines(sys.stderr, command if in_json else None, "error")]
    sys.stderr = wrapped[0]
    if in_json and command in _REPORTING:
        wrapped.append(Lines(sys.stdout, command))
        sys.stdout = wrapped[1]
    return wrapped


def _without_secrets(line: str) -> str:
    for secret in sorted(_secrets, key=len, reverse=True):
        line = line.replace(secret, _HIDDEN)
    return line
