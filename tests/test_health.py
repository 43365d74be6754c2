"""The view source_health: each source against its own last weeks, and in agreement with `sources check`."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from founderwatch.database.store import Store
from founderwatch.items import Article, Page, Story
from spiders.check import ChannelCheck, SourceCheck
from spiders.health import QUIET, judge
from spiders.sources import Source
from spiders.timetable import Asked, next_turn

NOW = datetime.now(UTC)
SOURCE = Source(
    name="wire", title="Wire", home="https://wire.example/", language="en", feeds=("https://wire.example/feed",)
)


@pytest.fixture
def store(tmp_path: Path):
    with closing(Store(tmp_path / "x.db")) as opened:
        opened.register_sources([SOURCE])
        yield opened


def published(store: Store, *days_ago: float) -> None:
    for number, days in enumerate(days_ago):
        url, moment = f"https://wire.example/{days}/{number}", NOW - timedelta(days=days)
        store.save(
            Story(
                page=Page(url, "wire", b"", moment),
                article=Article(url, "wire", f"T {url}", f"B {url}", published=moment),
            ),
            0.5,
        )


def crawled(store: Store, days_ago: float = 0, turns=None, **row) -> None:
    run = store.start_run("crawl")
    usual = {
        "source": "wire",
        "channels": 1,
        "channels_failed": 0,
        "fetched": 0,
        "extracted": 0,
        "letters": 0,
        "unfetched": 0,
    }
    store.finish_run(run, {}, [usual | row], turns)
    began = (NOW - timedelta(days=days_ago)).isoformat(timespec="seconds")
    with store.together():
        store.db.execute("update runs set started_at = ? where id = ?", [began, run])


def verdict(store: Store) -> tuple[str, str | None]:
    return store.health()["wire"]


def good(days_ago: float) -> dict:
    return {"days_ago": days_ago, "fetched": 20, "extracted": 20, "letters": 40_000}


def test_a_good_source(store: Store) -> None:
    assert verdict(store) == ("never crawled", None)
    published(store, 1, 2, 3)
    crawled(store, **good(1))
    crawled(store)
    assert verdict(store) == ("healthy", None)


def test_quiet_by_age_as_check_says_it(store: Store) -> None:
    for days, expected in ((QUIET.days - 1, "healthy"), (QUIET.days + 2, "quiet")):
        store.db.execute("delete from articles")
        published(store, days)
        crawled(store)
        story = Story(page=Page("u", "wire", b"", NOW), article=Article("u", "wire", "T", "word " * 300, published=NOW))
        check = SourceCheck(SOURCE, [ChannelCheck("feed", "u", 3, NOW - timedelta(days=days))], [story])
        assert verdict(store)[0] == judge(check).verdict == expected
    assert verdict(store)[1] == f"its newest story is {QUIET.days + 2} days old"


def test_a_part_that_is_lost_counts(store: Store) -> None:
    published(store, *(7.5 + n / 5 for n in range(100)), 1, 2)
    crawled(store)
    assert verdict(store) == ("quiet", "2 stories in the last 7 days, against 25 a week before")
    published(store, *(0.5 + n / 2 for n in range(6)))
    assert verdict(store)[0] == "healthy", "fewer, but no loss"


def test_rare_sources_are_not_called_quiet_for_a_week_without(store: Store) -> None:
    published(store, 9, 16, 23)
    crawled(store)
    assert verdict(store)[0] == "healthy"


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ({}, {"fetched": 10, "extracted": 4}, ("thin", "4 of 10 pages of the last 7 days gave a text")),
        (good(20), {"fetched": 20, "extracted": 11, "letters": 22_000}, ("thin", "55% of its pages gave a text, against 100% before")),
        (good(20), {"fetched": 20, "extracted": 20, "letters": 6_000}, ("thin", "its texts have 300 letters in the mean, against 2000 before")),
        (good(20), {"fetched": 20, "extracted": 15, "letters": 30_000}, ("healthy", None)),
        (good(20), {"fetched": 2, "extracted": 0}, ("healthy", None)),
        ({}, {"fetched": 1, "unfetched": 5}, ("failing", "5 of 6 pages of the last 7 days did not come")),
        ({}, {"channels_failed": 1, "message": "no"}, ("failing", "no")),
        ({}, {"channels": 3, "channels_failed": 1, "message": "no"}, ("failing", "1 of 3 channels failed: no")),
        ({}, {"channels_failed": 1, "blocked": 1, "message": "HTTP 403"}, ("blocked", "HTTP 403")),
    ],
)  # fmt: skip
def test_verdicts(store: Store, before: dict, now: dict, expected: tuple[str, str | None]) -> None:
    published(store, 1, 2, 3)
    if before:
        crawled(store, **before)
    crawled(store, 0.1, **now)
    assert verdict(store) == expected


def test_paused_goes_before_all(store: Store) -> None:
    turn = None
    for _ in range(4):
        turn = next_turn(turn, Asked(grade="hard", reason="wire: HTTP 404"), NOW)
    crawled(store, channels_failed=1, message="HTTP 404", turns={"wire": turn})
    assert verdict(store) == ("paused", "wire: HTTP 404")
    assert store.turns()["wire"].state == "paused"
    assert store.turns()["wire"].due_at == turn.due_at.replace(microsecond=0)


def test_a_run_of_an_older_version_says_nothing_of_texts(store: Store) -> None:
    published(store, 1)
    run = store.start_run("crawl")
    store.finish_run(run, {}, [{"source": "wire", "channels": 1, "fetched": 50}])
    assert verdict(store)[0] == "healthy"


def test_old_rows_are_let_go(store: Store) -> None:
    crawled(store, 90)
    crawled(store, 30)
    crawled(store)
    assert store.db["source_runs"].count == 2
    assert store.db["runs"].count == 3
