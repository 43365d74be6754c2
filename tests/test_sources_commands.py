"""`founderwatch sources` against real sites on loopback: check, test, add, disable, enable, export, import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from founderwatch import status
from founderwatch.cli import main
from spiders.edit import add
from spiders.sources import Source, load, read
from tests.mockserver import TEXT, article, mockserver, rss
from tests.newsroom.server import serve

XML = "application/rss+xml"
ROOT = Path(__file__).parent.parent


pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def own(here):
    """The user's own registry, where it is without any configuration."""
    return here / "home/founderwatch/sources.toml"


def run(*arguments):
    """A command that asks no site, in this process."""
    return CliRunner().invoke(main, ["sources", *map(str, arguments)])


def ask(*arguments, folder=None):
    """A command that asks sites, in a process of its own: Twisted's reactor starts only once."""
    command = [sys.executable, "-c", "from founderwatch.cli import run; run()", "sources", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=200, check=False, cwd=folder, env=environment
    )


@contextmanager
def site(pages):
    """A site that answers with `pages` (path: body, or body and kind); `{base}` in a body is its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            found = pages.get(self.path)
            body, kind = found if isinstance(found, tuple) else (found, "text/html; charset=utf-8")
            self.send_response(200 if found is not None else 404)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write((body or b"not here").replace(b"{base}", base.encode()))

        def log_message(self, *_):
            pass

    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    base = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield base, asked
    finally:
        server.shutdown()
        server.server_close()


def table(name, home, **channels):
    lines = [f'name = "{name}"', f'home = "{home}"', 'language = "en"', *(f"{k} = {v!r}" for k, v in channels.items())]
    return "\n".join(["[[source]]", *lines, ""])


def feed(days, *paths):
    date = format_datetime(datetime.now(UTC) - timedelta(days=days)).encode()
    whole = rss([(f"Story {path}", f"{{base}}{path}") for path in paths], dated=False)
    return whole.replace(b"</item>", b"<pubDate>" + date + b"</pubDate></item>"), XML


STORIES = {f"/story/{n}": article(f"Story {n}", TEXT + str(n), TEXT[::-1] + str(n)) for n in range(4)}


# Check


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """One check of a registry with every fault in it: the rows by name, and the run itself."""
    folder = tmp_path_factory.mktemp("check")
    pages = {
        **STORIES,
        "/empty": (rss([]), XML),
        "/old": feed(90, "/story/0"),
        "/1970": feed(20_000, "/story/0", "/story/1"),
        "/thin": (feed(1, "/short")[0], XML),
        "/short": article("Short", "Not much."),
        "/gone": feed(1, "/missing/1", "/missing/2"),
        # What the site names beside the registry is no matter of a check.
        "/robots.txt": (b"User-agent: *\nAllow: /\nSitemap: {base}/nowhere.xml\n", "text/plain"),
        "/fine": feed(1, "/story/0"),
    }
    with mockserver() as mock, site(pages) as (base, _):
        rows = {
            "good": {"feeds": [f"{mock.base}/feed/good"]},
            "index": {"sitemaps": [f"{mock.base}/sitemap/self"]},
            "half": {"feeds": [f"{mock.base}/feed/good", f"{mock.base}/feed/500"]},
            "unreachable": {"feeds": ["http://127.0.0.1:9/feed"]},
            "unknown": {"feeds": ["http://nowhere.invalid/feed"]},
            "missing": {"feeds": [f"{mock.base}/nowhere"]},
            "robots": {"feeds": [f"{mock.base}/forbidden/page"]},
            "shut": {"feeds": [f"{mock.base}/page/403"]},
            "html": {"feeds": [f"{mock.base}/feed/html"]},
            "cut": {"feeds": [f"{mock.base}/feed/cut"]},
            "nothing": {"feeds": [f"{mock.base}/feed/empty"]},
            "empty": {"feeds": [f"{base}/empty"]},
            "old": {"feeds": [f"{base}/old"]},
            "1970": {"feeds": [f"{base}/1970"]},
            "thin": {"feeds": [f"{base}/thin"]},
            "gone": {"feeds": [f"{base}/gone"]},
            "fine": {"feeds": [f"{base}/fine"]},
            "misnamed": {"sitemaps": [f"{base}/fine"]},
            "off": {"feeds": [f"{base}/off"]},
        }
        text = "".join(table(name, base, **channels) for name, channels in rows.items())
        (folder / "s.toml").write_text('disabled = ["off"]\n' + text)
        found = ask("check", "--sources", "s.toml", "--json", folder=folder)
        shown = ask("check", "--sources", "s.toml", "good", "off", folder=folder)
    return {row["name"]: row for row in json.loads(found.stdout)}, found, shown, mock.asked


@pytest.mark.parametrize(
    ("name", "verdict", "reason"),
    [
        ("good", "healthy", "2 stories named, 2 of 2 read in full"),
        ("index", "healthy", "40 stories named, 3 of 3 read in full"),
        ("half", "failing", "1 of 2 channels failed: feed "),
        ("cut", "healthy", "feed/cut is cut off at line 5: 2 items could be read"),
        ("unreachable", "failing", "the host refuses connections"),
        ("unknown", "failing", "the host name cannot be resolved"),
        ("missing", "failing", "HTTP 404 Not Found"),
        ("robots", "blocked", "forbidden by robots.txt"),
        ("shut", "blocked", "HTTP 403 Forbidden"),
        ("html", "failing", "is not a feed but an HTML page"),
        ("nothing", "failing", "is empty"),
        ("empty", "quiet", "its channels name no story"),
        ("old", "quiet", "its newest story is 90 days old"),
        ("1970", "thin", "0 of 2 stories could be read with title, date and text (no date)"),
        ("thin", "thin", "0 of 1 stories could be read"),
        ("gone", "failing", "2 of 2 stories: HTTP 404 Not Found"),
        ("fine", "healthy", "1 story named, 1 of 1 read in full"),
        ("misnamed", "failing", "is not a sitemap but a feed"),
    ],
)
def test_check_says_how_each_source_does(checked, name, verdict, reason):
    row = checked[0][name]
    assert (row["verdict"], reason in row["reason"]) == (verdict, True), row
    assert bool(row["advice"]) == (verdict != "healthy")


def test_check_tells_of_robots_and_leaves_out_what_is_disabled(checked):
    rows, found, shown, asked = checked
    assert {name: row["robots"] for name, row in rows.items() if row["robots"] != "allows"} == {
        "robots": "forbids", "unreachable": "unknown", "unknown": "unknown",
    }  # fmt: skip
    assert "/forbidden/page" not in asked, "robots.txt holds also for those that wait while it is fetched"
    assert "off" not in rows
    assert found.returncode == status.PARTLY, found.stderr
    assert "1 failing, 1 healthy" in shown.stdout, "a disabled source is asked where it is named"


def test_check_takes_a_small_sample(checked):
    assert (checked[0]["index"]["stories"], checked[0]["index"]["sample"]) == (40, 3)
    assert checked[0]["good"]["newest"] and checked[0]["empty"]["newest"] is None


def test_check_ends_with_3_where_nothing_answers(here):
    (here / "s.toml").write_text(table("dead", "http://127.0.0.1:9/", feeds=["http://127.0.0.1:9/feed"]))
    found = ask("check", "--sources", "s.toml")
    assert found.returncode == status.FAILED, found.stderr
    assert "founderwatch sources disable dead" in " ".join(found.stdout.split())


@pytest.mark.parametrize("command", ["check", "test", "disable", "enable"])
def test_an_unknown_name_is_told(own, command):
    found = run(command, "36krr")
    assert found.exit_code == status.USAGE
    assert "no source is called '36krr' (did you mean '36kr'?)" in found.stderr
    assert not own.exists()


@pytest.mark.parametrize("command", [["list"], ["check"], ["test", "x"], ["add", "x.example"], ["disable", "36kr"]])
def test_a_mistake_in_the_own_registry_is_told_with_its_line(own, command):
    own.parent.mkdir(parents=True)
    own.write_text('# mine\n[[source]]\nnam = "x"\n')
    found = run(*command)
    assert found.exit_code == status.USAGE
    assert f"{own}:3: nam is unknown (did you mean 'name'?)" in found.stderr


def test_test_shows_channels_and_stories(here):
    with serve(ports=0) as newsroom:
        (here / "s.toml").write_text(newsroom.sources())
        found = ask("test", "xinchao", "--sources", "s.toml")
    assert found.returncode == status.DONE, found.stderr
    assert "healthy: " in found.stdout and "an index" in found.stdout
    assert found.stdout.count(" zh ") == 5


# Add


def test_add_takes_the_feed_that_the_page_declares(here, own):
    head = (
        "<meta property=og:site_name content='Orrin Weekly'>"
        "<link rel=alternate type=application/rss+xml href=/comments/feed>"
        "<link rel=alternate type=application/rss+xml href=/all.xml>"
        "<link rel=alternate type=application/rss+xml href=/section.xml>"
    )
    pages = {
        **STORIES,
        "/": article("Home", TEXT, head=head),
        "/all.xml": feed(1, "/story/1", "/story/2"),
        "/section.xml": feed(1, "/story/3"),
    }
    with site(pages) as (base, asked):
        found = ask("add", base)
        again = ask("add", f"{base}/all.xml")
    assert found.returncode == status.DONE, found.stderr
    assert "healthy: 2 stories named, 2 of 2 read in full" in found.stdout
    (source,) = load(own)
    assert (source.title, source.home, source.language, source.feeds) == (
        "Orrin Weekly", f"{base}/", "en", (f"{base}/all.xml",),
    )  # fmt: skip
    assert "/feed" not in asked, "no address is guessed where one is declared"
    assert again.returncode == status.USAGE
    assert f"is in the registry already as {source.name}; nothing was added" in again.stderr
    assert len(load(own)) == 1


@pytest.mark.parametrize(
    ("pages", "given", "field", "path"),
    [
        ({"/": article("Home", TEXT), "/feed": feed(1, "/story/1")}, "/", "feeds", "/feed"),
        ({"/rss": feed(1, "/story/1")}, "/", "feeds", "/rss"),
        ({"/deep/rss": feed(1, "/story/1")}, "/deep/rss", "feeds", "/deep/rss"),
        (
            {
                "/": article("Home", TEXT),
                "/robots.txt": (b"User-agent: *\nAllow: /\nSitemap: {base}/maps/news.xml\n", "text/plain"),
                "/maps/news.xml": (b"<urlset><url><loc>{base}/story/1</loc></url></urlset>", "application/xml"),
            },
            "/",
            "sitemaps",
            "/maps/news.xml",
        ),
    ],
    ids=["usual address", "page not shown", "a feed itself", "sitemap in robots.txt"],
)
def test_add_finds_other_channels(here, pages, given, field, path):
    with site({**STORIES, **pages}) as (base, _):
        found = ask("add", base + given, "--sources", "mine.toml")
    assert found.returncode == status.DONE, found.stderr
    (source,) = load(here / "mine.toml")
    assert (source.channels, getattr(source, field)) == ((base + path,), (base + path,))


def test_add_takes_a_page_that_lists_stories_and_detects_the_language(here):
    with serve(ports=0) as newsroom:
        home = newsroom.sites["qianyan"].base
        found = ask("add", f"{home}/news/", "--sources", "mine.toml", "--quiet")
    assert (found.returncode, found.stdout) == (status.DONE, ""), found.stderr
    (source,) = load(here / "mine.toml")
    assert (source.language, source.listings) == ("zh", (f"{home}/news/",))


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        ({}, "HTTP 404 Not Found"),
        ({"/": article("Home", TEXT)}, "no feed, sitemap or list of stories was found; nothing was added"),
        ({"/": feed(1, "/story/1"), "/robots.txt": b"User-agent: *\nDisallow: /story/"}, "blocked: 1 of 1 stories"),
        ({"/": b"x", "/robots.txt": b"User-agent: *\nDisallow: /"}, "forbidden by robots.txt"),
    ],
    ids=["404", "nothing found", "stories forbidden", "site forbidden"],
)
def test_add_adds_nothing_that_cannot_be_read(own, pages, said):
    with site({**STORIES, **pages}) as (base, _):
        found = ask("add", base)
    assert found.returncode == status.FAILED
    assert said in found.stderr
    assert not own.exists()


def test_add_tells_what_it_was_given(own):
    assert "not an http or https address" in run("add", "ftp://x.example/").stderr
    found = run("add", "www.36kr.com")
    assert found.exit_code == status.USAGE
    assert "is in the registry already as 36kr; nothing was added" in found.stderr
    run("disable", "36kr")
    assert "founderwatch sources enable 36kr" in run("add", "36kr.com").stderr


# The user's own registry


MINE = """\
# My sources

[[source]] # the first
name = "wire"   # short
home = 'https://wire.example/'
language = "en"
feeds = [
    "https://wire.example/feed",  # the only one
]

# the end
"""


def test_disable_and_enable_change_nothing_else(here):
    (here / "mine.toml").write_text(MINE)
    (here / "founderwatch.toml").write_text('own_sources = "mine.toml"\n')
    assert run("disable", "wire").exit_code == status.DONE
    assert run("disable", "36kr").exit_code == status.DONE
    assert (here / "mine.toml").read_text().replace('disabled = ["wire", "36kr"]\n', "").replace(
        "\n\n\n", "\n\n"
    ) == MINE
    listed = json.loads(run("list", "--json").stdout)
    assert {row["name"] for row in listed if row["disabled"]} == {"wire", "36kr"}
    assert "wire (disabled)" in run("list").stdout
    assert "2 disabled" in run("list").stdout
    assert run("disable", "wire").stdout == "wire was disabled already\n"
    assert run("enable", "wire").stdout == "wire is enabled\n"
    assert run("enable", "wire").stdout == "wire is enabled already\n"
    assert read(here / "mine.toml").disabled == {"36kr"}


def test_the_own_registry_lies_over_the_packaged_one(here, own):
    own.parent.mkdir(parents=True)
    own.write_text(MINE + table("36kr", "https://36kr.com/", feeds=["https://36kr.com/new"]))
    listed = {row["name"]: row for row in json.loads(run("list", "--json").stdout)}
    assert listed["36kr"]["feeds"] == ["https://36kr.com/new"]
    assert len(listed) == len(load()) + 1
    assert "\nwire " in run("list").stdout.replace("\n ", "\n")
    assert "\nwire " not in run("list", "--sources", ROOT / "spiders/sources.toml").stdout.replace("\n ", "\n")


def test_a_configuration_has_its_own_registry_beside_it(here, own):
    (here / "founderwatch.toml").write_text("")
    assert run("disable", "36kr").exit_code == status.DONE
    assert read(here / "sources.toml", may_be_empty=True).disabled == {"36kr"}
    assert not own.exists()


def test_the_packaged_registry_is_never_changed(here):
    packaged = ROOT / "spiders/sources.toml"
    before = packaged.read_bytes()
    found = run("disable", "36kr", "--sources", packaged)
    assert found.exit_code == status.USAGE
    assert "name a file of your own" in found.stderr
    assert packaged.read_bytes() == before


def test_the_crawl_leaves_out_what_is_disabled(here):
    with mockserver() as mock:
        (here / "s.toml").write_text(
            'disabled = ["off"]\n'
            + table("on", mock.base, feeds=[f"{mock.base}/feed/cut"])
            + table("off", mock.base, feeds=[f"{mock.base}/feed/good"])
        )
        assert [source.name for source in load(here / "s.toml")] == ["on"]
    (here / "s.toml").write_text(
        'disabled = ["on"]\n' + table("on", "https://a.example/", feeds=["https://a.example/f"])
    )
    found = CliRunner().invoke(main, ["crawl", "--sources", "s.toml"])
    assert found.exit_code == status.USAGE
    assert "every source is disabled" in found.stderr
    (here / "s.toml").write_text("disabled = 3\n")
    assert "s.toml:1: disabled must be a list of names" in run("list", "--sources", "s.toml").stderr


def test_a_registry_that_cannot_be_written_is_told(here):
    (here / "file").write_text("")
    (here / "founderwatch.toml").write_text('own_sources = "file/mine.toml"\n')
    found = run("disable", "36kr")
    assert found.exit_code == status.FAILED
    assert "file/mine.toml: cannot be read: Not a directory" in found.stderr


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# mine",
        'disabled = [\n  "x", # why\n]\n',
        MINE,
        MINE.replace("\n", "\r\n"),
        'source = [{name = "wire", home = "https://wire.example/", language = "en", feeds = ["https://wire.example/f"]}]\n',
    ],
    ids=["empty", "comment", "disabled", "tables", "CRLF", "inline"],
)
def test_a_source_is_added_behind_what_is_there(here, text):
    path = here / "mine.toml"
    path.write_bytes(text.encode())
    before = read(path, may_be_empty=True)
    source = Source("new", 'The "new"', "https://new.example/", "en", feeds=("https://new.example/f",))
    add(path, [source])
    assert read(path).sources == (*before.sources, source)
    assert read(path).disabled == before.disabled
    assert path.read_bytes().startswith(text.encode().rstrip(b"]\n") if "source = [" in text else text.encode())


# OPML


def test_opml_goes_out_and_comes_in_again(here, own):
    exported = run("export", "--quiet")
    assert run("export", "--opml", "--quiet").stdout_bytes == exported.stdout_bytes
    assert exported.exit_code == status.DONE
    (here / "f.opml").write_bytes(exported.stdout_bytes)
    assert "0 of " in run("import", "f.opml").stdout
    assert not own.exists()
    assert run("import", "f.opml", "--sources", "new.toml").exit_code == status.DONE
    assert {url for s in load(here / "new.toml") for url in s.feeds} == {url for s in load() for url in s.feeds}


def test_opml_of_a_feed_reader(here, own):
    (here / "f.opml").write_text(
        '<?xml version="1.0"?><opml version="1.0"><body><outline text="Folder">'
        '<outline type="rss" text="甲 &amp; 乙" xmlUrl="https://blog.wire.example.com/feed" language="zh-CN"/>'
        '<outline text="Twice" xmlUrl="https://blog.wire.example.com/feed"/>'
        '<outline text="Known" xmlUrl="https://techcrunch.com/feed/"/>'
        '<outline text="Script" xmlUrl="javascript:alert(1)"/></outline></body></opml>'
    )
    found = run("import", "f.opml")
    assert found.exit_code == status.DONE, found.output
    assert "1 of 2 feeds added" in found.stdout
    (source,) = load(own)
    assert (source.name, source.title, source.language) == ("wire-example", "甲 & 乙", "zh")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not OPML"),
        ("<html><body/></html>", "is not OPML but <html>"),
        ("<opml><body/></opml>", "names no feed; nothing was added"),
        ('<!DOCTYPE o [<!ENTITY a "b">]><opml><body>&a;', "is not OPML"),
    ],
)
def test_bad_opml_is_told(here, own, text, said):
    (here / "f.opml").write_text(text)
    found = run("import", "f.opml")
    assert found.exit_code == status.FAILED
    assert said in found.stderr
    assert not own.exists()
