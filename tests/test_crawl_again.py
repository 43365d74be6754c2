"""`founderwatch crawl` run after run: what is asked again, what is put off, and what the database knows of it."""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from founderwatch.database.store import Store
from founderwatch.items import PAGE_DOWN
from tests.faultroom.run import certificate
from tests.forked import CONTEXT, Done, founderwatch, run_command
from tests.mockserver import TEXT
from tests.receiver import receiving
from tests.site import Answer, Site, feed, html, site

WORDS = [
    "storage",
    "engines",
    "kernels",
    "compilers",
    "sensors",
    "lasers",
    "turbines",
    "batteries",
    "chips",
    "cables",
    "ports",
    "docks",
    "cranes",
    "mills",
]


def text(number: int) -> str:
    """A paragraph that no other number has."""
    return (
        " ".join(f"{WORDS[(number * 7 + n * n) % len(WORDS)]} {number * 31 + n}" for n in range(60)) + ". " + TEXT[:80]
    )


def story(number: int, **more) -> Answer:
    return html(f"The story with the number {number}", text(number), text(number + 1000), **more)


class Runs:
    """Crawls one registry into one database, in processes of their own."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.database = folder / "x.db"

    def crawl(self, registry: str, *options: str, **environment: str) -> Done:
        (self.folder / "s.toml").write_text(registry)
        environment = dict(os.environ) | environment
        return founderwatch("crawl", "--sources", "s.toml", "--db", "x.db", *options, folder=self.folder, **environment)

    def rows(self, sql: str, *values):
        with closing(Store(self.database)) as store:
            return store.db.execute(sql, values).fetchall()

    @property
    def titles(self) -> list[str]:
        return [title for (title,) in self.rows("select title from articles order by id")]


@pytest.fixture
def runs(here: Path) -> Runs:
    return Runs(here)


@pytest.fixture
def news():
    pages = {f"/story/{n}": story(n) for n in range(6)}
    with site(pages | {"/feed": feed(("One", "/story/1"), ("Two", "/story/2"))}) as running:
        yield running


def test_new_stories_are_found_by_each_crawl_scheduled_or_not(runs: Runs, news: Site) -> None:
    registry = news.registry("/feed")
    for number, options in enumerate(([], [], ["--due"]), 1):
        news.pages["/feed"] = feed(*((f"Story {n}", f"/story/{n}") for n in range(number)))
        done = runs.crawl(registry, *options)
        assert (done.returncode, len(runs.titles)) == (0, number), done.stderr
    [(state, every)] = runs.rows("select state, every from timetable")
    assert (state, every) == ("regular", 0), "loopback is asked each time"


def test_a_schedule_asks_only_what_is_due_and_a_name_asks_at_once(runs: Runs, news: Site) -> None:
    registry = news.registry("/feed", more='every = "1h"')
    assert runs.crawl(registry, "--due").returncode == 0
    before = len(news.asked)
    done = runs.crawl(registry, "--due")
    assert (done.returncode, len(news.asked)) == (0, before)
    assert "none of 1 sources is due; the next one is due at" in done.stdout
    assert runs.crawl(registry, "--due", "--quiet").stdout == ""
    runs.crawl(registry, "--due", "--only", "site")
    assert len(news.asked) > before
    assert runs.rows("select count(*) from runs") == [(2,)], "nothing due is no run"


def test_retry_after_holds_until_a_person_names_the_source(runs: Runs, news: Site) -> None:
    news.pages["/busy"] = Answer(b"later", 429, {"Retry-After": "3600"})
    registry = news.registry("/busy", name="busy") + news.registry("/feed", name="good").replace(
        "127.0.0.1", "localhost"
    )
    first = runs.crawl(registry)
    assert first.returncode == 1 and "busy: " in first.stderr and "HTTP 429" in first.stderr
    assert news.paths.count("/busy") == 1, "not asked twice"
    again = runs.crawl(registry)
    assert (again.returncode, news.paths.count("/busy")) == (0, 1)
    assert "busy: held until" in again.stdout and "HTTP 429" in again.stdout
    assert runs.crawl(registry, "--only", "busy").returncode == 3
    assert news.paths.count("/busy") == 2
    news.pages["/busy"] = feed(("Three", "/story/3"))
    assert runs.crawl(registry, "--now").returncode == 0
    assert runs.crawl(registry).returncode == 0 and news.paths.count("/busy") == 4, "one good answer revives"


def test_a_short_wait_is_waited_for(runs: Runs, news: Site) -> None:
    answers = [Answer(b"", 503, {"Retry-After": "1"}), Answer(b"", 429, {"Retry-After": "1"})]
    news.pages["/story/1"] = lambda _: answers.pop() if answers else story(1)
    done = runs.crawl(news.registry("/feed"))
    assert done.returncode == 0 and len(runs.titles) == 2, done.stderr


def test_a_crawl_that_is_told_to_stop_keeps_what_it_has_and_says_what_is_left(runs: Runs, news: Site) -> None:
    news.pages |= {f"/story/{n}": story(n) for n in range(20)}
    news.pages["/feed"] = feed(*((f"Story {n}", f"/story/{n}") for n in range(20)))
    news.pages["/robots.txt"] = Answer(b"User-agent: *\nCrawl-delay: 1\n")
    registry = news.registry("/feed")
    (runs.folder / "s.toml").write_text(registry)
    out, err = runs.folder / "out", runs.folder / "err"
    arguments = ["crawl", "--sources", "s.toml", "--db", "x.db"]
    crawl = CONTEXT.Process(target=run_command, args=(arguments, str(runs.folder), dict(os.environ), out, err))
    crawl.start()
    until = time.monotonic() + 60
    while not (runs.database.exists() and runs.titles) and time.monotonic() < until:
        time.sleep(0.1)
    crawl.terminate()
    crawl.join(60)
    assert crawl.exitcode == 1
    stored = len(runs.titles)
    assert 0 < stored < 20, "a slow host's queue is not waited for"
    said = err.read_text()
    assert f"told to stop: {20 - stored} channels and stories are left for the next crawl (site)" in said
    news.pages["/robots.txt"] = Answer(b"", 404)
    assert runs.crawl(registry).returncode == 0 and len(runs.titles) == 20


def _hang(arguments: list[str], folder: str, out: Path, err: Path) -> None:
    """A crawl that never comes back from its fetching."""
    from founderwatch.commands import crawl

    crawl._GRACE = 1
    crawl.run = lambda *_, **__: threading.Event().wait()
    run_command(arguments, folder, dict(os.environ), out, err)


def test_a_crawl_that_hangs_is_ended_and_says_where(runs: Runs, news: Site) -> None:
    (runs.folder / "s.toml").write_text(news.registry("/feed"))
    out, err = runs.folder / "out", runs.folder / "err"
    arguments = ["crawl", "--sources", "s.toml", "--db", "x.db", "--for", "1s"]
    crawl = CONTEXT.Process(target=_hang, args=(arguments, str(runs.folder), out, err))
    crawl.start()
    crawl.join(60)
    assert crawl.exitcode == 1 and "Timeout" in err.read_text() and "crawl.py" in err.read_text()
    assert runs.crawl(news.registry("/feed")).returncode == 0, "the lock is free"
    assert len(runs.titles) == 2


def test_the_watchdog_speaks_where_no_source_answers(runs: Runs, news: Site) -> None:
    registry = news.registry("/feed")
    with receiving() as receiver:
        (runs.folder / "founderwatch.toml").write_text(
            f'[watchdog]\nsilent = "1h"\n[[alert]]\nname = "a"\nurl = "{receiver.url()}"\n'
        )
        assert runs.crawl(registry).returncode == 0
        with closing(Store(runs.database)) as store, store.db.conn:
            store.db.execute("update articles set first_seen_at = '2020-01-01T00:00:00+00:00'")
        news.pages["/feed"] = Answer(b"", 404)
        assert runs.crawl(registry).returncode == 3
        assert "no source has brought anything new" in receiver.kept[-1].json["title"]
        number = len(receiver.kept)
        assert runs.crawl(registry).returncode == 3 and len(receiver.kept) == number, "once"


def test_the_days_quota_is_kept_over_runs(runs: Runs, news: Site) -> None:
    news.pages["/feed"] = feed(*((f"Story {n}", f"/story/{n}") for n in range(6)))
    registry = news.registry("/feed", more="quota = 4")
    done = runs.crawl(registry)
    assert done.returncode == 0 and len(runs.titles) == 3
    asked = len([path for path in news.paths if path != "/robots.txt"])
    assert asked == 4
    held = runs.crawl(registry)
    assert "held back" in held.stdout and len([path for path in news.paths if path != "/robots.txt"]) == 4
    assert runs.rows("select requests, held_until is not null, reason from timetable") == [
        (4, 1, "the day's quota of 4 requests is used up")
    ]
    assert runs.crawl(registry, "--only", "site").returncode == 0
    assert len(runs.titles) == 6, "what the quota left is not lost"


def test_a_channel_without_validators_is_known_by_its_content(runs: Runs, news: Site) -> None:
    registry = news.registry("/feed")
    for _ in range(2):
        assert runs.crawl(registry).returncode == 0
    found = runs.rows("select channels, unchanged, found, new from source_runs order by run")
    assert found == [(1, 0, 2, 2), (1, 1, 0, 0)]


def test_an_edited_story_is_one_article_with_versions(runs: Runs, news: Site) -> None:
    registry = news.registry("/feed")
    news.pages["/feed"] = feed(("A rumour about Orrin Cloud", "/story/1"))
    runs.crawl(registry)
    news.pages["/feed"] = feed(("Orrin Cloud confirms the rumour", "/story/1"))
    news.pages["/story/1"] = html("Orrin Cloud confirms the rumour", text(1), text(77))
    done = runs.crawl(registry)
    assert done.returncode == 0 and " 0 new" in done.stdout
    assert runs.titles == ["Orrin Cloud confirms the rumour"]
    [(title, body)] = runs.rows("select title, body from versions")
    assert title == "The story with the number 1" and text(1001)[:40] in body
    for number in range(2):  # a feed that changes its titles for ever is not followed for ever
        news.pages["/feed"] = feed((f"Title {number}", "/story/1"))
        runs.crawl(registry)
    assert news.paths.count("/story/1") == 3


def test_a_page_that_was_down_is_fetched_again_and_its_headline_stands_in_meanwhile(runs: Runs, news: Site) -> None:
    registry = news.registry("/feed")
    headline = "Google DeepMind researcher Orrin Cloud leaves to start his own AI company"
    news.pages["/feed"] = feed((headline, "/story/1"))
    news.pages["/story/1"] = html("Page not found", "Sorry, we could not find the page that you were looking for.")
    done = runs.crawl(registry)
    assert (done.returncode, runs.titles) == (0, [headline]), done.stderr
    assert runs.rows("select flagged from assessments") == [(1,)]
    assert runs.rows("select notes from articles")[0][0].startswith(PAGE_DOWN)
    news.pages["/story/1"] = html(headline, text(1), text(77))
    assert runs.crawl(registry).returncode == 0
    [(title, body, notes)] = runs.rows("select title, body, notes from articles")
    assert (title, notes) == (headline, None) and text(1)[:40] in body
    assert runs.crawl(registry).returncode == 0
    assert news.paths.count("/story/1") == 2


def test_a_page_that_stays_an_error_is_not_asked_for_for_ever(runs: Runs, news: Site) -> None:
    registry = news.registry("/feed")
    news.pages["/feed"] = feed(("Orrin Cloud leaves Google DeepMind", "/story/1"))
    news.pages["/story/1"] = html("Page not found", "Sorry, we could not find the page that you were looking for.")
    runs.crawl(registry)
    news.pages["/story/1"] = Answer(b"gone", 410)
    for number in range(4):  # a feed with news is read each time
        news.pages["/feed"] = feed(
            ("Orrin Cloud leaves Google DeepMind", "/story/1"), ("Other", f"/story/{number + 2}")
        )
        runs.crawl(registry)
    assert news.paths.count("/story/1") == 1 + 3
    assert runs.titles[0] == "Orrin Cloud leaves Google DeepMind"


@pytest.mark.parametrize(
    "others",
    [
        ["/story/1?utm_source=rss", "/story/1/", "/story/1/amp", "/amp/story/1", "/story/1?amp=1"],
        ["/p/1", "/p/2", "/p/3", "/p/4"],
        ["/x/7741093-slug", "/y/7741093-other-slug"],
    ],
)
def test_one_story_under_many_addresses_is_one_article(runs: Runs, news: Site, others: list[str]) -> None:
    canonical = '<link rel="canonical" href="/story/1">' if others[0] == "/p/1" else ""
    for path in others:
        news.pages[path] = story(1, head=canonical)
    news.pages["/feed"] = feed(*(("The story with the number 1", path) for path in others), ("Two", "/story/2"))
    done = runs.crawl(news.registry("/feed"))
    assert done.returncode == 0 and sorted(runs.titles) == [
        "The story with the number 1",
        "The story with the number 2",
    ]


def test_a_story_that_does_not_come_now_is_asked_for_again(runs: Runs, news: Site) -> None:
    """The page is down for hours while the feed stays as it is: it must not be given up."""
    registry = news.registry("/feed")
    news.pages["/story/1"] = Answer(b"down", 500)
    for _ in range(4):
        runs.crawl(registry)
    news.pages["/story/1"] = story(1)
    runs.crawl(registry)
    assert len(runs.titles) == 2


def test_health_and_the_report_name_what_changed(runs: Runs, news: Site) -> None:
    registry = news.registry("/feed", "/other")
    news.pages["/other"] = feed(("Three", "/story/3"))
    first = runs.crawl(registry)
    assert "→" not in first.stdout, first.stdout
    news.pages["/other"] = Answer(b"gone", 410)
    done = runs.crawl(registry)
    assert "site: healthy → failing (1 of 2 channels failed: " in done.stdout
    [(causes, grade, message)] = runs.rows("select causes, grade, message from source_runs order by run desc limit 1")
    assert json.loads(causes) == {"channel: HTTP 410 Gone": 1} and grade == "hard" and message.endswith("HTTP 410 Gone")
    news.pages["/other"] = Answer(b"no", 403)
    assert "site: failing → blocked" in runs.crawl(registry).stdout
    news.pages["/other"] = feed(("Three", "/story/3"))
    assert "site: blocked → healthy" in runs.crawl(registry).stdout
    columns = "new, known, fetched, extracted, letters > 500, requests, newest is not null"
    assert runs.rows(f"select {columns} from source_runs order by run limit 1") == [(3, 0, 3, 3, 1, 5, 1)]


def test_a_failing_source_backs_off_and_is_paused_in_words(runs: Runs, news: Site) -> None:
    registry = news.registry("/gone", name="gone") + news.registry("/feed", name="good").replace(
        "127.0.0.1", "localhost"
    )
    for _ in range(3):
        runs.crawl(registry)
    assert runs.rows("select state, trouble from timetable where source = 'gone'") == [("backing off", 9)]
    asked = len(news.paths)
    runs.crawl(registry, "--due")
    assert "/gone" not in news.paths[asked:]
    assert "gone: failing → paused" in runs.crawl(registry).stdout
    [(verdict, why)] = runs.rows("select verdict, message from source_health where name = 'gone'")
    assert verdict == "paused" and "HTTP 404" in why
    news.pages["/gone"] = feed(("Three", "/story/3"))
    assert "gone: paused → healthy" in runs.crawl(registry, "--only", "gone").stdout


def test_a_wrong_certificate_is_told_once(tmp_path):
    with site({"/feed": feed(("One", "/one"))}, certificate(tmp_path)) as secure:
        (tmp_path / "s.toml").write_text(secure.registry("/feed"))
        done = founderwatch("crawl", "--sources", "s.toml", "--db", "x.db", folder=tmp_path)
    assert [line.partition("/feed: ")[2] for line in done.stderr.splitlines()] == [
        "channel: its certificate cannot be trusted",
        "",  # no source answered
    ]
