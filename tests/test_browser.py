"""A source that says `render = true` is read in a browser, which reaches no more than the crawl itself may."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from spiders.sources import RegistryError, parse
from tests.crawling import crawl
from tests.mockserver import TEXT, rss

REGISTRY = """
[[source]]
name = "app"
home = "{0}/"
language = "en"
feeds = ["{0}/feed"]
render = {1}
"""
SHELL = """<!doctype html><html lang=en><head><title>App</title></head><body><div id=root></div><script>
fetch('/data').then(r => r.json()).then(d => {
  document.title = d.title;
  document.getElementById('root').innerHTML = '<article><h1>' + d.title + '</h1><p>' + d.text + '</p><p>' + d.text.replace('nine', 'ten') + '</p></article>';
});
const inside = 'http://127.0.0.1:INSIDE';
fetch(inside + '/fetch').catch(e => 0);
const img = new Image(); img.src = inside + '/image';
const frame = document.createElement('iframe'); frame.src = inside + '/frame'; document.body.append(frame);
try { new WebSocket('ws://127.0.0.1:INSIDE/socket'); } catch (e) {}
fetch('http://localhost:INSIDE/name').catch(e => 0);
navigator.sendBeacon(inside + '/beacon', 'x');
</script></body></html>"""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        server.asked.append(self.path)  # type: ignore[attr-defined]
        kind, body, status = "text/html", b"<p>nothing", 200
        if self.path == "/feed":
            base = f"http://127.0.0.1:{server.server_port}"
            links = [("App news", f"{base}/story"), ("Moved inside", f"{base}/moved")]
            kind, body = "application/rss+xml", rss(links)
        elif self.path == "/story":
            body = SHELL.replace("INSIDE", str(server.inside)).encode()  # type: ignore[attr-defined]
        elif self.path == "/data":
            kind = "application/json"
            body = f'{{"title": "Lindqvist leaves Northwind", "text": "{TEXT}"}}'.encode()
        elif self.path == "/moved":
            status = 302
        elif self.path == "/robots.txt":
            status = 404
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"http://127.0.0.1:{server.inside}/redirect")  # type: ignore[attr-defined]
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_) -> None:
        pass


@contextmanager
def serving(inside: int = 0) -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.asked, server.inside, server.daemon_threads = [], inside, True  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.browser
def test_a_rendered_story_and_nothing_inside() -> None:
    with serving() as inside, serving(inside.server_port) as site:
        base = f"http://127.0.0.1:{site.server_port}"
        found = crawl(REGISTRY.format(base, "true"))
        story = found.story("/story")
        assert story.failure is None and story.article
        assert story.article.title == "Lindqvist leaves Northwind" and TEXT.strip() in story.article.body
        assert "/data" in site.asked
        assert inside.asked == [], "nothing that the registry does not name was reached"
        moved = found.story("/moved")
        assert moved.article is None or not moved.article.body


def test_without_render_the_shell_is_told() -> None:
    with serving() as site:
        found = crawl(REGISTRY.format(f"http://127.0.0.1:{site.server_port}", "false"))
        story = found.story("/story")
        assert story.notes == ("from the feed: JavaScript shell: the page does not show the story",)
        assert "/data" not in site.asked


@pytest.mark.parametrize("value", ['"yes"', "1", "[]"])
def test_render_is_true_or_false(value: str) -> None:
    with pytest.raises(RegistryError, match="render must be true or false"):
        parse(REGISTRY.format("https://a.example", value))


def test_render_and_proxy_exclude_each_other() -> None:
    with pytest.raises(RegistryError, match="render cannot go through a proxy"):
        parse(REGISTRY.format("https://a.example", "true") + 'proxy = "http://proxy.example:8080"\n')


def test_without_the_extra_the_crawl_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from spiders import crawl as crawling

    monkeypatch.setattr(crawling, "find_spec", lambda name: None)
    with pytest.raises(RegistryError, match=r"app: render needs .*founderwatch\[browser\]"):
        crawling.run(parse(REGISTRY.format("https://a.example", "true")), {})
