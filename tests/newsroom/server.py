"""Serves the newsroom's sites over HTTP/1.1 on loopback.

| port  | site          | language | channel                                                        |
|-------|---------------|----------|----------------------------------------------------------------|
| 18801 | harborwire    | English  | RSS 2.0, `/feed.xml`                                           |
| 18802 | stackledger   | English  | Atom, `/atom.xml`                                              |
| 18803 | xinchao       | Chinese  | Google-news sitemap in an index, `/sitemap_index.xml`          |
| 18804 | qianyan       | Chinese  | listing, `/news/`, goes on at `/news/?page=2`                  |
| 18805 | termsheet     | English  | RSS 2.0 with summaries, `/rss`; carries Harbor Wire's stories  |

Every site has `/`, `/robots.txt` and its articles. Beside these:

harborwire
  `/story/<slug>/`            articles; one is listed a second time with `?utm_source=…`
  `/private/…`                listed in the feed, disallowed by robots.txt (and served)
  `/video/…`                  listed in the feed, excluded by `deny` in `sources.toml`
  `/story/photonics-fab-tour/` listed in the feed, answers 404
stackledger
  `/articles/<slug>.html`     articles; one breaks off in a tag, one is a paywall's teaser, one is French
  `/articles/<slug>/amp.html` AMP copy of one article, with rel=canonical, listed as well
  `/reports/…pdf`             a PDF, listed in the feed
xinchao
  `/p/<id>.html`              articles; one in GB18030, declared in header and meta tag; one of one sentence
  `/sitemaps/news.xml`, `/sitemaps/pages.xml`  the two sitemaps of the index; the second holds no articles
qianyan
  `/article/<id>`             articles; one in GB18030 whose meta tag says utf-8 and whose header says nothing
  `/article/90417`            listed, answers 200 with no body
termsheet
  `/posts/<slug>`             articles; one is listed at `/r/<number>`, which answers 301

A path with an unknown query answers as without it. Every 200 has ETag, Last-Modified and Content-Length,
answers conditional requests with 304, and is compressed where the client accepts gzip.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any

from tests.newsroom.rendering import NOT_FOUND, Answer, render
from tests.newsroom.stories import Site, Story, load_sites

SOURCES = Path(__file__).with_name("sources.toml")


@dataclass(frozen=True)
class Request:
    """One request that a site has answered."""

    site: str
    method: str
    path: str
    status: int


@dataclass
class Newsroom:
    """The running sites, and a record of what they were asked."""

    sites: dict[str, Site]
    epoch: datetime
    requests: list[Request] = field(default_factory=list)
    held: dict[str, tuple[Server, Site]] = field(default_factory=dict)
    """What is written, but not yet published, by slug: where, and the site with it."""

    def publish(self, slug: str) -> datetime:
        """Puts a story that was held back into its site's channel, as of now; gives the moment."""
        server, site = self.held.pop(slug)
        now = datetime.now(UTC)
        shown = self.sites[site.name]
        story = next(story for story in site.stories if story.slug == slug)
        fresh = replace(story, days_ago=0, at=now.time().replace(microsecond=0))
        self.sites[site.name] = replace(shown, stories=(*shown.stories, fresh))
        server.pages = render(self.sites[site.name], now)
        return now

    def local(self, text: str) -> str:
        """Replaces the fixed addresses in an address or a registry by those of this run."""
        for site in self.sites.values():
            text = text.replace(f"http://127.0.0.1:{site.port}", site.base)
        return text

    def sources(self) -> str:
        """Gives the registry of the newsroom with the addresses of this run."""
        return self.local(SOURCES.read_text(encoding="utf-8"))


class Handler(BaseHTTPRequestHandler):
    """Answers from the server's table of pages."""

    protocol_version = "HTTP/1.1"
    server_version = "newsroom"
    sys_version = ""
    # Header and body leave in one packet: with two, a kept-alive connection waits 40 ms for an ACK.
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 30
    server: Server

    def do_GET(self) -> None:
        """Answers with a page, 304 or 404."""
        answer = self.server.find(self.path)
        packed = "gzip" in self.headers.get("Accept-Encoding", "") and bool(answer.body)
        body = answer.packed() if packed else answer.body
        etag = f'"{answer.etag}-gzip"' if packed else f'"{answer.etag}"'
        status = answer.status
        if status == HTTPStatus.OK and self._unchanged(answer):
            status, body = HTTPStatus.NOT_MODIFIED, b""
        self.send_response(status)
        if answer.status == HTTPStatus.OK:
            self.send_header("ETag", etag)
            self.send_header("Last-Modified", format_datetime(answer.modified.astimezone(UTC), usegmt=True))
            self.send_header("Cache-Control", "public, max-age=0, must-revalidate")
        if answer.location:
            self.send_header("Location", answer.location)
        self.send_header("Vary", "Accept-Encoding")
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(body)))
            if packed:
                self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.server.record(self.command, self.path, int(status))
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def _unchanged(self, answer: Answer) -> bool:
        """Tells whether the client's copy is still good; If-None-Match goes before If-Modified-Since."""
        if tags := self.headers.get("If-None-Match"):
            known = {tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")}
            return not known.isdisjoint({answer.etag, f"{answer.etag}-gzip", "*"})
        if since := self.headers.get("If-Modified-Since"):
            try:
                return answer.modified.replace(microsecond=0) <= parsedate_to_datetime(since)
            except (TypeError, ValueError):
                return False
        return False

    def log_message(self, format: str, *args: Any) -> None:
        """Keeps quiet; `Newsroom.requests` is the log."""


class Server(ThreadingHTTPServer):
    """One site's listening socket, and the pages that it answers with."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.pages: dict[str, Answer] = {}
        self.site = ""
        self.log: list[Request] = []

    def server_bind(self) -> None:
        """Binds without the look-up of the host's name that `HTTPServer` makes."""
        TCPServer.server_bind(self)
        host, self.server_port = self.socket.getsockname()
        self.server_name = str(host)

    def find(self, path: str) -> Answer:
        """Looks up a path, with its query first."""
        missing = Answer(NOT_FOUND, "text/html", datetime.now(UTC), 404)
        return self.pages.get(path) or self.pages.get(path.partition("?")[0]) or missing

    def record(self, method: str, path: str, status: int) -> None:
        """Notes an answered request."""
        self.log.append(Request(self.site, method, path, status))


def _ports(sites: list[Site], ports: Mapping[str, int] | int | None) -> list[int]:
    """Picks each site's port: its own, one given by name, counted from a base, or (base 0) any free one."""
    if isinstance(ports, int):
        return [ports and ports + number for number in range(len(sites))]
    return [(ports or {}).get(site.name, site.port) for site in sites]


@contextmanager
def serve(
    ports: Mapping[str, int] | int | None = None,
    epoch: datetime | None = None,
    held: Callable[[Story], bool] = lambda story: False,
) -> Iterator[Newsroom]:
    """Runs every site in threads of its own until the block ends.

    `ports` maps names to ports or is the first site's port; 0 takes free ones. `epoch` is the moment from
    which publication dates count back: the last midnight UTC by default, so that two starts on one day
    serve the same bytes. `held` says of each story whether it is kept back until it is published.
    """
    epoch = epoch or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    sites = load_sites()
    newsroom = Newsroom({}, epoch)
    with ExitStack() as stack:
        for site, port in zip(sites, _ports(sites, ports), strict=True):
            server = stack.enter_context(Server(port))
            placed = replace(site, base=f"http://127.0.0.1:{server.server_port}")
            shown = replace(placed, stories=tuple(story for story in placed.stories if not held(story)))
            newsroom.held |= {story.slug: (server, placed) for story in placed.stories if held(story)}
            server.site, server.pages, server.log = site.name, render(shown, epoch), newsroom.requests
            newsroom.sites[site.name] = shown
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            stack.callback(server.shutdown)
        yield newsroom
