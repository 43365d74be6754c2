"""`founderwatch show` and `founderwatch events rebuild` on a real database."""

import json

import pytest
from click.testing import CliRunner

from founderwatch import status
from founderwatch.cli import main
from founderwatch.database.store import Store
from tests.judged import mention, saved, story


@pytest.fixture
def database(here):
    return here / "founderwatch.db"


@pytest.fixture
def event(database):
    store = Store(database)
    (found,) = saved(
        store,
        story("https://a.example/1", mention("周畅", "阿里云", status="rumoured", score=0.7), source="36kr", title="传周畅将离职创业", language="zh"),
        story("https://b.example/1", mention("周畅", "阿里云", status="rumoured"), source="sina", copy_of="https://a.example/1", language="zh"),
        story("https://c.example/1", mention("Zhou Chang", "Alibaba Cloud", status="denied"), days=1, source="scmp", title="[b]No[/b] exit"),
        story("https://d.example/1", mention("Zhou Chang", "Alibaba", venture="Orrin", role="engineer"), days=30, source="wire"),
        story("https://e.example/1", mention("Chang Zhou", "Alibaba", venture="Palewire", kind="joins"), days=31, source="herald"),
    )  # fmt: skip
    store.close()
    return found["event"]


def run(*arguments):
    return CliRunner().invoke(main, [*arguments], env={"COLUMNS": "160"})


def test_one_events_whole_story_is_told_in_order(event):
    found = run("show", event)
    assert found.exit_code == status.DONE, found.output
    told = found.stdout
    for said in (
        "Zhou Chang",
        "周畅",
        "Chang Zhou",
        "Orrin",
        "first reported by",
        "36kr",
        "4 independent, 5 reports",
        "two independent sources, none named",
        "denied by one",
    ):
        assert said in told, said
    line = told[told.index("Time line") : told.index("Evidence")]
    places = [line.index(source) for source in ("36kr", "sina", "scmp", "wire", "herald")]
    assert places == sorted(places)
    assert "founds, rumoured; a copy" in line
    assert "founds, denied" in line and "[b]No[/b] exit" in line
    evidence = told[told.index("Evidence") : told.index("disagree")]
    assert "English:" in evidence and "Chinese:" in evidence and "https://c.example/1" in evidence


def test_contradictions_are_shown_with_who_says_what(event):
    told = run("show", event).stdout.partition("The stories disagree")[2]
    assert "status: rumoured (36kr, sina); denied (scmp); confirmed (wire, herald)" in told
    assert "venture: Orrin (wire); Palewire (herald)" in told
    assert "kind: founds (36kr, sina, scmp, wire); joins (herald)" in told
    assert "employer" not in told, "阿里云 and Alibaba are no contradiction"
    found = json.loads(run("show", event, "--json").stdout)
    assert found["contradictions"].keys() == {"status", "venture", "kind"}
    assert [m["copy_of"] for m in found["mentions"]] == [None, "https://a.example/1", None, None, None]


def test_the_status_is_told_as_it_moved(event):
    assert "rumoured (2026-07-06) → denied (2026-07-07) → confirmed (2026-08-05)" in run("show", event).stdout
    found = json.loads(run("show", event, "--json").stdout)
    assert [(s["status"], s["source"]) for s in found["history"]] == [("rumoured", "36kr"), ("denied", "scmp"), ("confirmed", "wire")]  # fmt: skip


def test_agreeing_stories_have_no_contradictions(database):
    (found,) = saved(Store(database), story("https://a.example/1", mention("Mara Lindqvist")))
    assert "disagree" not in run("show", found["event"]).stdout


def test_a_leaver_without_a_name_is_shown(database):
    (found,) = saved(
        Store(database), story("https://a.example/1", mention(None, None, kind="leaves"), source=None, published=None)
    )
    assert "(no name yet)" in run("show", found["event"]).stdout


def test_an_event_that_is_not_there_is_told(event):
    found = run("show", "ev-none")
    assert (found.exit_code, found.stdout) == (status.USAGE, "")
    assert "there is no event ev-none" in found.stderr


@pytest.mark.parametrize("arguments", [["show", "ev-1"], ["events", "rebuild"]])
def test_a_database_that_is_not_there_is_told_and_not_made(database, arguments):
    found = run(*arguments)
    assert found.exit_code == status.FAILED
    assert "does not exist yet" in found.stderr
    assert not database.exists()


def test_rebuild_keeps_what_events_lists(event):
    before = run("events", "--all", "--jsonl").stdout
    found = run("events", "rebuild")
    assert (found.exit_code, found.stdout) == (status.DONE, "1 events from 5 mentions\n"), found.output
    assert run("events", "rebuild", "--quiet").output == ""
    assert run("events", "--all", "--jsonl").stdout == before


def test_options_before_rebuild_are_refused_and_not_lost(event):
    found = run("events", "--db", "other.db", "rebuild")
    assert found.exit_code == status.USAGE
    assert "options go behind the command" in found.stderr
