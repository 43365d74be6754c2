"""Pages, feeds, searches and forms that mean harm: nothing inside is asked, nothing is run, nothing leaves its place."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import ipaddress
import json
import re
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from datasette.app import Datasette
from datasette.plugins import pm
from scrapy.http import Request, Response

from founderwatch import desk
from founderwatch.cli import main
from founderwatch.database import watches
from founderwatch.database.store import Store
from founderwatch.items import Failure, Page, Story
from founderwatch.settings import user_agent
from spiders.entries import ChannelError
from spiders.feed import read_feed
from spiders.guard import Guard, Refused
from spiders.sitemap import read_sitemap
from spiders.sources import Source
from tests.crawling import crawl
from tests.judged import NOW, THRESHOLD, mention, story
from tests.mockserver import Handler, Server, rss

if not pm.is_registered(desk):
    pm.register(desk, "founderwatch")

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
ESCAPE = "\x1b]0;taken\x07\x1b[2J\x9b31m\u202egnp\u2066\r\nforged line"
FORMULA = '=HYPERLINK("http://evil.example","x")'
RULING = set("\x1b\x07\x9b\u202e\u2066\r\x00")


# Requests that are to be sent into the inside


class Evil(Handler):
    """A registered site whose feed, sitemap and redirects lead inside; `/bomb` unpacks to 200 MB."""

    def do_GET(self):
        self.server.asked.append(self.path)
        base, canary = self.server.base, self.server.canary
        port = canary.rsplit(":", 1)[1]
        match self.path.partition("?")[0]:
            case "/robots.txt":
                self.send(b"User-agent: *\nDisallow:\n", "text/plain")
            case "/feed":
                inside = [
                    f"{canary}/plain", f"http://localhost:{port}/name", f"http://2130706433:{port}/decimal", f"http://0x7f000001:{port}/hex",
                    f"http://0177.0.0.1:{port}/octal", f"http://127.1:{port}/short", f"http://[::ffff:127.0.0.1]:{port}/mapped", f"http://[::1]:{port}/six",
                    f"http://0.0.0.0:{port}/zero", f"http://user@127.0.0.1:{port}/user", f"http://127.0.0.1.:{port}/dot", f"http://⑫⑦.0.0.1:{port}/wide",
                    f"http://a.localhost:{port}/sub", "http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/link", "http://10.0.0.1/private",
                    "http://192.168.1.1/router", "http://100.64.0.1/shared", "file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x",
                    "data:text/html,x", "javascript:alert(1)", f"{base}/to/plain", f"{base}/to/decimal", f"{base}/to/file", f"{base}/to/twice", f"{base}/bomb",
                ]  # fmt: skip
                self.send(
                    rss(
                        [
                            (f"Story {n} ../../etc/passwd", quote(link, safe=":/?@[]%#&=.;,+"))
                            for n, link in enumerate(inside)
                        ]
                    ),
                    "application/rss+xml",
                )
            case "/to/plain":
                self.send(b"", status=302, Location=f"{canary}/redirected")
            case "/to/decimal":
                self.send(b"", status=301, Location=f"http://2130706433:{port}/redirected")
            case "/to/file":
                self.send(b"", status=302, Location="file:///etc/passwd")
            case "/to/twice":
                self.send(b"", status=307, Location=f"{base}/to/plain")
            case "/sitemap":
                index = f"<sitemapindex><sitemap><loc>{canary}/sitemap.xml</loc></sitemap><sitemap><loc>file:///etc/hosts</loc></sitemap></sitemapindex>"
                self.send(index.encode(), "application/xml")
            case "/list":
                self.send(
                    f'<html><head><base href="{canary}/"></head><body><a href="/based">A headline that is long enough to be one</a></body></html>'.encode()
                )
            case "/bomb":
                body = gzip.compress(b"<p>" + b" " * 200_000_000)
                self.send(body, **{"Content-Encoding": "gzip"})
            case _:
                self.send(b"not here", status=404)


@pytest.mark.long
def test_nothing_inside_is_asked_and_no_bomb_goes_off(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    canary, evil = Server(), Server()
    evil.RequestHandlerClass, evil.canary = Evil, canary.base
    for server in (canary, evil):
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    channels = f'feeds = ["{evil.base}/feed"]\nsitemaps = ["{evil.base}/sitemap"]\nlistings = ["{evil.base}/list"]\n'
    try:
        crawled = crawl(f'[[source]]\nname = "evil"\nhome = "{evil.base}/"\nlanguage = "en"\n{channels}')
    finally:
        for server in (canary, evil):
            server.shutdown()
            server.server_close()
    assert canary.asked == [], "a service on this machine was asked"
    assert "/to/plain" in evil.asked and "/to/twice" in evil.asked and "/bomb" in evil.asked
    reasons = {message.url: message.reason for message in crawled.report.messages}
    assert "larger than 10 MB" in reasons[f"{evil.base}/bomb"]
    assert any("this machine" in reason for reason in reasons.values())
    assert list(tmp_path.iterdir()) == [], "no file has a name that the network gave"


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.0.0.5", "169.254.169.254", "::1", "::ffff:192.168.0.1", "fd00::1"])
def test_an_answer_from_inside_is_refused_whatever_name_was_asked(peer):
    """DNS rebinding: the name was public when it was looked at, and the connection led elsewhere."""
    guard = Guard(type("Crawler", (), {"spider": None})())
    request = Request("http://rebound.example/")
    with pytest.raises(Refused, match=r"this machine|private network"):
        guard.process_response(request, Response(request.url, ip_address=ipaddress.ip_address(peer)))
    answer = Response(request.url, ip_address=ipaddress.ip_address("93.184.216.34"))
    assert guard.process_response(request, answer) is answer


# Documents that swell or read files


def entities(root: str, item: str, body: str) -> bytes:
    nested = "".join(f'<!ENTITY b{n} "{f"&b{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE {root} [<!ENTITY b0 "boom">{nested}<!ENTITY f SYSTEM "file:///etc/passwd">]><{root}>{body.format(item)}</{root}>'.encode()


@pytest.mark.parametrize("item", ["&b9;", "&f;"])
def test_entities_neither_swell_nor_read_files(item):
    feed = entities("rss", item, "<channel><item><title>x{}</title><link>https://a.example/1</link></item></channel>")
    sitemap = entities("urlset", item, "<url><loc>https://a.example/1</loc><news><title>x{}</title></news></url>")
    for read, body in ((read_feed, feed), (read_sitemap, sitemap)):
        try:
            titles = [entry.title or "" for entry in read(body, "https://a.example/").entries]
        except ChannelError:
            continue
        assert all(len(title) < 1000 and "root:" not in title for title in titles)


# What stands in every field


@pytest.fixture
def hostile(here):
    """A database whose every free text is hostile."""
    with closing(Store("founderwatch.db")) as store:
        source = Source(
            f"evil {SCRIPT}",
            f"Evil {ESCAPE}{SCRIPT}",
            "https://evil.example/",
            "en",
            feeds=("https://evil.example/feed",),
        )
        store.register_sources([source])
        run = store.start_run("crawl")
        for number, harm in enumerate((SCRIPT, ESCAPE, FORMULA)):
            fields = {name: f"{harm} {name}" for name in ("role", "venture", "focus", "when", "first_reported_by")}
            told = mention(f"{harm} Mara Lindqvist", f"{harm} Orrin", triggers=(harm,), **fields)
            one = story(
                f"https://evil.example/{number}?{quote(harm)}",
                told,
                title=f"{harm} leaves",
                body=f"{harm} leaves.\n{harm}",
                author=harm,
                site_name=harm,
                source=source.name,
            )
            store.save(one, THRESHOLD)
        store.save(
            Story(
                page=Page(f"https://evil.example/{SCRIPT}", source.name, b"", NOW),
                failure=Failure("fetch", SCRIPT + ESCAPE),
            ),
            THRESHOLD,
        )
        failing = {
            "source": source.name,
            "channels": 1,
            "channels_failed": 1,
            "found": 0,
            "fetched": 0,
            "failed": 0,
            "message": SCRIPT + ESCAPE,
        }
        store.finish_run(run, {"found": 3, "new": 3, "failed": 1, "flagged": 3}, [failing])
        watches.add(store.db.conn, "person", f"Mara Lindqvist {SCRIPT}", note=SCRIPT)
    return here


def events():
    with closing(sqlite3.connect("founderwatch.db")) as connection:
        return [row[0] for row in connection.execute("select id from events")]


def test_no_terminal_is_ruled_by_what_was_read(hostile):
    with closing(Store("founderwatch.db")) as store:
        assert any("\x1b" in row[0] for row in store.db.execute("select title from articles"))
    commands = [
        ["events"],
        ["events", "--json"],
        ["events", "--jsonl"],
        ["watch", "list"],
        ["rulings"],
        ["doctor"],
        ["erase", "Mara Lindqvist", "--dry-run"],
    ]
    commands += [["show", event] for event in events()]
    for command in commands:
        found = CliRunner().invoke(main, command)
        assert (found.output and not found.exception) or isinstance(found.exception, SystemExit), (
            command,
            found.exception,
        )
        assert not RULING & set(found.output), command
        assert not re.search(r"^forged line", found.output, re.M), f"{command}: a line that the program did not write"


def test_no_spreadsheet_runs_a_cell(hostile):
    found = CliRunner().invoke(main, ["events", "--csv"]).stdout
    for row in csv.reader(io.StringIO(found)):
        for cell in row:
            assert not cell.startswith(("=", "+", "@", "\t")), cell


PAGES = (
    "/", "/-/desk", "/-/sources", "/founderwatch", "/founderwatch/articles", "/founderwatch/events",
    "/founderwatch/mentions", "/founderwatch/flagged", "/founderwatch/failures", "/founderwatch/sources", "/founderwatch/source_health",
    "/founderwatch/watches", "/founderwatch/articles/1", "/founderwatch/articles?_search=leaves", "/founderwatch/review_queue",
)  # fmt: skip


@pytest.fixture
def ask(hostile):
    datasette = Datasette(["founderwatch.db"])

    def ask(address: str, **options):
        return asyncio.run(datasette.client.get(address, **options))

    return ask


def test_no_page_runs_what_was_read(ask):
    for page in [*PAGES, *(f"/-/event/{event}" for event in events())]:
        answer = ask(page, follow_redirects=True)
        assert answer.status_code == 200, (page, answer.text[:300])
        assert "<script>alert" not in answer.text and "<img src=x" not in answer.text, page
        assert "unsafe-inline" not in answer.headers["content-security-policy"].split("style-src")[0], page
    for feed in ("/-/feed.atom", "/-/feed.json"):
        assert "<script>alert" not in ask(feed).text.replace("\\u003c", "<") or feed.endswith("json")


SEARCHES = (
    "'", '"', "';drop table articles;--", "' OR '1'='1", "* OR *", "NEAR(a b", "title:x", "^", "\x00", "a\x00b", "{a b} : c", "-", "AND", '"" OR ""',
    "离职' OR 1=1 --", "%00", "x" * 5000, "\ud800".encode("utf-8", "replace").decode(), "1e999", "a*b*c*", "_", "%", "\\",
)  # fmt: skip


@pytest.mark.parametrize("words", SEARCHES, ids=lambda words: repr(words[:20]))
def test_a_search_is_words_and_nothing_else(ask, words):
    for page in (
        "/?q={}",
        "/?employer={}",
        "/founderwatch/articles?_search={}",
        "/-/feed.json?employer={}",
        "/-/person/{}",
        "/-/company/{}",
        "/-/event/{}",
    ):
        answer = ask(page.format(quote(words, safe="")))
        assert answer.status_code < 500, (page, words, answer.text[:300])
    with closing(sqlite3.connect("founderwatch.db")) as connection:
        assert connection.execute("select count(*) from articles").fetchone() == (3,)


def test_no_header_can_be_forged(ask):
    for page in (
        "/?q=a%0d%0aSet-Cookie:%20x=1",
        "/-/feed.atom?employer=a%0d%0aX-Forged:%201",
        "/-/event/a%0d%0aX-Forged:%201",
        "/founderwatch/events.csv?_x=%0d%0aX-Forged:1",
    ):
        answer = ask(page)
        assert "x-forged" not in answer.headers and "x=1" not in answer.headers.get("set-cookie", "")
        assert all("\r" not in value and "\n" not in value for value in answer.headers.values())
    agent = user_agent("me@example.org\r\nX-Forged: 1")
    assert "\r" not in agent and "\n" not in agent


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "/etc/passwd",
        "desk.css/../../../config.py",
        "%00",
        "....//config.toml",
    ],
)
def test_no_file_is_reached_by_a_path_from_the_network(ask, name):
    for page in (
        f"/-/static-plugins/founderwatch/{name}",
        f"/-/static-plugins/founderwatch.desk/{name}",
        f"/-/static/{name}",
        f"/{name}",
    ):
        answer = ask(page)
        assert "root:" not in answer.text and "dataclass" not in answer.text, page


def test_a_story_with_half_characters_and_nulls_is_stored_or_refused_in_words(here):
    line = json.dumps(
        {
            "id": 1,
            "title": "a\ud83d\x00b",
            "body": "\x00" * 50,
            "url": "https://a.example/\x00",
            "published": datetime.now(UTC).isoformat(),
        }
    )
    Path("x.jsonl").write_text(line + "\n" + "{" * 5000 + "\n")
    from founderwatch.intake import read

    first, second = read(["x.jsonl"], jsonl=True)
    assert second.problem and "\x1b" not in second.problem
    with closing(Store("founderwatch.db")) as store:
        assert store.save(Story(article=first.story.article), THRESHOLD).outcome == "new"
