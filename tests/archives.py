"""Small WARC files, made when a test needs them: the sample newsroom's pages, and records that are broken on purpose."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

from tests.newsroom.rendering import render
from tests.newsroom.stories import load_sites

NEWSROOM = Path(__file__).parent / "newsroom"
GOLD = [json.loads(line) for line in (NEWSROOM / "gold.jsonl").read_text(encoding="utf-8").splitlines()]
EPOCH = datetime(2026, 7, 6, 12, tzinfo=UTC)
HTML = "text/html; charset=utf-8"


def record(
    url: str | None,
    body: bytes,
    content_type: str = HTML,
    status: int = 200,
    kind: str = "response",
    headers: str = "",
    http: bool = True,
    length: int | None = None,
    date: datetime = EPOCH,
) -> bytes:
    """One WARC record; `length` is what it says of its length, true or not."""
    block = body
    if http:
        block = f"HTTP/1.1 {status} Whatever\r\nContent-Type: {content_type}\r\n{headers}\r\n".encode() + body
    target = f"WARC-Target-URI: {url}\r\n" if url else ""
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\n{target}WARC-Date: {date:%Y-%m-%dT%H:%M:%SZ}\r\n"
        f"WARC-Record-ID: <urn:uuid:{abs(hash((url, body))):032x}>\r\n"
        f"Content-Type: {'application/http; msgtype=response' if http else content_type}\r\n"
        f"Content-Length: {len(block) if length is None else length}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def newsroom() -> list[bytes]:
    """A record for each page that the sample newsroom serves, feeds and error pages among them."""
    return [
        record(site.base + path, answer.body, answer.content_type, answer.status)
        for site in load_sites()
        for path, answer in render(site, EPOCH).items()
    ]


def write(path: Path, records: list[bytes]) -> Path:
    """Packs each record as a gzip member of its own, as archives do."""
    path.write_bytes(b"".join(gzip.compress(one, 6, mtime=0) for one in records))
    return path
