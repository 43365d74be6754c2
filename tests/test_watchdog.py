"""Founderwatch's own troubles: told once when they begin, once when they are over, and not by chance."""

import random
import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from founderwatch.alerts import watchdog
from founderwatch.alerts.channel import Channel
from founderwatch.alerts.limits import Limits
from founderwatch.config import Config
from founderwatch.database.outbox import Outbox
from founderwatch.database.store import Store

NOW = datetime(2026, 7, 6, 12, tzinfo=UTC)
CHANNELS = (Channel("a", "json://x"), Channel("b", "json://x"), Channel("quiet", "json://x", troubles=False))


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**12, 0, 10**12))
    with closing(Store(tmp_path / "x.db")) as store:
        yield store


def config(store, **limits):
    return Config(database=store.path, alert=CHANNELS, watchdog=Limits(**limits))


def fill(store, days, a_day, share, until=NOW, seed=1):
    """So many stories on each of the days before, of which a share is flagged."""
    chance = random.Random(seed)
    connection = store.db.conn
    with connection:
        for hour in range(days * 24):
            at = (until - timedelta(hours=hour, minutes=30)).isoformat(timespec="seconds")
            for number in range(a_day // 24):
                article = connection.execute(
                    "insert into articles (url, title, body, first_seen_at) values (?, 't', 'b', ?)",
                    [f"{at}/{number}/{seed}", at],
                ).lastrowid
                connection.execute(
                    "insert into assessments (article, model, score, flagged, made_at) values (?, 'm', 0, ?, ?)",
                    [article, chance.random() < share, at],
                )


def examined(store, now=NOW, **limits):
    """What is on the list after an examination, oldest first."""
    outbox = Outbox(store.db.conn)
    watchdog.examine(outbox, config(store, **limits), now)
    return [(row["channel"], row["about"], row["status"]) for row in reversed(outbox.latest(100))]


def test_all_is_well(store):
    fill(store, 10, 240, 0.01)
    assert examined(store) == []


def test_silence_is_told_once_and_its_end_once(store):
    fill(store, 2, 24, 0)
    assert examined(store, NOW + timedelta(hours=23)) == []
    began = [("a", "silent", "begun"), ("b", "silent", "begun")]
    for hours in (24, 25, 60):
        assert examined(store, NOW + timedelta(hours=hours)) == began
    fill(store, 1, 24, 0, until=NOW + timedelta(hours=70), seed=2)
    over = [*began, ("a", "silent", "ended"), ("b", "silent", "ended")]
    assert examined(store, NOW + timedelta(hours=70)) == over
    assert examined(store, NOW + timedelta(hours=71)) == over
    assert examined(store, NOW + timedelta(hours=95)) == [*over, *began]


def test_an_empty_database_is_not_silent(store):
    assert examined(store) == []


def test_switched_off(store):
    fill(store, 2, 24, 0)
    assert examined(store, NOW + timedelta(days=9), silent=None) == []


def test_many_more_flags_than_usual(store):
    fill(store, 28, 480, 0.01, until=NOW - timedelta(days=1))
    fill(store, 1, 480, 0.10, seed=2)
    assert examined(store) == [("a", "many", "begun"), ("b", "many", "begun")]
    (figures,) = store.db.query("select figures from troubles")
    assert '"stories": 480' in figures["figures"]


def test_no_flags_where_there_are_always_some(store):
    fill(store, 28, 480, 0.05, until=NOW - timedelta(days=1))
    fill(store, 1, 480, 0.0, seed=2)
    assert examined(store) == [("a", "few", "begun"), ("b", "few", "begun")]


def test_a_week_is_too_short_to_know_what_is_usual(store):
    fill(store, 6, 480, 0.01, until=NOW - timedelta(days=1))
    fill(store, 1, 480, 0.2, seed=2)
    assert examined(store) == []


def test_chance_alone_raises_no_alarm():
    """Five thousand days whose rate is that of the weeks before: by chance, one in ten such rows has a false alarm."""
    chance = np.random.default_rng(1)
    alarms = 0
    for _ in range(5_000):
        rate, days = chance.uniform(0.002, 0.2), int(chance.integers(7, 29))
        flagged, before = int(chance.binomial(500, rate)), int(chance.binomial(500 * days, rate))
        alarms += min(watchdog.odds(flagged, 500, before, 500 * days)) < watchdog._BEGINS
    assert alarms <= 2


@pytest.mark.parametrize(
    ("hits", "tries", "chance", "expected"),
    [(0, 5, 0.5, 1.0), (5, 5, 0.5, 1 / 32), (1, 2, 0.1, 0.19), (3, 3, 1 / 29, (1 / 29) ** 3), (6, 5, 0.5, 0.0)],
)
def test_the_tail_of_the_binomial_distribution(hits, tries, chance, expected):
    assert watchdog._at_least(hits, tries, chance) == pytest.approx(expected)


def test_a_disk_that_fills(store, monkeypatch):
    for free, states in ((2e9, []), (0.9e9, ["begun"]), (1.05e9, ["begun"]), (1.2e9, ["begun", "ended"])):
        monkeypatch.setattr(
            shutil, "disk_usage", lambda path, free=free: shutil._ntuple_diskusage(10**12, 0, int(free))
        )
        assert [status for channel, _, status in examined(store) if channel == "a"] == states


def test_what_outgrows_its_limit(store):
    (store.path.parent / f"{store.path.name}.archive").mkdir(parents=True)
    (store.path.parent / f"{store.path.name}.archive" / "x.warc").write_bytes(b"x" * 2000)
    kinds = {about for _, about, _ in examined(store, database_size=1000, archive_size=1000)}
    assert kinds == {"database", "archive"}
    assert len(examined(store, database_size=10**9, archive_size=10**9)) == 8
