"""The archive's folder: WARC files by day and number, appended to by one process each, the oldest deleted first.

A record is written in one piece behind the last whole one. What a killed process has left half written is cut off when
the file is opened the next time.
"""

from __future__ import annotations

import fcntl
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from founderwatch.archive import records
from founderwatch.archive.records import Unreadable
from founderwatch.items import Capture, Page, Story

_NAME = re.compile(r"founderwatch-(\d{8})-(\d{5})\.warc\.gz")
_MAGIC = b"\x1f\x8b\x08"
_BEGINNING = b"WARC/1."
_BLOCK = 1 << 20


class Writer:
    """Appends pages; a new file is begun each day (UTC) and at `file_size` bytes.

    A file that another process has open is left to it: its neighbour with the next number is taken.
    """

    def __init__(self, folder: Path, file_size: int):
        self.folder = folder
        self.file_size = file_size
        self._file: int | None = None
        self._name = ""
        self._end = 0

    def keep(self, page: Page, notes: tuple[str, ...] = ()) -> Capture:
        """Writes a page behind the others; raises OSError, after which the file is as it was before."""
        self._turn(datetime.now(UTC))
        return Capture(self._name, *self._append(records.packed(page, notes)))

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _turn(self, now: datetime) -> None:
        """Makes sure that a file of this day with room is open."""
        if self._file is not None and self._end < self.file_size and self._name.startswith(_prefix(now.date())):
            return
        self.close()
        self.folder.mkdir(parents=True, exist_ok=True)
        number = max((n for _, day, n in _files(self.folder) if day == now.date()), default=1)
        while not self._open(f"{_prefix(now.date())}{number:05}.warc.gz"):
            number += 1
        if self._end == 0:
            self._append(records.opening(now))

    def _open(self, name: str) -> bool:
        """Opens a file of the folder, unless it is full or another process writes to it."""
        file = os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            end = _whole(file)
            if end < os.fstat(file).st_size:
                os.ftruncate(file, end)
        except BlockingIOError:
            os.close(file)
            return False
        except BaseException:
            os.close(file)
            raise
        if end >= self.file_size:
            os.close(file)
            return False
        self._file, self._name, self._end = file, name, end
        return True

    def _append(self, data: bytes) -> tuple[int, int]:
        """Writes all of it at the end, or nothing; gives its first byte and its length."""
        assert self._file is not None
        start, done = self._end, 0
        try:
            while done < len(data):
                done += os.pwrite(self._file, data[done:], start + done)
        except BaseException:
            with suppress(OSError):
                os.ftruncate(self._file, start)
            raise
        self._end = start + done
        return start, done


def read(folder: Path, capture: Capture) -> Story:
    """The story as it was when its page was kept; raises Unreadable where that is gone or damaged."""
    if not _NAME.fullmatch(capture.file):
        raise Unreadable(f"{capture.file!r} is no file of the archive")
    path = folder / capture.file
    try:
        with path.open("rb") as stream:
            stream.seek(capture.offset)
            data = stream.read(capture.length)
    except FileNotFoundError:
        raise Unreadable(f"{path} is gone", gone=True) from None
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        return records.read(data).grown(capture=capture)
    except Unreadable as error:
        raise Unreadable(f"{path}, byte {capture.offset}: {error}") from error


def blank(folder: Path, captures: Iterable[Capture]) -> None:
    """Overwrites pages that must not be kept any longer; their neighbours stay where they are. Raises OSError."""
    for capture in captures:
        path = folder / capture.file
        if not _NAME.fullmatch(capture.file) or not path.exists():
            continue
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            if os.fstat(file).st_size >= capture.offset + capture.length:
                os.pwrite(file, records.filler(capture.length, datetime.now(UTC)), capture.offset)
                os.fsync(file)
        finally:
            os.close(file)


@dataclass(frozen=True, slots=True)
class Usage:
    """How much a folder holds."""

    files: int
    bytes: int
    oldest: date | None


def usage(folder: Path) -> Usage:
    """Counts the archive's files; a folder that does not exist holds none."""
    found = [(path.stat().st_size, day) for path, day, _ in _files(folder)]
    return Usage(len(found), sum(size for size, _ in found), min((day for _, day in found), default=None))


def outdated(folder: Path, age: timedelta | None, size: int | None, today: date | None = None) -> list[Path]:
    """The files that are older than `age`, and the oldest ones while all together are larger than `size`."""
    today = today or datetime.now(UTC).date()
    found = sorted(_files(folder), key=lambda one: one[1:])
    old = [path for path, day, _ in found if age is not None and today - day > age]
    rest = [(path, path.stat().st_size) for path, _, _ in found if path not in old]
    together = sum(length for _, length in rest)
    for path, length in rest:
        if size is None or together <= size:
            break
        old.append(path)
        together -= length
    return old


def delete(path: Path) -> bool:
    """Deletes a file, unless a process is writing to it; says whether it is gone."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
        return True
    except BlockingIOError:
        return False
    finally:
        os.close(file)


def _prefix(day: date) -> str:
    return f"founderwatch-{day:%Y%m%d}-"


def _files(folder: Path) -> Iterator[tuple[Path, date, int]]:
    """The archive's files with day and number; what else lies in the folder is not touched."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        match = _NAME.fullmatch(path.name)
        if match is None:
            continue
        with suppress(ValueError):
            yield path, datetime.strptime(match[1], "%Y%m%d").date(), int(match[2])


def _whole(file: int) -> int:
    """The byte behind the last whole record of a file; what follows is torn or no record."""
    size = os.fstat(file).st_size
    after, base = b"", size
    while base > 0:
        start = max(0, base - _BLOCK)
        window = os.pread(file, base - start, start) + after
        at = window.rfind(_MAGIC)
        while at >= 0:
            end = _record_end(file, start + at)
            if end is not None:
                return end or start + at
            at = window.rfind(_MAGIC, 0, at + len(_MAGIC) - 1)
        after, base = window[: len(_MAGIC) - 1], start
    return 0


def _record_end(file: int, start: int) -> int | None:
    """The byte behind the record that begins here: 0 where it is torn, None where none begins."""
    unpacking = zlib.decompressobj(31)
    at, head = start, b""
    try:
        while not unpacking.eof and (block := os.pread(file, _BLOCK, at)):
            at += len(block)
            head = (head + unpacking.decompress(block))[: len(_BEGINNING)]
    except zlib.error:
        pass
    if head != _BEGINNING:
        return None  # the three bytes stand within a record by chance
    return at - len(unpacking.unused_data) if unpacking.eof else 0
