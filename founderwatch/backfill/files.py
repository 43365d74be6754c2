"""Finds the archives that a back-fill is given, and opens them."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from spiders.warc import Warc, WarcError

ENDINGS = (".warc", ".warc.gz", ".warc.zst")


def find(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """The files behind paths, folders and patterns, each once and in order; and the names behind which there are none."""
    found: dict[str, None] = {}
    missing = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            there = sorted(str(p) for p in path.rglob("*") if p.name.endswith(ENDINGS) and p.is_file())
        elif path.is_file():
            there = [name]
        else:
            there = sorted(p for p in glob.glob(name, recursive=True) if Path(p).is_file())
        if not there:
            missing.append(name)
        found |= dict.fromkeys(str(Path(p).resolve()) for p in there)
    return list(found), missing


@lru_cache(2)
def open_warc(name: str) -> Warc:
    """The archive at a path, ready to be read from any byte; raises WarcError."""

    def open_at(position: int) -> BinaryIO:
        stream = Path(name).open("rb")  # noqa: SIM115 -- who reads closes it
        stream.seek(position)
        return stream

    try:
        return Warc(name, open_at)
    except OSError as error:
        raise WarcError(f"{name}: {error.strerror or error}") from error


def size(name: str) -> int | None:
    """The file's bytes."""
    return Path(name).stat().st_size
