"""A receiver of alerts on loopback: remembers each request, and can be told to fail, to hang or to be slow.

`POST /…` is a webhook: 200 with the answer `ok`, or what `answers` holds for the path, one after the other: a status,
or "hang" (no answer until the receiver is closed). `kept` has each request with its path, headers and body. A message
that comes again under a known Idempotency-Key is not `taken` a second time, as a receiver that heeds it does.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Kept:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes
    received: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    @property
    def key(self) -> str | None:
        return self.headers.get("Idempotency-Key")


@dataclass
class Receiver:
    """The running receiver."""

    port: int
    kept: list[Kept] = field(default_factory=list)
    refused: list[Kept] = field(default_factory=list)
    answers: dict[str, list] = field(default_factory=lambda: defaultdict(list))
    delays: dict[str, float] = field(default_factory=dict)  # seconds by path
    arrived: int = 0  # requests, answered or not
    closing: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/hook", scheme: str = "json") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def at(self, path: str = "/hook") -> list[Kept]:
        return [one for one in self.kept if one.path == path]

    @property
    def taken(self) -> dict[str, Kept]:
        """The first request of each message."""
        return {one.key: one for one in reversed(self.kept) if one.key}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        answer = receiver.answers[path].pop(0) if receiver.answers[path] else 200
        request = Kept(path, dict(self.headers.items()), body)
        if answer == "hang":
            receiver.closing.wait(120)
            self.close_connection = True
            return
        receiver.arrived += 1
        receiver.closing.wait(receiver.delays.get(path, 0.0))
        (receiver.kept if answer == 200 else receiver.refused).append(request)
        self.send_response(answer)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_) -> None:
        """Keeps quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver

    def handle_error(self, *_) -> None:
        """Keeps quiet: a sender that is killed breaks its connection off."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Runs a receiver until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.receiver = Receiver(server.server_port)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.receiver
    finally:
        server.receiver.closing.set()
        server.shutdown()
        server.server_close()
