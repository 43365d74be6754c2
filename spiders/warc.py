"""Reads the pages out of a WARC file, from any byte of it on, whatever is broken in it.

Each record of a usual archive is a gzip member or zstd frame of its own, so that reading can begin at any of them: a
file is parted into spans that several processes read at once, and reading goes on behind what is damaged. Of a file
that was packed as a whole only the beginning can be found; it is read in one go.
"""

from __future__ import annotations

import hashlib
import io
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from fastwarc.stream_io import BrotliReader, ChunkedReader, GzipReader, ZstdReader
from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from founderwatch.items import Page

LARGEST = 10_000_000  # bytes of a page
_HEAD = 65_536  # bytes that HTTP headers may take
_WANTED = WarcRecordType.response | WarcRecordType.resource
_GZIP, _ZSTD, _ZSTD_DICTIONARY, _PLAIN = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x5d\x2a\x4d\x18", b"WARC/1."
_READERS = {_GZIP: GzipReader, _ZSTD: ZstdReader}
_BLOCK = 1 << 20
# A record inside another: its length is a lie. (Two line ends part records.)
_NESTED = re.compile(rb"\r\n\r\nWARC/1\.\d\r\nWARC-")
_CHUNK = re.compile(rb"[0-9a-fA-F]{1,8}[ \t]*(?:;[^\r\n]{0,200})?\r\n")
_HTML = ("text/html", "application/xhtml+xml")


class WarcError(ValueError):
    """The file is no WARC file, or cannot be read; the message says which and why."""


class _Damaged(Exception):
    """A record cannot be used; reading goes on at the next that can be found."""


class _BreaksOff(Exception):
    """The file ends within a record."""


@dataclass(frozen=True, slots=True)
class Record:
    """A page, or a record of which none came and why. `position`: the byte at which it can be found again.

    `number` counts the records that may hold a page, from where reading began. `cut`: the file ends within it.
    """

    position: int
    number: int
    page: Page | None = None
    url: str | None = None
    problem: str | None = None
    cut: bool = False


class Warc:
    """A WARC file that `open_at(byte)` opens; raises WarcError where it is none.

    `parted` is False where it can be read from its beginning only. A stream may have `broken`: why it gave up, which is
    no fault of the record that was being read.
    """

    def __init__(self, name: str, open_at: Callable[[int], BinaryIO], parted: bool = True):
        self.name = name
        self._open = open_at
        with open_at(0) as stream:
            head = _fully(stream, 4096)
        self._stream: BinaryIO | None = None
        self.fingerprint = hashlib.sha256(head).hexdigest()[:16]
        self.empty = not head
        self.packing = next((magic for magic in (_GZIP, _ZSTD, _PLAIN) if head.startswith(magic)), None)
        # A zstd file with a dictionary has it in front of the first record.
        self._dictionary = head.startswith(_ZSTD_DICTIONARY)
        if self._dictionary:
            self.packing = _ZSTD
        if self.packing is None and not self.empty:
            raise WarcError(f"{name}: not a WARC file (neither gzip nor zstd nor WARC/1 in front)")
        framed = self.packing == _PLAIN or (not self._dictionary and not self.empty and self._has_frames())
        self.parted = parted and framed

    def _has_frames(self) -> bool:
        """Whether each record can be found by itself."""
        with self._open(0) as stream:
            reader = _READERS[self.packing](stream)
            try:
                records = ArchiveIterator(reader, parse_http=False, stream_detect=False)
                starts = [reader.frame_start_position() for _, _ in zip(range(2), records, strict=False)]
            except OSError:
                return True  # damaged so early: look for what comes after
            return len(starts) < 2 or starts[0] != starts[1]

    def records(self, start: int = 0, end: int | None = None) -> Iterator[Record]:
        """The records that begin from `start` on and before `end`; of a file in one piece, all of them."""
        at: int | None = start if self.parted else 0
        if at:
            at = self._next(at, end)
        number = 0
        while at is not None and (end is None or at < end):
            last = at
            try:
                for position, found in self._read(at):
                    if self.parted and end is not None and position >= end:
                        return
                    last = position
                    record = _record(found, position, number)
                    if record is not None:
                        yield record
                    number += 1
                return
            except (_Damaged, _BreaksOff, OSError) as error:
                if broken := getattr(self._stream, "broken", None):
                    raise broken from None
                at = self._next(last + 1, end) if self.parted else None
                ends = isinstance(error, _BreaksOff) and not (self.parted and self._next(last + 1, None))
                yield Record(last, number, problem=str(error), cut=ends)
                number += 1

    def _read(self, start: int) -> Iterator[tuple[int, WarcRecord]]:
        with self._open(start) as stream:
            self._stream = stream
            packed = self.packing in _READERS
            reader = _READERS[self.packing](stream) if packed else stream
            for found in ArchiveIterator(reader, record_types=_WANTED, parse_http=False, stream_detect=False):
                yield (reader.frame_start_position() if packed else found.stream_pos), found

    def _next(self, start: int, end: int | None) -> int | None:
        """The first byte from `start` on, and before `end`, at which a record begins."""
        magic = b"\r\n\r\nWARC/1." if self.packing == _PLAIN else self.packing
        shift = 4 if self.packing == _PLAIN else 0
        start = max(0, start - shift)
        with self._open(start) as stream:
            window, base = b"", start
            while (end is None or base < end) and (block := stream.read(_BLOCK)):
                window += block
                at = window.find(magic)
                while at >= 0:
                    if shift or self._begins(base + at):
                        return base + at + shift
                    at = window.find(magic, at + 1)
                keep = min(len(window), len(magic) - 1)
                base += len(window) - keep
                window = window[len(window) - keep :]
        return None

    def _begins(self, position: int) -> bool:
        """Whether what looks like a frame's beginning unpacks to a record's."""
        with self._open(position) as stream:
            try:
                return _READERS[self.packing](stream).read(7).startswith(_PLAIN)
            except OSError:
                return False


def _fully(stream: BinaryIO, size: int) -> bytes:
    """So many bytes, also of a stream that gives fewer at a time."""
    data = b""
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    return data


def _record(found: WarcRecord, position: int, number: int) -> Record | None:
    """A page or a problem; None for what is meant to be no page: redirects, images, name look-ups."""
    headers = found.headers
    url = (headers.get("WARC-Target-URI") or "").strip().strip("<>")  # wget writes the brackets
    if url and not url.lower().startswith(("http:", "https:")):
        return None
    if headers.get("Content-Length") is None:
        raise _BreaksOff("the file ends within this record's header, or the record does not tell its length")
    length = found.content_length
    block = found.reader.read(min(length, LARGEST + _HEAD) + 1) if length else b""
    if _NESTED.search(block):
        raise _Damaged("the record holds others: its length is wrong")
    if len(block) < min(length, LARGEST + _HEAD):
        raise _BreaksOff(f"the file ends within this record, after {len(block):,} of {length:,} bytes")
    if not url:
        return Record(position, number, problem="the record names no address")
    if length > LARGEST + _HEAD:
        return Record(position, number, url=url, problem=f"larger than {LARGEST // 1_000_000} MB")
    status, kind, body = 200, (headers.get("Content-Type") or ""), block
    if block.startswith(b"HTTP/"):
        status, fields, body = _http(block)
        kind = fields.get(b"content-type", b"").decode("latin-1")
        if status == 200:
            try:
                body = _unpacked(body, fields)
            except (OSError, zlib.error) as error:
                return Record(position, number, url=url, problem=f"the page cannot be unpacked: {error}")
    elif found.record_type == WarcRecordType.response:
        kind = ""  # an answer without headers: its record says only that it is one
    media, _, rest = kind.partition(";")
    if status != 200 or (media.strip() and media.strip().lower() not in _HTML):
        return None
    if not body.strip():
        return Record(position, number, url=url, problem="the page is empty")
    if len(body) > LARGEST:
        return Record(position, number, url=url, problem=f"larger than {LARGEST // 1_000_000} MB")
    charset = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", rest, re.I)
    fetched = found.record_date or datetime.now(UTC)
    page = Page(
        url=url,
        source="",
        body=body,
        fetched_at=fetched,
        status=status,
        content_type=kind,
        encoding=charset[1] if charset else None,
    )
    return Record(position, number, page, url)


def _http(block: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
    """Status, header fields and body of a stored answer, however it ends its lines."""
    match = re.search(rb"\r?\n\r?\n", block[:_HEAD])
    head, body = (block[: match.start()], block[match.end() :]) if match else (block[:_HEAD], b"")
    lines = head.splitlines()
    words = lines[0].split(None, 2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    fields: dict[bytes, bytes] = {}
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        fields.setdefault(name.strip().lower(), value.strip())
    return status, fields, body


def _unpacked(body: bytes, fields: dict[bytes, bytes]) -> bytes:
    """The body as it was meant: many archives store it unpacked and leave the header that says otherwise."""
    if b"chunked" in fields.get(b"transfer-encoding", b"").lower() and _CHUNK.match(body):
        body = _bounded(ChunkedReader(io.BytesIO(body))) or body
    packing = fields.get(b"content-encoding", b"").lower()
    if body.startswith(_GZIP[:2]):
        return zlib.decompressobj(31).decompress(body, LARGEST + 1)
    if b"br" in packing and not body.lstrip().startswith(b"<"):
        return _bounded(BrotliReader(io.BytesIO(body)))
    if body.startswith(_ZSTD):
        return _bounded(ZstdReader(io.BytesIO(body)))
    if b"deflate" in packing and not body.lstrip().startswith(b"<"):
        try:
            return zlib.decompressobj().decompress(body, LARGEST + 1)
        except zlib.error:
            return zlib.decompressobj(-15).decompress(body, LARGEST + 1)
    return body


def _bounded(reader) -> bytes:
    return reader.read(LARGEST + 1)
