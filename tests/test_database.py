"""The store on real SQLite files: what it refuses, and that saying a thing twice changes nothing."""

import json
import os
import sqlite3
import threading
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from founderwatch.database import search
from founderwatch.database.store import DatabaseError, Store, recent_texts
from founderwatch.items import Article, Assessment, Failure, Page, Story
from spiders.sources import parse
from spiders.state import ChannelState
from tests.judged import NOW, THRESHOLD, counts, mention, saved, story


@pytest.fixture
def path(tmp_path):
    return tmp_path / "founderwatch.db"


@pytest.fixture
def store(path):
    with closing(Store(path)) as opened:
        yield opened


@contextmanager
def as_nobody():
    """Root may write everything: the test becomes an account that may not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def events_of(store):
    return {e["event"]: (e["person"], e["kind"], len(e["mentions"])) for e in store.events(everything=True)}


# Opening


def test_a_new_database_enforces_references_and_writes_ahead(store):
    assert store.db.execute("pragma foreign_keys").fetchone() == (1,)
    assert store.db.journal_mode == "wal"
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        store.db.execute("insert into assessments (article, model, score, flagged, made_at) values (77, 'm', 0, 0, '')")


@pytest.mark.parametrize("open_folder", [False, True])
def test_a_read_only_database_is_refused_before_any_work(path, open_folder):
    with closing(Store(path)) as store:
        saved(store, story("https://a.example/1", mention("Mara Lindqvist")))
    before = path.read_bytes()
    for folder in list(path.parents)[1:3]:  # pytest's own, closed to others
        folder.chmod(0o755)
    path.chmod(0o444)
    path.parent.chmod(0o777 if open_folder else 0o555)
    try:
        with as_nobody(), pytest.raises(DatabaseError, match=r"founderwatch\.db cannot be used: it is read-only"):
            Store(path)
    finally:
        path.parent.chmod(0o755)
    assert path.read_bytes() == before


def test_a_database_of_a_newer_version_is_refused_and_left_alone(path):
    with closing(Store(path)) as store:
        saved(store, story("https://a.example/1", mention("Mara Lindqvist")))
        store.db["_sqlite_migrations"].insert(
            {"migration_set": "founderwatch", "name": "999_future", "applied_at": "x"}
        )
        before = counts(store)
    with pytest.raises(DatabaseError, match=r"newer founderwatch \(999_future\): upgrade"):
        Store(path)
    with closing(sqlite3.connect(path)) as plain:
        for table, number in before.items():
            assert plain.execute(f"select count(*) from {table}").fetchone() == (number,)


def test_a_file_that_is_no_database_is_refused_and_left_alone(path):
    path.write_bytes(b"a letter to grandmother, which nobody must lose\n" * 100)
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match=r"no SQLite file; name another --db"):
        Store(path)
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_and_left_alone(path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("create table articles (mine text)")
        other.execute("insert into articles values ('keep')")
        other.commit()
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match="belongs to another program"):
        Store(path)
    assert path.read_bytes() == before


def test_a_missing_folder_is_made(tmp_path):
    Store(tmp_path / "new" / "er" / "x.db").close()
    assert (tmp_path / "new" / "er" / "x.db").is_file()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError, match=r"file/x\.db cannot be used"):
        Store(tmp_path / "file" / "x.db")
    with pytest.raises(DatabaseError, match="it is a folder"):
        Store(tmp_path)


def test_many_may_open_a_new_database_at_once(path):
    errors = _at_once(4, lambda _: Store(path).close())
    assert errors == []


def test_two_writers_wait_for_each_other(path):
    Store(path).close()

    def write(number):
        with closing(Store(path)) as store:
            for at in range(15):
                store.save(story(f"https://{number}.example/{at}", mention("Mara Lindqvist")), THRESHOLD)

    assert _at_once(3, write) == []
    with closing(Store(path)) as store:
        assert store.db["articles"].count == 45
        (event,) = store.events()
        assert len(event["mentions"]) == 45


def _at_once(number, work):
    errors, ready = [], threading.Barrier(number)

    def run(index):
        ready.wait()
        try:
            work(index)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[index]) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


# Saving

SAME_AGAIN = {
    "a named leaver": story("https://a.example/1", mention("Mara Lindqvist")),
    "two leavers": story("https://a.example/2", mention("Mara Lindqvist"), mention("Tom Barlow", kind="joins")),
    "one person twice": story("https://a.example/7", mention("Li Wei", "Meta"), mention("Li Wei", "Apple")),
    "leavers without a name": story(
        "https://a.example/3", mention(None), mention(None, "Monzo"), mention(None, kind="leaves")
    ),
    "two who cannot be told apart": story("https://a.example/8", mention(None), mention(None)),
    "no event": story("https://a.example/4"),
    "a text without an address": story(None, mention("Mara Lindqvist"), title="Typed in"),
    "a foreign language": Story(
        article=Article("https://a.example/5", "wire", "Bonjour", "le monde"),
        assessment=Assessment("model-1", 0.0, False, skipped="language: fr"),
    ),
}


@pytest.mark.parametrize("name", SAME_AGAIN)
def test_the_same_story_again_changes_nothing(store, name):
    given = SAME_AGAIN[name]
    assert store.save(given, THRESHOLD).outcome == "new"
    rows, events = counts(store), events_of(store)
    assert len(events) == len(given.assessment.mentions), "each departure is an event of its own"
    for _ in range(3):
        assert store.save(given, THRESHOLD).outcome == "known"
        assert counts(store) == rows
        assert events_of(store) == events


def test_a_copy_again_changes_nothing(store):
    original = story("https://a.example/1", mention("Mara Lindqvist"))
    copy = story("https://b.example/1", mention("Mara Lindqvist"), copy_of="https://a.example/1", source="other")
    saved(store, original, copy)
    rows, events = counts(store), store.events()
    saved(store, copy, original, copy)
    assert counts(store) == rows
    assert store.events() == events
    assert store.db.execute("select count(*) from articles where copy_of is not null").fetchone() == (1,)


def test_other_addresses_of_a_story_lead_to_it(store):
    page = Page("https://a.example/1?amp", "wire", b"", NOW, requested_url="https://t.example/x")
    given = replace(story("https://a.example/1", mention("Mara Lindqvist")), page=page)
    store.save(given, THRESHOLD)
    assert all(store.is_known(u) for u in ("https://a.example/1", "https://a.example/1?amp", "https://t.example/x"))
    assert not store.is_known("https://a.example/2")
    assert store.save(replace(given, page=None), THRESHOLD).outcome == "known"
    assert store.db["articles"].count == 1


def test_whichever_form_of_a_page_comes_first_its_site_has_a_name(store):
    text = '[[source]]\nname = "wire"\ntitle = "The Wire"\nhome = "https://a.example/"\nlanguage = "en"\nfeeds = ["https://a.example/f"]\n'
    store.register_sources(parse(text))

    def named(url):
        return store.db.execute("select site_name from articles where url = ?", [url]).fetchone()[0]

    for number, said in enumerate(([None, None], [None, "Wire Daily"], ["Wire Daily", None])):
        for site_name in said:  # the AMP form of a page often does not name its site
            saved(store, story(f"https://a.example/{number}", site_name=site_name))
    assert [named(f"https://a.example/{number}") for number in range(3)] == ["The Wire", "Wire Daily", "Wire Daily"]
    saved(store, story("https://elsewhere.example/1"), story("https://a.example/9", source="unregistered"))
    assert named("https://elsewhere.example/1") is named("https://a.example/9") is None


def test_a_second_model_judges_anew_and_the_events_follow(store):
    first = story("https://a.example/1", mention("Mara Lindqvist"), mention("Tom Barlow"))
    saved(store, first)
    kept = {person: event for event, (person, *_) in events_of(store).items()}
    second = story("https://a.example/1", mention("Mara Lindqvist", kind="leaves", status="expected"), model="model-2")
    saved(store, second)
    assert [r["model"] for r in store.db["assessments"].rows] == ["model-1", "model-2"]
    (event,) = store.events(everything=True)
    assert (event["event"], event["kind"], event["status"]) == (kept["Mara Lindqvist"], "leaves", "expected")
    assert store.events() == []
    assert store.db["mentions"].count == 1


def test_an_event_that_a_person_has_judged_outlives_the_model_that_told_it(store):
    (event,) = saved(store, story("https://a.example/1", mention("Mara Lindqvist")))
    store.db["reviews"].insert({"event": event["event"], "reviewer": "ana", "verdict": "accept", "made_at": "2026"})
    saved(store, story("https://a.example/1", model="model-2"))
    assert [r["id"] for r in store.db["events"].rows] == [event["event"]]


def test_a_changed_text_is_stored_with_the_judgement_that_quotes_it(store):
    saved(store, story("https://a.example/1", mention("Mara Lindqvist"), title="Lindqvist resigns"))
    saved(store, story("https://a.example/1", mention("Mara Lindqvist"), title="Update: 陆清野离职 too"))
    (row,) = store.db.query("select a.title, a.body, m.evidence from mentions m join articles a on a.id = m.article")
    (evidence,) = json.loads(row["evidence"])
    assert row[evidence["in"]][evidence["start"] : evidence["end"]] == evidence["text"]

    def found(words):
        return store.db.execute(
            "select count(*) from articles_fts where articles_fts match ?", [search.query(words)]
        ).fetchone()[0]

    assert (found("resigns"), found("离职"), found("Update")) == (0, 1, 1)


def test_stories_stored_together_are_indexed_together(store):
    """Each scrap of the index has a segment of its own, which SQLite must merge with the others later."""
    told = [story(f"https://a.example/{n}", mention(f"Mara {n}"), title=f"Headline{n}") for n in range(12)]
    again = story("https://a.example/3", mention("Mara 3"), title="Corrected")
    store.save_all([*told, again], THRESHOLD, lambda *_: None)
    assert store.db.execute("select count(distinct segid) from articles_fts_idx").fetchone() == (1,)

    def found(word):
        return [a for (a,) in store.db.execute("select rowid from articles_fts where articles_fts match ?", [word])]

    assert (found("Headline3"), found("Corrected"), found("Headline4")) == ([], [4], [5])
    later = story("https://a.example/3", mention("Mara 3"), title="Withdrawn")
    store.save_all([later], THRESHOLD, lambda *_: None)
    assert (found("Corrected"), found("Withdrawn")) == ([], [4])
    with pytest.raises(ZeroDivisionError):
        store.save_all([story("https://a.example/99", title="Never")], THRESHOLD, lambda *_: 1 / 0)
    assert found("Never") == []
    store.save(story("https://a.example/100", title="Alone"), THRESHOLD)
    assert len(found("Alone")) == 1


def test_a_failed_save_leaves_nothing_behind(store):
    before = counts(store)
    broken = story("https://a.example/1", mention("Mara Lindqvist"), mention("Tom Barlow", score=None, kind="joins"))
    with pytest.raises(sqlite3.IntegrityError):
        store.save(broken, THRESHOLD)
    assert counts(store) == before
    assert store.save(story("https://a.example/1", mention("Mara Lindqvist")), THRESHOLD).outcome == "new"


def test_failures_are_counted_given_up_and_forgotten_on_success(store):
    page = Page("https://a.example/1", "wire", b"", NOW)
    failed = Story(page=page, failure=Failure("extract", "the page is empty"))
    for times in (1, 2, 3):
        assert not store.is_known(page.url)
        assert store.save(failed, THRESHOLD).outcome == "failed"
        (row,) = store.db["failures"].rows
        assert (row["url"], row["source"], row["stage"], row["reason"], row["times"]) == (
            page.url, "wire", "extract", "the page is empty", times,
        )  # fmt: skip
    assert store.is_known(page.url)
    saved(store, replace(story(page.url), page=page))
    assert store.db["failures"].count == 0


def test_what_is_too_old_is_not_asked_for_again(store):
    page = Page("https://a.example/1", "wire", b"", NOW)
    old = replace(story(page.url), page=page, failure=Failure("since", "published 2001-01-01"))
    assert store.save(old, THRESHOLD).outcome == "old"
    assert store.is_known(page.url)
    assert store.db["articles"].count == 0


def test_recent_texts_are_those_that_a_story_may_repeat(store):
    original = story("https://a.example/1", body="first")
    saved(store, original, story("https://b.example/1", body="again", copy_of="https://a.example/1"))
    [(url, source, _, body)] = recent_texts(store.path, NOW.replace(year=2000))
    assert (url, source, body) == ("https://a.example/1", "wire", "first")
    assert list(recent_texts(store.path, NOW.replace(year=2100))) == []


def test_a_likeness_stands_for_its_text_until_that_is_another(store):
    told = story("https://a.example/1", body="first").grown(likeness=b"like")
    saved(
        store, told, story("https://b.example/1", body="first", copy_of="https://a.example/1").grown(likeness=b"like")
    )
    assert [row[3] for row in recent_texts(store.path, NOW.replace(year=2000))] == [b"like"]
    saved(store, story("https://a.example/1", body="second"))
    assert [row[3] for row in recent_texts(store.path, NOW.replace(year=2000))] == ["second"]
    assert store.db["likenesses"].count == 0


# What people look at


def test_the_views_show_what_a_person_should_look_at(store):
    found, below, denied, left = saved(
        store,
        story("https://a.example/1", mention("Mara Lindqvist"), days=-4),
        story("https://a.example/2", mention("Tom Barlow", score=0.4), days=-3),
        story("https://a.example/3", mention("Ana Ruiz", status="denied"), days=-2),
        story("https://a.example/4", mention("Jo Park", kind="leaves"), days=-1),
    )

    def view(name):
        return [row["person"] for row in store.db[name].rows if row["person"]]  # the queue's sample has none

    assert [e["person"] for e in (found, below, denied, left)] == [
        "Mara Lindqvist",
        "Tom Barlow",
        "Ana Ruiz",
        "Jo Park",
    ]
    assert (view("flagged"), view("review_queue"), view("watch_list")) == (
        ["Mara Lindqvist"],
        ["Mara Lindqvist", "Tom Barlow"],
        ["Jo Park"],
    )
    (row,) = store.db["flagged"].rows
    assert (row["url"], row["evidence"]) == ("https://a.example/1", found["mentions"][0]["title"])
    for verdict, flagged in (("unsure", ["Mara Lindqvist"]), ("reject", []), ("accept", ["Mara Lindqvist"])):
        store.db["reviews"].insert({"event": found["event"], "reviewer": "ana", "verdict": verdict, "made_at": "2026"})
        assert (view("flagged"), view("review_queue")) == (flagged, ["Tom Barlow"])


def test_a_sources_health_is_told_after_each_run(store):
    sources = parse(
        "".join(
            f'[[source]]\nname = "{name}"\nhome = "https://{name}.example/"\nlanguage = "en"\nfeeds = ["https://{name}.example/feed"]\n'
            for name in ("good", "bad", "new")
        )
    )
    for _ in range(2):
        store.register_sources(sources)
        run = store.start_run("crawl")
        rows = [
            {"source": "good", "channels": 1, "channels_failed": 0, "found": 3, "fetched": 3, "failed": 0},
            {"source": "bad", "channels": 1, "channels_failed": 1, "message": "https://bad.example/feed: not XML"},
        ]
        store.finish_run(run, {"found": 3, "new": 3}, rows)
    health = {row["name"]: (row["verdict"], row["message"]) for row in store.db["source_health"].rows}
    assert health == {
        "good": ("healthy", None),
        "bad": ("failing", "https://bad.example/feed: not XML"),
        "new": ("never crawled", None),
    }


def test_a_channels_state_is_remembered(store):
    assert store.get("wire", "https://a.example/feed") is None
    for state in (ChannelState("e1", "Mon", NOW), ChannelState(None, None, None)):
        store.set("wire", "https://a.example/feed", state)
        assert store.get("wire", "https://a.example/feed") == state
    assert store.get("other", "https://a.example/feed") is None
