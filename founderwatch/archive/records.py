"""A fetched story as WARC records: the answer as it was received, and behind it what its channel had said of it."""

from __future__ import annotations

import io
import json
import struct
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fastwarc.stream_io import GzipReader, GzipWriter
from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from founderwatch.items import Page, Story
from founderwatch.settings import VERSION

_STORED = 65_000  # bytes of a block that holds its data unpacked; the format allows a few more
# Of the body as it is kept they are not true any more, or they are nobody's business.
_LEFT_OUT = frozenset({"content-encoding", "transfer-encoding", "content-length", "set-cookie", "connection"})


class Unreadable(ValueError):
    """No page can be read here; the message says why. `gone`: its file was deleted."""

    def __init__(self, message: str, gone: bool = False):
        self.gone = gone
        super().__init__(message)


def opening(now: datetime) -> bytes:
    """What a file begins with: the program that wrote it."""
    text = f"software: founderwatch/{VERSION}\r\nformat: WARC File Format 1.1\r\n"
    return _packed(WarcRecordType.warcinfo, _urn(), None, now, "application/warc-fields", text.encode())


def packed(page: Page, notes: tuple[str, ...] = ()) -> bytes:
    """A page's records, each a gzip member of its own, which any WARC reader takes; `notes` are the story's."""
    answer = _urn()
    head = "".join(f"{name}: {value}\r\n" for name, value in _headers(page))
    block = f"HTTP/1.1 {page.status} \r\n{head}\r\n".encode("latin-1", "replace") + page.body
    told = {
        "source": page.source,
        "requested": page.requested_url,
        "encoding": page.encoding,
        "title": page.title,
        "summary": page.summary,
        "published": page.published.isoformat() if page.published else None,
        "notes": notes,
    }
    about = json.dumps({key: value for key, value in told.items() if value}, ensure_ascii=False).encode()
    return _packed(
        WarcRecordType.response, answer, page.url, page.fetched_at, "application/http; msgtype=response", block
    ) + _packed(
        WarcRecordType.metadata, _urn(), page.url, page.fetched_at, "application/json", about, {"WARC-Refers-To": f"<urn:{answer}>"}
    )  # fmt: skip


def filler(length: int, now: datetime) -> bytes:
    """A record of so many bytes that says nothing, to stand where another was: what follows keeps its place."""
    blocks = length // _STORED + 1
    raw = length - 18 - 5 * blocks
    for pad in ("", " ", "  "):  # the length that it tells of itself may take a digit more or less
        for told in range(raw, max(raw - 500, 0), -1):
            head = (
                f"WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: <urn:{_urn()}>\r\nWARC-Date: {_moment(now)}\r\n"
                f"Content-Type: text/plain{pad}\r\nContent-Length: {told}\r\n\r\n"
            ).encode()
            if len(head) + told + 4 == raw:
                return _stored(head + b" " * told + b"\r\n\r\n", blocks)
    raise ValueError(f"no record has {length} bytes")


def _stored(raw: bytes, blocks: int) -> bytes:
    """A gzip member that holds its data unpacked, in so many blocks: its length is known before."""
    size = -(-len(raw) // blocks)
    body = b""
    for number in range(blocks):
        part = raw[number * size : (number + 1) * size]
        body += struct.pack("<BHH", number == blocks - 1, len(part), len(part) ^ 0xFFFF) + part
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + body + struct.pack("<II", zlib.crc32(raw), len(raw))


def read(data: bytes) -> Story:
    """The story whose records these are, as it was when its page had come; raises Unreadable."""
    page, told = None, None
    try:
        for record in ArchiveIterator(GzipReader(io.BytesIO(data)), parse_http=False, stream_detect=False):
            if record.record_type == WarcRecordType.response and page is None:
                page = _page(_whole(record))
            elif record.record_type == WarcRecordType.metadata and page is not None:
                told = json.loads(_whole(record).reader.read())
                break
    except (OSError, ValueError) as error:
        raise Unreadable(f"the record is damaged: {error}") from error
    if page is None:
        raise Unreadable("there is no page's record at its place")
    if not isinstance(told, dict):
        raise Unreadable("the record is damaged: it lacks its second half")
    return Story(page=_with_words(page, told), notes=tuple(told.get("notes") or ()))


def _whole(record: WarcRecord) -> WarcRecord:
    # Of a record that is cut short, the reader gives what there is, without a word.
    if not record.verify_block_digest():
        raise ValueError("it is not what was written")
    return record


def _page(record: WarcRecord) -> Page:
    record.parse_http()
    headers = tuple(record.http_headers or ())
    status = record.http_headers.status_code if record.http_headers else None
    date = record.record_date
    return Page(
        url=record.headers.get("WARC-Target-URI") or "",
        source="",
        body=record.reader.read(),
        fetched_at=date.astimezone(UTC) if date else datetime.now(UTC),
        status=status or 200,
        content_type=next((value for name, value in headers if name.lower() == "content-type"), ""),
        headers=headers,
    )


def _with_words(page: Page, told: dict[str, Any]) -> Page:
    """The page with what its channel had said."""
    published = told.get("published")
    return replace(
        page,
        source=told.get("source") or "",
        encoding=told.get("encoding"),
        requested_url=told.get("requested"),
        title=told.get("title"),
        summary=told.get("summary"),
        published=datetime.fromisoformat(published) if published else None,
    )


def _headers(page: Page) -> Iterator[tuple[str, str]]:
    given = page.headers or ((("Content-Type", page.content_type),) if page.content_type else ())
    for name, value in given:
        if name.lower() not in _LEFT_OUT:
            yield name, " ".join(value.split())
    yield "Content-Length", str(len(page.body))


def _packed(
    kind: WarcRecordType,
    urn: str,
    url: str | None,
    date: datetime,
    content_type: str,
    block: bytes,
    more: dict[str, str] | None = None,
) -> bytes:
    record = WarcRecord()
    record.init_headers(kind, urn.encode())
    if url:
        record.headers["WARC-Target-URI"] = url
    record.headers["WARC-Date"] = _moment(date)
    record.headers["Content-Type"] = content_type
    for name, value in (more or {}).items():
        record.headers[name] = value
    record.set_bytes_content(block)
    target = io.BytesIO()
    writer = GzipWriter(target, compression_level=6)
    record.write(writer, checksum_data=True)
    writer.finish()
    return target.getvalue()


def _moment(date: datetime) -> str:
    return f"{date.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _urn() -> str:
    return f"uuid:{uuid.uuid4()}"
