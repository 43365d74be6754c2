"""`founderwatch events` on a real database: its form, its filters, and cells that a spreadsheet cannot run."""

import csv
import io
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone

import pytest
from click.testing import CliRunner

from founderwatch import status
from founderwatch.cli import main
from founderwatch.database import reviews, watches
from founderwatch.database.reviews import Verdict
from founderwatch.database.store import Store
from models.labels import STATUSES
from tests.judged import mention, saved, story

KEYS = {
    "event", "person", "names", "kind", "status", "employer", "role", "venture", "focus", "departed", "first_reported_by",
    "first_seen_at", "sources", "score", "mentions",
}  # fmt: skip
MENTION_KEYS = {"url", "title", "source", "language", "published", "kind", "status", "evidence"}


@pytest.fixture
def database(here):
    return here / "founderwatch.db"


@pytest.fixture
def filled(database):
    store = Store(database)
    saved(
        store,
        story(
            "https://a.example/1",
            mention("Mara Lindqvist", "Orrin Cloud", when="in May", focus="robots"),
            source="wire",
        ),
        story(
            "https://b.example/1",
            mention("Mara Lindqvist", "Orrin"),
            source="herald",
            days=1,
            title="[bold]Lindqvist[/] out",
        ),
        story(
            "https://c.example/1", mention("周畅", "阿里云", status="expected"), language="zh", title="周畅将离职创业"
        ),
        story("https://d.example/1", mention("Ana Ruiz", "Meta", status="denied")),
        story("https://e.example/1", mention("Jo Park", "Google", kind="joins")),
        story("https://f.example/1", mention("Tom Barlow", "Apple", score=0.3)),
        story("https://g.example/1", mention(None, "Monzo")),
    )
    store.close()
    return database


def run(*arguments):
    found = CliRunner().invoke(main, ["events", *arguments], env={"COLUMNS": "200"})
    assert found.exit_code == status.DONE, found.output
    return found.stdout


def people(*arguments):
    return sorted(json.loads(line)["person"] or "" for line in run("--jsonl", *arguments).splitlines())


def test_an_event_has_the_promised_form(filled):
    (event,) = [e for e in json.loads(run("--json")) if e["person"] == "Mara Lindqvist"]
    assert event.keys() >= KEYS
    assert all(m.keys() == MENTION_KEYS for m in event["mentions"])
    assert [m["url"] for m in event["mentions"]] == ["https://a.example/1", "https://b.example/1"]
    assert event["mentions"][0]["evidence"] == event["mentions"][0]["title"]
    assert event["departed"] == {"from": None, "to": None, "words": "in May"}
    assert (event["sources"], event["first_reported_by"], event["kind"]) == (2, "wire", "founds")


def test_json_lines_and_json_say_the_same(filled):
    assert [json.loads(line) for line in run("--jsonl").splitlines()] == json.loads(run("--json"))


def test_without_all_only_what_is_flagged_is_listed(filled):
    assert people() == ["", "Mara Lindqvist", "周畅"]
    assert people("--all") == ["", "Ana Ruiz", "Jo Park", "Mara Lindqvist", "Tom Barlow", "周畅"]


@pytest.mark.parametrize(
    ("arguments", "listed"),
    [
        (["--status", "expected"], ["周畅"]),
        (["--status", "expected", "--status", "confirmed"], ["", "Mara Lindqvist", "周畅"]),
        (["--employer", "orrin"], ["Mara Lindqvist"]),
        (["--employer", "阿里"], ["周畅"]),
        (["--employer", "Alibaba"], ["周畅"]),
        (["--employer", "Nobody Ltd"], []),
        (["--since", "1d"], ["", "Mara Lindqvist", "周畅"]),
        (["--since", "2999-01-01"], []),
        (["--since", "2999-01-01T00:00:00+14:00"], []),
        (["--all", "--status", "denied"], ["Ana Ruiz"]),
    ],
)
def test_filters_leave_what_they_say(filled, arguments, listed):
    assert people(*arguments) == listed


@pytest.mark.parametrize(
    ("arguments", "listed"),
    [
        (["--person", "Zhou Chang"], ["周畅"]),
        (["--person", "lindqv"], ["Mara Lindqvist"]),
        (["--kind", "joins"], ["Jo Park"]),
        (["--kind", "joins", "--kind", "founds", "--status", "denied"], ["Ana Ruiz"]),
        (["--until", "2000-01-01"], []),
        (["--until", "2999-01-01"], ["", "Mara Lindqvist", "周畅"]),
        (["--min-score", "0.91"], ["Mara Lindqvist"]),
        (["--min-sources", "2"], ["Mara Lindqvist"]),
        (["--all", "--min-sources", "3"], []),
        (["--watched"], ["Jo Park"]),
    ],
)
def test_more_filters_leave_what_they_say(filled, arguments, listed):
    with closing(Store(filled)) as store:
        watches.add(store.db.conn, "company", "Google")
    assert people(*arguments) == listed


def test_a_limit_leaves_the_newest(filled):
    assert run("--jsonl", "--limit", "1") == run("--jsonl").splitlines(keepends=True)[0]


@pytest.mark.parametrize(
    "arguments", [["--person", "…"], ["--until", "soon"], ["--min-score", "2"], ["--kind", "retires"], ["--limit", "0"]]
)
def test_a_filter_that_makes_no_sense_is_refused(filled, arguments):
    assert CliRunner().invoke(main, ["events", *arguments]).exit_code == status.USAGE


def test_what_is_printed_is_as_the_schema_says(filled):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(run("schema"))
    check = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    check.check_schema(schema)
    printed = json.loads(run("--json", "--all"))
    assert len(printed) == 6
    for event in printed:
        check.validate(event)
        assert set(event) <= set(schema["properties"]), "what is printed is described"
        assert not check.is_valid(event | {"kind": "retires"}) and not check.is_valid(event | {"score": 2})


def test_an_event_says_what_its_score_rests_on(filled):
    with closing(Store(filled)) as store:
        copy = story("https://h.example/1", mention("Mara Lindqvist"), source="star", copy_of="https://a.example/1")
        credits = mention("Mara Lindqvist", "Orrin", first_reported_by="Herald", status="announced")
        saved(store, copy, story("https://i.example/1", credits, source="tribune", days=2))
    (event,) = [e for e in json.loads(run("--json")) if e["person"] == "Mara Lindqvist"]
    assert event["basis"]["words"] == "two independent sources, one named; three outlets, some of which credit each other; one copy left out"  # fmt: skip
    assert event["score"] > 0.9 and event["sources"] == 3
    with closing(Store(filled)) as store:
        reviews.record(store.db.conn, Verdict("ana", "accept", event=event["event"]))
    (event,) = [e for e in json.loads(run("--json")) if e["person"] == "Mara Lindqvist"]
    assert event["score"] == 1 and event["basis"]["words"].startswith("accepted by a reviewer; two")


def test_since_may_be_told_in_another_time_zone(filled):
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    assert people("--since", an_hour_ago.astimezone(timezone(timedelta(hours=14))).isoformat()) == people()


def test_every_status_can_be_asked_for(filled):
    assert sorted(person for s in STATUSES for person in people("--all", "--status", s)) == people("--all")


def test_the_table_shows_evidence_and_takes_no_text_for_markup(filled):
    shown = run()
    assert "Mara Lindqvist" in shown
    assert "(no name yet)" in shown
    assert "周畅将离职创业" in shown
    assert "+1 more" in shown


@pytest.mark.parametrize("name", ["[red]Eve[/red]", "[/]Eve", "Eve\\[b]", "\x1b[31mEve", "Eve[link=http://x]y"])
def test_a_hostile_name_is_shown_as_it_is_written(database, name):
    saved(Store(database), story("https://a.example/1", mention(name, name, focus=name), title=name))
    shown = run()
    assert name.replace("\x1b", "") in shown
    assert "\x1b" not in shown + run("--jsonl")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_no_cell_is_a_formula(database, sign):
    text = f'{sign}HYPERLINK("http://x.example","a")'
    saved(
        Store(database), story("https://a.example/1", mention("Eve Stone", text, role=text, venture=text, focus=text))
    )
    (row,) = csv.DictReader(io.StringIO(run("--csv"), newline=""))
    assert [row[c] for c in ("employer", "role", "venture", "focus")] == ["'" + text] * 4
    assert not any(cell.startswith(sign) for cell in row.values())
    assert (row["person"], row["url"], row["kind"]) == ("Eve Stone", "https://a.example/1", "founds")


def test_csv_has_a_line_an_event(filled):
    rows = list(csv.DictReader(io.StringIO(run("--csv", "--all"))))
    assert sorted(r["person"] for r in rows) == people("--all")
    assert all(r["event"].startswith("ev-") and r["url"].startswith("https://") for r in rows)


def test_a_database_that_is_not_there_is_told_and_not_made(database):
    found = CliRunner().invoke(main, ["events"])
    assert (found.exit_code, found.stdout) == (status.FAILED, "")
    assert "founderwatch.db does not exist yet; `founderwatch crawl` makes it" in found.stderr
    assert not database.exists()
