"""Serves what the web should not: broken pages and feeds, on a free loopback port.

| path                  | answer                                                                       |
|-----------------------|------------------------------------------------------------------------------|
| `/robots.txt`         | allows all but `/forbidden/`                                                 |
| `/feed/good`          | RSS with two good stories; has an ETag and answers 304                       |
| `/feed/pages`         | RSS that names every page below                                              |
| `/feed/html`          | an HTML page, as `text/html`                                                 |
| `/feed/empty`         | nothing                                                                      |
| `/feed/cut`           | RSS that breaks off inside the third item                                    |
| `/feed/undated`       | RSS without any date                                                         |
| `/feed/bomb`          | RSS whose entities nest a billion times                                      |
| `/feed/odd`           | RSS with dates of 1970 and 2099, `javascript:` and relative links            |
| `/feed/json`          | a JSON feed                                                                  |
| `/feed/loopback`      | RSS that names another port of this machine and a cloud's metadata address   |
| `/feed/huge`          | RSS of 50 MB                                                                 |
| `/feed/500`           | HTTP 500                                                                     |
| `/silent/…`           | accepts the request and never answers                                        |
| `/sitemap/self`       | an index that names itself and `/sitemap/news.gz`                            |
| `/sitemap/news.gz`    | a news sitemap, gzipped                                                      |
| `/sitemap/cut.gz`     | the same, broken off                                                         |
| `/sitemap/bomb.gz`    | 60 MB of blanks, gzipped                                                     |
| `/list/1` … `/list/9` | listing pages, three stories each, with rel=next                             |
| `/story/<n>`          | a good page                                                                  |
| `/page/empty`         | 200 with no body                                                             |
| `/page/huge`          | 50 MB, declared                                                              |
| `/page/endless`       | 50 MB, chunked, undeclared                                                   |
| `/page/cut`           | Content-Length says more than comes                                          |
| `/page/liar`          | GB18030 that the header calls ISO-8859-1 and the page UTF-8                  |
| `/page/pdf`           | a PDF, as `application/pdf`                                                  |
| `/page/binary`        | random bytes, as `text/html`                                                 |
| `/page/404`, `/page/403` | these errors                                                              |
| `/page/loop`          | redirects to itself                                                          |
| `/page/inside`        | redirects to another port of this machine                                    |
| `/page/letter`        | an article of one character                                                  |
| `/page/long`          | an article of 2 MB                                                           |
| `/forbidden/page`     | forbidden by robots.txt                                                      |
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TEXT = (
    "Mara Lindqvist, who led the database group at Northwind Systems for nine years, has left to found a "
    "company of her own. She told colleagues in a letter that the work on storage engines would go on "
    "elsewhere, with two engineers of her former team. Investors in Stockholm have been told of the plan. "
)
CHINESE = "据多位知情人士透露,云图科技算法负责人林婉清已于本周离职,将创办一家人工智能公司。她没有回应我们的问题。"
PAGES = (
    "/page/empty", "/page/huge", "/page/endless", "/page/cut", "/page/liar", "/page/pdf", "/page/binary",
    "/page/404", "/page/403", "/page/loop", "/page/inside", "/page/letter", "/page/long", "/forbidden/page",
)  # fmt: skip
HUGE = 50_000_000


def article(title: str, *paragraphs: str, head: str = "") -> bytes:
    """A page with one article."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f"<!doctype html><html lang=en><head><title>{title}</title>{head}</head>"
        f"<body><nav><a href=/>Home</a></nav><article><h1>{title}</h1>{text}</article></body></html>"
    ).encode()


def rss(items: list[tuple[str, str]], dated: bool = True, prolog: str = "") -> bytes:
    """An RSS feed of (title, link)."""
    date = f"<pubDate>{format_datetime(datetime.now(UTC) - timedelta(hours=5))}</pubDate>" if dated else ""
    body = "".join(f"<item><title>{title}</title><link>{link}</link>{date}</item>\n" for title, link in items)
    channel = f"<channel><title>Test</title>\n{body}</channel>"
    return f'<?xml version="1.0"?>{prolog}\n<rss version="2.0">{channel}</rss>'.encode()


def _bomb() -> bytes:
    entities = "".join(f'<!ENTITY b{n} "{f"&b{n - 1};" * 10}">' for n in range(1, 10))
    prolog = f'<!DOCTYPE rss [<!ENTITY b0 "boom">{entities}]>'
    return rss([("&b9;", "/story/bomb"), ("After it", "/story/after")], prolog=prolog)


def _news_sitemap(links: list[str]) -> bytes:
    date = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    urls = "".join(
        f"<url><loc>{link}</loc><news:news><news:title>News of {link}</news:title>"
        f"<news:publication_date>{date}</news:publication_date></news:news></url>"
        for link in links
    )
    return (
        '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{urls}</urlset>'
    ).encode()


class Handler(BaseHTTPRequestHandler):
    """Answers by the table of the module."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        base = self.server.base
        parts = self.path.strip("/").split("/")
        match parts:
            case ["robots.txt"]:
                self.send(b"User-agent: *\nDisallow: /forbidden/\n", "text/plain")
            case ["silent", *_]:
                self.server.released.wait(60)
                self.close_connection = True
            case ["feed", name]:
                self.feed(name, base)
            case ["sitemap", name]:
                self.sitemap(name, base)
            case ["list", number]:
                self.listing(int(number), base)
            case ["story", name]:
                self.send(article(f"Story {name}", TEXT + name, TEXT[::-1] + name))
            case ["page" | "forbidden", name]:
                self.page(name, base)
            case _:
                self.send(b"not here", status=404)

    def feed(self, name: str, base: str) -> None:
        xml = "application/rss+xml"
        good = [
            ("One", f"{base}/story/{self.server.number}1"),
            ("Two", f"{base}/story/{self.server.number}2"),
        ]
        match name:
            case "good" if self.headers.get("If-None-Match") == '"v1"':
                self.send(b"", status=304)
            case "good":
                self.send(rss(good), xml, ETag='"v1"')
            case "pages":
                self.send(rss([(f"The page {path}", base + path) for path in PAGES]), xml)
            case "html":
                self.send(article("Not a feed", TEXT))
            case "empty":
                self.send(b"", xml)
            case "cut":
                whole = rss([*good, ("Three", f"{base}/story/3")])
                self.send(whole[: whole.index(b"Three") + 2], xml)
            case "undated":
                self.send(rss([("Undated", f"{base}/story/undated")], dated=False), xml)
            case "bomb":
                self.send(_bomb(), xml)
            case "odd":
                items = rss([("Script", "javascript:alert(1)"), ("Relative", "/story/relative")], dated=False)
                dates = "".join(
                    f"<item><title>{year}</title><link>{base}/story/{year}</link>"
                    f"<pubDate>Thu, 01 Jan {year} 00:00:00 GMT</pubDate></item>"
                    for year in ("1970", "2099", "2015")
                )
                self.send(items.replace(b"</channel>", dates.encode() + b"</channel>"), xml)
            case "json":
                item = f'{{"id": "1", "url": "{base}/story/json", "title": "From JSON"}}'
                self.send(
                    f'{{"version": "https://jsonfeed.org/version/1.1", "items": [{item}]}}'.encode(),
                    "application/json",
                )
            case "loopback":
                self.send(rss([("Port", "http://127.0.0.1:9/x"), ("Cloud", "http://169.254.169.254/latest")]), xml)
            case "huge":
                self.stream(HUGE)
            case _:
                self.send(b"broken", status=500)

    def sitemap(self, name: str, base: str) -> None:
        news = gzip.compress(_news_sitemap([f"{base}/story/{name}-{n}" for n in range(40)]))
        match name:
            case "self":
                names = ("self", "news.gz")
                entries = "".join(f"<sitemap><loc>{base}/sitemap/{name}</loc></sitemap>" for name in names)
                self.send(f'<?xml version="1.0"?><sitemapindex>{entries}</sitemapindex>'.encode(), "application/xml")
            case "news.gz":
                self.send(news, "application/gzip")
            case "cut.gz":
                self.send(news[: len(news) - 40], "application/gzip")
            case "bomb.gz":
                self.send(gzip.compress(b" " * 60_000_000), "application/gzip")

    def listing(self, number: int, base: str) -> None:
        links = "".join(
            f'<li><a href="/story/list{number}-{n}"><img src="/x.png"></a>'
            f'<a href="/story/list{number}-{n}#comments">Headline {n} of page {number}, long enough</a></li>'
            for n in range(3)
        )
        turn = f'<a rel="next" href="/list/{number + 1}">Next</a>' if number < 9 else ""
        self.send(f"<html><body><a href='/about'>About</a><ul>{links}</ul>{turn}</body></html>".encode())

    def page(self, name: str, base: str) -> None:
        match name:
            case "empty":
                self.send(b"")
            case "huge":
                self.stream(HUGE)
            case "endless":
                self.stream(HUGE, declared=False)
            case "cut":
                whole = article("Cut off", TEXT, TEXT, TEXT)
                self.send(whole[:-200], length=len(whole))
                self.close_connection = True
            case "liar":
                body = f"<body><article><h1>离职创业</h1><p>{CHINESE * 4}</p></article></body>"
                html = f"<html><head><meta charset=utf-8><title>离职创业</title></head>{body}</html>"
                self.send(html.encode("gb18030"), "text/html; charset=ISO-8859-1")
            case "pdf":
                self.send(b"%PDF-1.7\n" + bytes(range(256)) * 20, "application/pdf")
            case "binary":
                self.send(bytes(range(256)) * 200)
            case "403":
                self.send(b"<html><body><h1>No</h1></body></html>", status=403)
            case "loop":
                self.send(b"", status=302, Location=f"{base}/page/loop")
            case "inside":
                self.send(b"", status=302, Location="http://127.0.0.1:9/secret")
            case "letter":
                self.send(article("One character", "x"))
            case "long":
                self.send(article("Long", *[f"{number} {TEXT}" for number in range(6500)]))
            case "page":
                self.send(article("Forbidden", TEXT))
            case _:
                self.send(b"<html><body>gone</body></html>", status=404)

    def send(
        self,
        body: bytes,
        kind: str = "text/html",
        status: int = 200,
        length: int | None = None,
        **headers: str,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def stream(self, size: int, declared: bool = True) -> None:
        """Sends many bytes, as long as somebody takes them."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length" if declared else "Connection", str(size) if declared else "close")
        self.close_connection = True
        self.end_headers()
        block = b"<p>" + b"x" * 99_994 + b"\n" * 3
        try:
            for _ in range(size // len(block)):
                self.wfile.write(block)
        except OSError:
            pass

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """One site. `number` makes the stories of two sites differ."""

    daemon_threads = True

    def __init__(self, number: int = 0):
        super().__init__(("127.0.0.1", 0), Handler)
        self.number = number
        self.asked: list[str] = []
        self.released = threading.Event()
        self.base = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@contextmanager
def mockserver(number: int = 0) -> Iterator[Server]:
    """Runs one site while the block lasts."""
    server = Server(number)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
