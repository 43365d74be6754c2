"""Finds the archives that a back-fill is given, and opens them: on disk, at an address, in a cloud's storage."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from spiders.remote import RemoteFile
from spiders.warc import Warc, WarcError

ENDINGS = (".warc", ".warc.gz", ".warc.zst")
_WEB = re.compile(r"https?://", re.IGNORECASE)
_STORAGE = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)  # s3://, gs://: what fsspec knows


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be asked of the network: hosts of this machine and private networks that the registry names, and as whom."""

    allowed: frozenset[str] = frozenset()
    contact: str | None = None


PUBLIC = Reach()


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive, ready to be read; `size` is None where a host does not say."""

    warc: Warc
    size: int | None


def find(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """The files behind paths, folders, patterns and addresses, each once; and the names behind which there are none."""
    found: dict[str, None] = {}
    missing = []
    for name in names:
        if _STORAGE.match(name):
            found[name] = None
            continue
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


@lru_cache(4)
def open_archive(name: str, reach: Reach = PUBLIC) -> Archive:
    """The archive behind a name; raises WarcError with the reason where it cannot be read."""
    try:
        if _WEB.match(name):
            remote = RemoteFile(name, reach.allowed, reach.contact)
            return Archive(Warc(name, remote.open, remote.parted), remote.size)  # type: ignore[arg-type]
        if _STORAGE.match(name):
            return _stored(name)
        return Archive(Warc(name, lambda position: _at(Path(name).open("rb"), position)), Path(name).stat().st_size)
    except OSError as error:
        raise WarcError(f"{name}: {error.strerror or error}") from error


def _stored(name: str) -> Archive:
    """An archive in a storage that fsspec knows."""
    try:
        import fsspec  # noqa: PLC0415 -- comes with the extra
    except ImportError:
        raise WarcError(f"{name}: needs fsspec; pip install 'founderwatch[cluster]'") from None
    try:
        system, path = fsspec.core.url_to_fs(name)
    except (ImportError, ValueError) as error:
        raise WarcError(f"{name}: {error}") from error
    return Archive(Warc(name, lambda position: _at(system.open(path, "rb"), position)), system.size(path))


def _at(stream: BinaryIO, position: int) -> BinaryIO:
    stream.seek(position)
    return stream


def size(name: str) -> int | None:
    """A local file's bytes, which tell how much there is to do; None for what would have to be asked for."""
    if _STORAGE.match(name):
        return None
    try:
        return os.stat(name).st_size
    except OSError:
        return 0
