"""One site on loopback whose pages a test writes and changes while it runs."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.mockserver import article, rss

XML = "application/rss+xml"


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What a path answers with; `{base}` in the body is the site's address."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    stream: Callable[[], Iterator[bytes]] | None = None  # sent after the body, as slowly as it comes
    close: bool = False  # hangs up afterwards, whatever length was declared


Page = Answer | Callable[[Asked], Answer]


class Site:
    """A running site: `pages` may change, `asked` are the requests so far."""

    def __init__(self, base: str, pages: MutableMapping[str, Page]):
        self.base = base
        self.pages = pages
        self.asked: list[Asked] = []

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def registry(self, *channels: str, name: str = "site", field: str = "feeds", more: str = "") -> str:
        head = f'[[source]]\nname = "{name}"\nhome = "{self.base}/"\nlanguage = "en"\n'
        return f"{head}{field} = {[self.base + channel for channel in channels]}\n{more}\n"


def html(title: str, *paragraphs: str, head: str = "") -> Answer:
    return Answer(article(title, *paragraphs, head=head), headers={"Content-Type": "text/html; charset=utf-8"})


def feed(*stories: tuple[str, str], hours: float = 5) -> Answer:
    """A feed of (title, path)."""
    date = format_datetime(datetime.now(UTC) - timedelta(hours=hours)).encode()
    whole = rss([(title, f"{{base}}{path}") for title, path in stories], dated=False)
    whole = whole.replace(b"</item>", b"<pubDate>" + date + b"</pubDate></item>")
    return Answer(whole, headers={"Content-Type": XML})


@contextmanager
def site(pages: MutableMapping[str, Page], certificate: str | None = None) -> Iterator[Site]:
    """Runs a site while the block lasts; with a certificate (a PEM file) it speaks https."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.path, {key.lower(): value for key, value in self.headers.items()}, body)
            running.asked.append(asked)
            found = running.pages.get(self.path, Answer(b"not here", 404))
            answer = found(asked) if callable(found) else found
            data = answer.body.replace(b"{base}", running.base.encode())
            self.send_response(answer.status)
            length = {} if answer.stream else {"Content-Length": str(len(data))}
            for name, value in {**length, **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.close_connection = answer.close or answer.stream is not None
            try:
                self.wfile.write(data)
                for part in answer.stream() if answer.stream else ():
                    self.wfile.write(part)
            except OSError:  # nobody listens any more
                self.close_connection = True

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    running = Site(f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}", pages)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
