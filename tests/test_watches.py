"""The user's own watch list, the view of leavers, and one person's time line from leaving to founding."""

import json
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner

from founderwatch import status
from founderwatch.cli import main
from founderwatch.database import watches
from founderwatch.database.store import Store
from tests.judged import THRESHOLD, mention, saved, story


@pytest.fixture
def store(here):
    with closing(Store(here / "founderwatch.db")) as store:
        yield store


def watched(store):
    """{name of the watch: people of its events}"""
    rows = store.db.query(
        "select w.name, e.person from watched_events x join watches w on w.id = x.watch join events e on e.id = x.event order by e.person"
    )
    found = {}
    for row in rows:
        found.setdefault(row["name"], []).append(row["person"])
    return found


def view(store):
    return {row["person"]: row for row in store.db.query("select * from watch_list")}


STORIES = [
    story("https://a.example/1", mention("周畅", "阿里云", kind="leaves"), language="zh"),
    story("https://b.example/1", mention("Ana Ruiz", "ByteDance", kind="joins", venture="Orrin"), days=1),
    story("https://c.example/1", mention("Tom Barlow", "TikTok", score=0.2), days=2),
    story("https://d.example/1", mention("Zhou Chang", "Tencent"), days=3),
    story("https://e.example/1", mention("Jo Park", None, kind="leaves"), days=4),
]


@pytest.mark.parametrize("before", [True, False])
def test_a_watch_means_what_is_there_and_what_comes(store, before):
    if before:
        saved(store, *STORIES)
    added = [
        watches.add(store.db.conn, "company", "字节跳动")[1],
        watches.add(store.db.conn, "person", "Zhou Chang", "Alibaba")[1],
        watches.add(store.db.conn, "person", "Chang Zhou")[1],
        watches.add(store.db.conn, "person", "Nobody Known")[1],
    ]
    assert added == ([2, 1, 2, 0] if before else [0, 0, 0, 0])
    saved(store, *STORIES)
    assert watched(store) == {
        "字节跳动": ["Ana Ruiz", "Tom Barlow"],
        "Zhou Chang": ["周畅"],
        "Chang Zhou": ["Zhou Chang", "周畅"],
    }
    store.rebuild_events(THRESHOLD)
    assert watched(store)["字节跳动"] == ["Ana Ruiz", "Tom Barlow"]


def test_a_watch_follows_an_event_that_is_judged_otherwise(store):
    watches.add(store.db.conn, "company", "Orrin")
    saved(store, story("https://a.example/1", mention("Ana Ruiz", "Orrin")))
    assert watched(store) == {"Orrin": ["Ana Ruiz"]}
    saved(store, story("https://a.example/1", mention("Ana Ruiz", "Monzo"), model="model-2"))
    assert watched(store) == {}


def test_a_watch_is_added_once_and_ends(store):
    first, _ = watches.add(store.db.conn, "company", "Orrin")
    again, _ = watches.add(store.db.conn, "company", " Orrin ")
    assert first == again
    saved(store, story("https://a.example/1", mention("Ana Ruiz", "Orrin")))
    assert watches.remove(store.db.conn, first.id) and not watches.remove(store.db.conn, first.id)
    assert watches.listed(store.db.conn) == [] and watched(store) == {}
    renewed, events = watches.add(store.db.conn, "company", "Orrin")
    assert renewed.id != first.id and events == 1


@pytest.mark.parametrize(("kind", "name"), [("person", "…"), ("person", ""), ("company", "🚀")])
def test_what_is_no_name_cannot_be_watched(store, kind, name):
    with pytest.raises(watches.WatchError):
        watches.add(store.db.conn, kind, name)
    assert watches.listed(store.db.conn) == []


# The view


def test_the_view_lists_leavers_and_joiners_with_how_long_ago(store):
    now = datetime.now(UTC)
    saved(
        store,
        story("https://a.example/1", mention("Ana Ruiz", "Orrin", kind="leaves"), published=now - timedelta(days=40)),
        story("https://b.example/1", mention("Jo Park", "Orrin", kind="joins", venture="Monzo"), published=now),
        story("https://c.example/1", mention("Tom Barlow", "Orrin"), published=now),
        story("https://d.example/1", mention("Eve Stone", "Orrin", kind="leaves", status="denied"), published=now),
        story("https://e.example/1", mention(None, "Orrin", kind="leaves"), published=now),
    )
    rows = view(store)
    assert {p: (r["days_ago"], r["went_to"]) for p, r in rows.items()} == {
        "Jo Park": (0, "Monzo"),
        "Ana Ruiz": (40, None),
    }
    assert [r["founded"] for r in rows.values()] == [None, None]


def test_the_view_shows_every_kind_of_departure_for_what_is_watched(store):
    watches.add(store.db.conn, "company", "ByteDance")
    saved(store, *STORIES)
    rows = view(store)
    assert rows["Tom Barlow"]["watched"] == rows["Ana Ruiz"]["watched"] == "ByteDance"
    assert rows["Jo Park"]["watched"] is None and "Zhou Chang" not in rows


@pytest.mark.parametrize("turned", [1, -1])
def test_a_leaver_who_founds_within_the_year_is_one_event_that_stays_on_the_list(store, turned):
    stories = [
        story("https://a.example/1", mention("Ana Ruiz", "Orrin", kind="leaves")),
        story("https://b.example/1", mention("Ana Ruiz", "Orrin", venture="Palewire"), days=90),
    ]
    (event,) = saved(store, *stories[::turned])
    row = view(store)["Ana Ruiz"]
    assert (row["kind"], row["founded"], row["id"]) == ("founds", event["event"], event["event"])


def test_who_is_told_to_leave_and_found_at_once_was_never_on_the_list(store):
    saved(
        store,
        story("https://a.example/1", mention("Ana Ruiz", "Orrin")),
        story("https://b.example/1", mention("Ana Ruiz", "Orrin", kind="leaves"), days=1),
    )
    assert view(store) == {}


@pytest.mark.parametrize("turned", [1, -1])
@pytest.mark.parametrize(
    ("left", "founded", "days", "one"),
    [
        (mention("周畅", "阿里云", kind="leaves"), mention("Zhou Chang", "Alibaba"), 500, True),
        (mention("Zhou Chang", "Alibaba", kind="joins", venture="Tencent"), mention("Zhou Chang", "腾讯"), 300, True),
        (mention("Zhou Chang", "Alibaba", kind="leaves"), mention("Zhou Chang", "Tencent"), 500, False),
        (mention("Zhou Chang", "Alibaba", kind="leaves"), mention("Zhou Chang", None), 500, False),
        (mention("Zhou Chang", "Alibaba", kind="leaves"), mention("Zhou Chen", "Alibaba"), 500, False),
        (mention("Zhou Chang", "Alibaba", kind="leaves"), mention("Zhou Chang", "Alibaba"), 2500, False),
        (
            mention("Zhou Chang", "Alibaba", kind="leaves"),
            mention("Zhou Chang", "Alibaba", status="denied"),
            500,
            False,
        ),
        (mention("Zhou Chang", "Alibaba"), mention("Zhou Chang", "Alibaba"), 500, False),
    ],
)
def test_one_persons_time_line_leads_from_leaving_to_founding(store, turned, left, founded, days, one):
    stories = [story("https://a.example/1", left), story("https://b.example/1", founded, days=days)]
    first, second = saved(store, *stories[::turned])
    pairs = [(r["event"], r["later"]) for r in store.db["successions"].rows]
    assert pairs == ([(first["event"], second["event"])] if one else [])
    if one:
        assert view(store)[first["person"]]["founded"] == second["event"]
        assert store.event(first["event"])["time_line"] == store.event(second["event"])["time_line"]
        shown = CliRunner().invoke(main, ["show", second["event"]], env={"COLUMNS": "160"}).stdout
        assert "The same person" in shown and first["event"] in shown
    store.rebuild_events(THRESHOLD)
    assert [(r["event"], r["later"]) for r in store.db["successions"].rows] == pairs


# From the command line


def run(*arguments):
    return CliRunner().invoke(main, ["watch", *arguments], env={"COLUMNS": "160"})


def test_the_command_line_adds_lists_and_removes(store):
    saved(store, *STORIES)
    assert run("add", "ByteDance").stdout == "watching the company ByteDance (number 1); events so far: 2\n"
    assert "the person Zhou Chang (number 2)" in run("add", "Zhou Chang", "--employer", "阿里巴巴", "--note", "met in May").stdout  # fmt: skip
    assert "the person Orrin (number 3)" in run("add", "Orrin").stdout
    assert "the company Orrin (number 4)" in run("add", "--company", "Orrin").stdout
    assert run("add", "--person", "王伟", "--quiet").output == ""
    listed = json.loads(run("list", "--json").stdout)
    assert [(w["id"], w["kind"], w["name"], len(w["events"])) for w in listed] == [
        (1, "company", "ByteDance", 2), (2, "person", "Zhou Chang", 1), (3, "person", "Orrin", 0), (4, "company", "Orrin", 0), (5, "person", "王伟", 0),
    ]  # fmt: skip
    assert "met in May" in run("list").stdout
    assert run("remove", "1").stdout == "no longer watching the company ByteDance\n"
    assert run("remove", "Orrin").exit_code == status.DONE
    assert [w["id"] for w in json.loads(run("list", "--json").stdout)] == [2, 5]


def test_a_first_watch_makes_the_database(here):
    assert run("add", "ByteDance").exit_code == status.DONE
    assert (here / "founderwatch.db").exists()
    run("remove", "1")
    assert "Nothing is watched" in run("list").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "…"], "is no name"),
        (["add", "--company", "Orrin", "--employer", "Monzo"], "--employer belongs to a person"),
        (["remove", "7"], "7 is not watched"),
    ],
)
def test_wrong_usage_is_told(store, arguments, said):
    found = run(*arguments)
    assert found.exit_code == status.USAGE and said in found.stderr, found.output


# Old stories


@pytest.mark.parametrize("turned", [1, -1])
@pytest.mark.parametrize(
    ("again", "days", "old"),
    [
        (mention("Ana Ruiz", "Orrin"), 500, True),
        (mention("Ana Ruiz", "Orrin Cloud"), 1500, True),
        (mention("Ana Ruiz", "Orrin", departed_from=date(2026, 6, 1), departed_to=date(2026, 7, 31)), 900, True),
        (mention("Ana Ruiz", "Orrin", departed_from=date(2030, 6, 1), departed_to=date(2030, 7, 31)), 1500, False),
        (mention("Ana Ruiz", "Orrin", status="announced"), 500, False),
        (mention("Ana Ruiz", "Orrin", venture="Skylark"), 500, False),
        (mention("Ana Ruiz", "Monzo"), 500, False),
        (mention("Ana Ruiz", None), 500, False),
    ],
)
def test_an_old_story_that_is_told_again_is_no_news(store, turned, again, days, old):
    stories = [
        story("https://a.example/1", mention("Ana Ruiz", "Orrin", venture="Palewire")),
        story("https://b.example/1", again, days=days),
    ]
    first, second = saved(store, *stories[::turned])
    assert {e["event"] for e in store.events()} == {first["event"]} | (set() if old else {second["event"]})
    assert store.event(second["event"])["retells"] == (first["event"] if old else None)
    store.rebuild_events(THRESHOLD)
    assert store.event(second["event"])["retells"] == (first["event"] if old else None)
    saved(store, story("https://a.example/1", model="model-2"))
    assert [e["event"] for e in store.events()] == [second["event"]], "where the first is none, the second is news"


def test_a_departure_that_was_long_past_when_it_was_first_told_is_a_biography(store):
    old = {"departed_from": date(2020, 1, 1), "departed_to": date(2020, 12, 31)}
    (event,) = saved(store, story("https://a.example/1", mention("Ana Ruiz", "Orrin", **old)))
    assert store.events() == [] and event["departed_precision"] == "year"
    saved(store, story("https://a.example/1", mention("Ana Ruiz", "Orrin"), model="model-2"))
    assert len(store.events()) == 1
