"""Where fetched pages are kept, and for how long: the [archive] table of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path

from founderwatch.alerts import keys


@dataclass(frozen=True)
class Keeping:
    """What is kept of fetched pages; None switches a limit off. Sizes are in bytes."""

    keep: bool = True
    folder: Path | None = None  # beside the database unless named
    age: timedelta | None = timedelta(days=365)
    size: int | None = 20 * 10**9
    file_size: int = 200 * 10**6  # at which a new file is begun


def parse(table: Mapping, beside: Path) -> Keeping:
    """Reads the [archive] table, in which paths are relative to `beside`; KeyMistake tells what is wrong."""
    keys.known(table, [field.name for field in fields(Keeping)])
    readers = {
        "keep": keys.truth,
        "folder": lambda table, key: beside / Path(keys.text(table, key)).expanduser(),
        "age": keys.span_or_off,
        "size": keys.size_or_off,
        "file_size": keys.size,
    }
    return Keeping(**{key: readers[key](table, key) for key in table})
