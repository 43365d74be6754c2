"""Who asks to be forgotten is forgotten: in every table, every spelling and the bytes of the file, and does not come back."""

import json
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from founderwatch import status
from founderwatch.cli import main
from founderwatch.database import erasure, reviews, rulings, watches
from founderwatch.database.reviews import Verdict
from founderwatch.database.store import Store
from founderwatch.events.forms import Forms
from founderwatch.items import Failure, Page, Story
from tests.judged import NOW, THRESHOLD, mention, saved, story

NAME = "Zhou Chang"
WORDS = ("zhou chang", "chang zhou", "zhou-chang", "周畅", "周暢", "zhou_chang", "zhou%20chang")
BOTH = "Zhou Chang and Mara Lindqvist leave Orrin Cloud. Zhou has a plan. So says Zhou Jingren."


@pytest.fixture
def stored(here):
    """A database in which the person stands in every table that can name one."""
    with closing(Store("founderwatch.db")) as store:
        saved(
            store,
            story("https://a.example/zhou-chang-leaves", mention(NAME), title="Zhou Chang leaves to found a start-up"),
            story("https://b.example/2", mention("周畅", "Orrin Cloud"), title="周畅离职创业", language="zh", days=1),
            story("https://c.example/3", mention(NAME), mention("Mara Lindqvist"), title=BOTH, body=BOTH),
            story(
                "https://d.example/4", title="Funding", body="Earlier, Zhou Chang and 周暢, also Chang Zhou, had left."
            ),
            story("https://e.example/5", mention("Wang Wei", "Other"), title="Wang Wei leaves Other for a new company"),
            story("https://f.example/6", title="Nothing", body="Nobody left."),
        )
        [event] = [e for e in store.events(everything=True) if e["person"] in (NAME, "周畅")]
        connection = store.db.conn
        reviews.record(connection, Verdict("me", "accept", event["event"], corrected={"focus": "Zhou Chang's own"}, url="https://a.example/zhou-chang-leaves"))  # fmt: skip
        watches.add(connection, "person", NAME, note="Zhou Chang of Orrin")
        reports = [m["mention"] for m in store.event(event["event"])["mentions"]]
        rulings.split(connection, event["event"], reports[-1:], "me")
        with store._writing():
            connection.execute(
                "insert into alerts (channel, event, status, made_at, due_at, error) values ('me', ?, 'confirmed', 'x', 'x', 'Zhou Chang')",
                [event["event"]],
            )
            connection.execute(
                "insert into troubles (kind, began_at, figures) values ('few', 'x', '{\"of\": \"Zhou Chang\"}')"
            )
        page = Page("https://a.example/zhou-chang-gone", "wire", b"", NOW)
        store.save(Story(page=page, failure=Failure("fetch", "HTTP 404 Not Found")), THRESHOLD)
    return here


def run(*arguments, **more):
    return CliRunner().invoke(main, [*map(str, arguments)], **more)


def texts(store):
    """Every text of every table, with the table's name."""
    for table in store.db.table_names():
        for row in store.db[table].rows:
            yield from ((table, value) for value in row.values() if isinstance(value, str))


def traces(store):
    return [(table, value) for table, value in texts(store) if any(word in value.casefold() for word in WORDS)]


def test_a_dry_run_says_what_would_go_and_changes_nothing(stored):
    before = Path("founderwatch.db").read_bytes()
    found = run("erase", NAME, "--dry-run")
    assert found.exit_code == status.DONE, found.output
    assert "Zhou Chang, 周畅" in found.stdout and "Orrin Cloud" in found.stdout
    assert "2 events, 3 reports, 2 stories deleted, 2 stories with the name blotted out" in found.stdout
    with closing(Store("founderwatch.db")) as store:
        assert traces(store)
    assert len(before) == len(Path("founderwatch.db").read_bytes())


def test_nobody_is_erased_without_a_yes(stored):
    found = run("erase", NAME)
    assert (found.exit_code, "--yes" in found.stderr) == (status.USAGE, True)
    with closing(Store("founderwatch.db")) as store:
        assert traces(store)


@pytest.mark.parametrize("name", [NAME, "周畅", "Chang Zhou", "周暢"])
def test_no_form_of_the_name_is_left_in_any_table_or_byte(stored, name):
    with closing(Store("founderwatch.db")) as store:
        assert {table for table, _ in traces(store)} >= {
            "articles", "mentions", "events", "reviews", "watches", "alerts", "troubles", "failures", "addresses", "ruling_reports"
        }  # fmt: skip
    found = run("erase", name, "--yes")
    assert found.exit_code == status.DONE, found.output
    with closing(Store("founderwatch.db")) as store:
        assert traces(store) == []
        assert store.db.execute("pragma integrity_check").fetchone() == ("ok",)
        assert store.db.execute("pragma foreign_key_check").fetchall() == []
        store.db.execute("insert into articles_fts (articles_fts) values ('integrity-check')")
    for file in Path().glob("founderwatch.db*"):
        held = file.read_bytes().lower()
        for word in ("zhou chang", "chang zhou", "zhou-chang", "周畅", "周暢", "changzhou"):
            assert word.encode() not in held, (file, word)


def test_other_people_keep_their_events_and_quote_the_text_as_it_stands(stored):
    run("erase", NAME, "--yes")
    with closing(Store("founderwatch.db")) as store:
        people = {e["person"] for e in store.events(everything=True)}
        assert people == {"Mara Lindqvist", "Wang Wei"}
        [title, body] = store.db.execute(
            "select title, body from articles where url = 'https://c.example/3'"
        ).fetchone()
        assert (
            title == "██████████ and Mara Lindqvist leave Orrin Cloud. ████ has a plan. So says ████ Jingren." == body
        )
        for evidence, title, body in store.db.execute(
            "select evidence, title, body from mentions m join articles a on a.id = m.article"
        ):
            for e in json.loads(evidence):
                assert {"title": title, "body": body}[e["in"]][e["start"] : e["end"]] == e["text"]
        found = store.db.execute("select count(*) from articles_fts where articles_fts match 'zhou OR 周畅'").fetchone()
        assert found == (0,)
        assert store.db.execute("select verdict, event, corrected from reviews").fetchall() == [("accept", None, None)]


def test_a_record_says_that_it_was_done_and_not_for_whom(stored):
    run("erase", NAME, "--yes")
    [done] = json.loads(run("erase", "--list").stdout)
    assert done["removed"]["events"] == 2 and done["made_at"]
    with closing(Store("founderwatch.db")) as store:
        assert store.db["erased_marks"].count > 3


def test_a_later_crawl_does_not_bring_the_person_back(stored):
    run("erase", NAME, "--yes")
    with closing(Store("founderwatch.db")) as store:
        assert store.is_known("https://a.example/zhou-chang-leaves") and store.is_known("https://b.example/2")
        assert store.is_known("https://a.example/zhou-chang-gone")
        assert not store.is_known("https://g.example/7")
        late = [
            story("https://g.example/7", mention("Dr. Chang Zhou"), title="Dr. Chang Zhou leaves", days=3),
            story("https://a.example/zhou-chang-leaves", mention(NAME), title="Zhou Chang leaves"),
            story(
                "https://h.example/8",
                mention("周畅"),
                mention("Mara Lindqvist"),
                title=BOTH,
                body="周畅说，Zhou Chang went.",
            ),
            story("https://i.example/chang-zhou-speaks", title="A talk", body="Chang Zhou spoke."),
            story("https://j.example/9", title="Profile", body="A profile of 周暢.", author="Zhou Chang"),
        ]
        outcomes = [store.save(one, THRESHOLD).outcome for one in late]
        assert outcomes == ["erased", "erased", "new", "erased", "new"]
        assert traces(store) == []
        assert store.is_known("https://g.example/7")
        assert {e["person"] for e in store.events(everything=True)} == {"Mara Lindqvist", "Wang Wei"}


def test_who_only_sounds_alike_stays(stored):
    run("erase", NAME, "--yes")
    with closing(Store("founderwatch.db")) as store:
        one = story(
            "https://k.example/1", mention("周唱", "另一家"), title="周唱离职", body="周唱离职。", language="zh"
        )
        assert store.save(one, THRESHOLD).outcome == "new"
        assert "周唱" in {e["person"] for e in store.events(everything=True)}


@pytest.mark.parametrize("name", ["Zhou", "周", "Z. Chang", "!!", " "])
def test_no_less_than_a_full_name_is_erased(stored, name):
    found = run("erase", name, "--yes")
    assert found.exit_code == status.USAGE
    with closing(Store("founderwatch.db")) as store:
        assert traces(store)


def test_several_employers_are_pointed_out(stored):
    with closing(Store("founderwatch.db")) as store:
        saved(store, story("https://l.example/1", mention(NAME, "Bakery"), title="Zhou Chang leaves Bakery", days=900))
    assert "several employers" in run("erase", NAME, "--dry-run").stdout


def test_an_unknown_person_is_remembered_and_nothing_goes(stored):
    found = run("erase", "Nadia Oyelaran", "--yes")
    assert found.exit_code == status.DONE and "0 events" in found.stdout
    with closing(Store("founderwatch.db")) as store:
        one = story("https://m.example/1", mention("Nadia Oyelaran"), title="Nadia Oyelaran leaves")
        assert store.save(one, THRESHOLD).outcome == "erased"
        assert traces(store)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("Zhou Chang", "zhou chang, ZHOU-CHANG; Zhouchang Changzhou", "██████████, ██████████; Zhouchang Changzhou"),
        ("Jo Park", "Jo K. Park and Jo Parker", "██████████ and Jo Parker"),
        ("Li Jing-ren", "Li Jing Ren met Li Jing-ren", "███████████ met ███████████"),
        ("Dr. Jo Park", "Jo Park", "███████"),
        ("欧阳娜娜", "歐陽娜娜与欧阳娜娜先生", "████与████先生"),
        ("马克·李", "马克·李 马克李", "████ ███"),
    ],
)
def test_forms_in_running_text(name, text, expected):
    assert Forms([name]).blotted(text) == expected


def test_screening_leaves_other_stories_as_they_are(stored):
    run("erase", NAME, "--yes")
    with closing(Store("founderwatch.db")) as store:
        one = story("https://n.example/1", mention("Jo Park"), title="Jo Park leaves")
        assert erasure.screened(store.db, one, THRESHOLD) is one


@pytest.mark.parametrize("name", ["Mara Lindqvist", "周畅", "Ana Müller"])
def test_a_name_in_an_address_within_a_text_is_blotted_too(name):
    text = f"Her page is https://a.example/people/{quote(name)}/about, 100% hers."
    blotted = Forms([name]).blotted(text)
    assert len(blotted) == len(text) and quote(name) not in blotted
    assert blotted.startswith("Her page is https://a.example/people/█") and blotted.endswith("█/about, 100% hers.")


def test_a_backup_that_brings_somebody_back_says_so(stored, here):
    assert run("backup", "before.db").exit_code == status.DONE
    assert run("erase", NAME, "--yes").exit_code == status.DONE
    assert run("backup", "after.db").exit_code == status.DONE
    assert run("restore", "after.db").exit_code == status.DONE
    back = run("restore", "before.db")
    assert back.exit_code == status.PARTLY and "before.db is older than 1 erasures" in back.stderr
    assert run("erase", NAME, "--yes").exit_code == status.DONE
