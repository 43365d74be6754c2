"""Verdicts: rows that are only added, what is in force, and what follows from it."""

import json
import sqlite3
import statistics
import threading
import time
from contextlib import closing
from dataclasses import replace

import pytest
import sqlite_utils

from founderwatch.database import reviews
from founderwatch.database.migrations import SCHEMA, statements
from founderwatch.database.reviews import Verdict
from founderwatch.database.store import Store
from tests.judged import THRESHOLD, mention, saved, story


@pytest.fixture
def store(tmp_path):
    with closing(Store(tmp_path / "founderwatch.db")) as store:
        yield store


@pytest.fixture
def event(store):
    return saved(store, story("https://a.example/1", mention("Mara Lind", role="chief scientist")))[0]["event"]


def rows(store):
    return list(store.db.query("select * from reviews order by id"))


def in_force(store):
    return {row["event"] or row["article"]: row["verdict"] for row in store.db.query("select * from verdicts")}


def flagged(store):
    return {row["id"]: row for row in store.db.query("select * from flagged")}


def give(store, verdict="accept", reviewer="ana", **fields):
    return reviews.record(store.db.conn, Verdict(reviewer, verdict, **fields))


def test_a_verdict_is_a_row_that_says_who_when_and_of_which_model(store, event):
    article = store.db.execute("select id from articles").fetchone()[0]
    give(store, "reject", event=event, article=article, reason="joins", model="model-1", queue="likely", url="https://a.example/1", token="t1")  # fmt: skip
    row = rows(store)[0]
    assert row.pop("made_at") > "2026"
    assert row == {
        "id": 1, "event": event, "article": article, "reviewer": "ana", "verdict": "reject", "reason": "joins", "corrected": None,
        "model": "model-1", "url": "https://a.example/1", "queue": "likely", "token": "t1", "undoes": None,
    }  # fmt: skip


def test_the_latest_verdict_counts_and_the_earlier_ones_stay(store, event):
    for verdict in ("accept", "reject", "unsure"):
        give(store, verdict, event=event)
        assert in_force(store) == {event: verdict}
    assert [row["verdict"] for row in rows(store)] == ["accept", "reject", "unsure"]


def test_the_same_verdict_of_the_same_reviewer_is_stored_once(store, event):
    assert give(store, event=event, token="one tab") == give(store, event=event, token="another tab")
    assert len(rows(store)) == 1
    give(store, event=event, reviewer="bo", token="his")
    assert [row["reviewer"] for row in rows(store)] == ["ana", "bo"]


def test_a_page_that_is_sent_again_after_somebody_elses_verdict_changes_nothing(store, event):
    give(store, "accept", event=event, token="t")
    give(store, "reject", "bo", event=event, token="u")
    give(store, "accept", event=event, token="t")
    assert in_force(store) == {event: "reject"} and len(rows(store)) == 2


def test_a_page_from_the_browsers_memory_may_say_something_else(store, event):
    give(store, "accept", event=event, token="t")
    give(store, "reject", event=event, token="t")
    assert in_force(store) == {event: "reject"}
    reviews.undo(store.db.conn, 2, "ana")
    give(store, "reject", event=event, token="t")
    assert in_force(store) == {event: "reject"} and len(rows(store)) == 4


def test_undo_takes_back_the_last_ten_one_at_a_time(store):
    events = [e["event"] for e in saved(store, *(story(f"https://a.example/{n}", mention(f"Ann Number{chr(65 + n)}")) for n in range(12)))]  # fmt: skip
    for one in events:
        give(store, "reject", event=one)
    for one in reversed(events[2:]):
        last = reviews.undoable(store.db.conn, "ana")
        assert reviews.undo(store.db.conn, last, "ana") and one not in in_force(store)
    assert reviews.undoable(store.db.conn, "ana") is None
    assert not reviews.undo(store.db.conn, 1, "ana")
    assert set(in_force(store)) == set(events[:2])


def test_undo_brings_back_what_was_said_before_and_works_once(store, event):
    give(store, "accept", event=event)
    give(store, "reject", event=event)
    assert reviews.undo(store.db.conn, 2, "ana") and reviews.undo(store.db.conn, 2, "ana")
    assert in_force(store) == {event: "accept"}
    assert [(row["verdict"], row["undoes"]) for row in rows(store)] == [("accept", None), ("reject", None), ("undo", 2)]


@pytest.mark.parametrize("number", [1, 0, -1, 99])
def test_nobody_undoes_what_is_not_his(store, event, number):
    give(store, event=event)
    assert not reviews.undo(store.db.conn, number, "bo")
    assert len(rows(store)) == 1


def test_a_rejected_event_is_hidden_and_an_accepted_one_kept_whatever_comes(store):
    known = saved(
        store,
        story("https://a.example/1", mention("Mara Lind")),
        story("https://a.example/2", mention("Otto Berg")),
        story("https://a.example/3", mention("Ida Falk", score=0.3)),
    )
    mara, otto, ida = (e["event"] for e in known)
    give(store, "reject", event=mara, reason="joins")
    give(store, "accept", event=otto)
    give(store, "accept", event=ida)
    assert set(flagged(store)) == {otto, ida}
    assert flagged(store)[ida]["verdict"] == "accept"
    # The stories are read anew, and others come.
    store.save(story("https://a.example/1", mention("Mara Lind", score=0.99), model="model-2"), THRESHOLD)
    store.save(story("https://a.example/2", mention("Otto Berg", score=0.2), model="model-2"), THRESHOLD)
    store.save(story("https://b.example/1", mention("Mara Lind", status="announced"), source="post"), THRESHOLD)
    store.save(story("https://b.example/2", mention("Otto Berg", score=0.2), source="post"), THRESHOLD)
    assert set(flagged(store)) == {otto, ida} == {e["event"] for e in store.events()}
    assert mara in {e["event"] for e in store.events(everything=True)}


def test_who_judges_again_answers_the_same_question(store, event):
    give(store, event=event, queue="likely")
    give(store, "reject", "bo", event=event)
    assert [row["queue"] for row in rows(store)] == ["likely", "likely"]


def test_what_was_corrected_wins_over_the_model_in_views_and_lists(store, event):
    give(
        store, event=event, corrected={"person": "Mara Lindt", "role": None, "venture": "Fjord", "status": "announced"}
    )
    row = flagged(store)[event]
    assert (row["person"], row["role"], row["venture"], row["employer"]) == ("Mara Lindt", None, "Fjord", "Orrin Cloud")
    listed = store.events()[0]
    assert (listed["person"], listed["role"], listed["venture"]) == ("Mara Lindt", None, "Fjord")
    store.save(
        story("https://b.example/1", mention("Mara Lind", role="head", venture="Fjell"), source="post"), THRESHOLD
    )
    assert flagged(store)[event]["role"] is None and flagged(store)[event]["venture"] == "Fjord"


def test_corrections_stay_until_they_are_corrected(store, event):
    give(store, event=event, corrected={"person": "Mara Lindt", "venture": "Fjord"})
    give(store, "unsure", event=event)
    give(store, event=event, corrected={"person": "Mara Lind"})  # as the model said
    assert json.loads(rows(store)[-1]["corrected"]) == {"venture": "Fjord"}


def test_a_verdict_on_what_was_deleted_is_kept(store, event):
    store.db.execute("pragma foreign_keys = off")
    store.db.execute("delete from articles")
    store.db.execute("delete from events")
    store.db.conn.commit()
    give(store, event=event, article=1, url="https://a.example/1", token="t")
    give(store, event=event, article=1, url="https://a.example/1", token="t")
    assert [(r["event"], r["article"], r["url"]) for r in rows(store)] == [(None, None, "https://a.example/1")]


def test_two_reviewers_at_once_lose_and_double_nothing(store):
    events = [e["event"] for e in saved(store, *(story(f"https://a.example/{n}", mention(f"Ann Number{chr(65 + n)}")) for n in range(12)))]  # fmt: skip

    def work(reviewer):
        with closing(sqlite3.connect(store.path)) as connection:
            for one in events:
                for _ in range(2):
                    reviews.record(connection, Verdict(reviewer, "accept", event=one))

    threads = [threading.Thread(target=work, args=(who,)) for who in ("ana", "bo")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    given = [(row["reviewer"], row["event"]) for row in rows(store)]
    assert set(given) == {(who, one) for who in ("ana", "bo") for one in events}
    # A reviewer's own verdict, once another's stands, is a new one: at most one more for each change of hands.
    assert len(given) <= 3 * len(events)


def test_a_verdict_is_stored_in_fifty_milliseconds(store):
    events = [e["event"] for e in saved(store, *(story(f"https://a.example/{n}", mention(f"Ann Number{chr(65 + n)}")) for n in range(20)))]  # fmt: skip
    took = []
    for one in events:
        started = time.perf_counter()
        give(store, event=one)
        took.append(time.perf_counter() - started)
    assert statistics.median(took) < 0.05


# The queue


def queue(store):
    return [
        (row["queue"], row["id"] or row["article"])
        for row in store.db.query("select * from review_queue order by place")
    ]


def test_the_queue_puts_new_and_likely_first_and_mixes_in_the_others(store):
    for n in range(12):
        likely = story(f"https://a.example/{n}", mention(f"Ann Number{chr(65 + n)}", score=0.6 + n / 100))
        unsure = story(f"https://b.example/{n}", mention(f"Bea Number{chr(65 + n)}", score=0.2 + n / 100))
        for one in (likely, unsure, story(f"https://c.example/{n}")):
            store.save(one, THRESHOLD)
    asked = queue(store)
    assert [kind for kind, _ in asked[:12]] == [*["likely"] * 4, "uncertain"] * 2 + ["likely", "sample"]
    scores = {row["id"]: row["score"] for row in store.db.query("select id, score from events")}
    for wanted in ("likely", "uncertain"):
        mine = [scores[one] for kind, one in asked if kind == wanted]
        assert len(mine) == 12 and mine == sorted(mine, reverse=True)
    assert sum(kind == "sample" for kind, _ in asked) == 10
    # Taken from the front, nothing is put off for ever, and nothing is asked twice.
    seen = []
    while asked := queue(store):
        kind, one = asked[0]
        give(store, "reject", queue=kind, reason="stays", **({"event": one} if kind != "sample" else {"article": one}))
        seen.append((kind, one))
        assert len(seen) < 50
    assert len(set(seen)) == len(seen) == 12 + 12 + 13  # of the sample, ten and a tenth of what was judged
    assert [kind for kind, _ in seen[:15]].count("uncertain") >= 2 and ("sample" in {kind for kind, _ in seen[:15]})


def test_the_newest_day_comes_first(store):
    saved(
        store,
        story("https://a.example/1", mention("Ann One", score=0.9)),
        story("https://a.example/2", mention("Bea Two", score=0.6)),
    )
    store.db.execute("update events set first_seen_at = '2026-01-01T00:00:00+00:00' where person = 'Ann One'")
    people = [
        row["person"] for row in store.db.query("select person from review_queue order by place") if row["person"]
    ]
    assert people == ["Bea Two", "Ann One"]


def test_the_sample_holds_no_story_that_is_flagged_or_was_not_read(store):
    store.save(story("https://a.example/1", mention("Ann One")), THRESHOLD)
    store.save(story("https://a.example/2", mention("Ann One", score=0.2), source="post"), THRESHOLD)  # the same event
    passed = story("https://a.example/3")
    store.save(passed, THRESHOLD)
    french = story("https://a.example/4", language="fr")
    store.save(replace(french, assessment=replace(french.assessment, skipped="language: fr")), THRESHOLD)
    again = story("https://a.example/5")
    store.save(again, THRESHOLD)
    store.save(story("https://a.example/5", mention("Bea Two"), model="model-2"), THRESHOLD)
    urls = [row["url"] for row in store.db.query("select url from review_queue where queue = 'sample'")]
    assert urls == ["https://a.example/3"]


def test_the_sample_is_random_and_stays_as_it_is(store):
    for n in range(60):
        store.save(story(f"https://a.example/{n}"), THRESHOLD)
    first = queue(store)
    assert first == queue(store)
    numbers = [one for _, one in first]
    assert numbers != sorted(numbers) and max(numbers) > 40


# The migration


@pytest.mark.parametrize("second", [False, True], ids=["without 002", "with a 002"])
def test_the_migration_brings_an_older_database_up(tmp_path, second):
    db = sqlite_utils.Database(tmp_path / "old.db")
    for statement in statements((SCHEMA / "001_first.sql").read_text(encoding="utf-8")):
        db.execute(statement)
    if second:
        db.execute("alter table events add column other text")
        db.execute("alter table reviews add column other text")
    db["events"].insert({"id": "ev-1", "person": "Ann", "names": "[]", "kind": "founds", "status": "confirmed", "seniority": "lead",
                         "venture_kind": "company", "first_seen_at": "2026", "score": 0.9, "sources": 1, "flagged": 1})  # fmt: skip
    db["reviews"].insert({"event": "ev-1", "reviewer": "ana", "verdict": "reject", "made_at": "2026"})
    assert list(db["flagged"].rows) == []
    for statement in statements((SCHEMA / "003_reviews.sql").read_text(encoding="utf-8")):
        db.execute(statement)
    assert list(db["flagged"].rows) == [] == list(db["review_queue"].rows)
    assert [row["verdict"] for row in db["verdicts"].rows] == ["reject"]
    db.close()
