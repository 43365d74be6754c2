"""Departures that the model missed: told by hand, they become mention, event, verdict and training passage, and stay."""

import json
from contextlib import closing

import pytest

from founderwatch.database import missed
from founderwatch.database.missed import MissedError
from founderwatch.database.reviews import Verdict
from founderwatch.database.store import Store
from founderwatch.passages import passages
from models.training import corpus
from tests.judged import THRESHOLD, mention, story
from tests.test_desk import browser, path, told  # noqa: F401  (fixtures)

BODY = "It rained in Oslo. Ann Low, chief scientist of Orrin Cloud, quit last week to set up a lab.\nNobody else did."
FIELDS = {
    "person": "Ann Low",
    "status": "confirmed",
    "trigger": "quit",
    "employer": "Orrin Cloud",
    "role": "chief scientist",
    "departed_words": "last week",
}


@pytest.fixture
def store(tmp_path):
    with closing(Store(tmp_path / "founderwatch.db")) as store:
        store.save(story("https://a.example/1", title="Rain in Oslo", body=BODY), THRESHOLD)
        yield store


def tell(store, article=1, token="t", **changed):
    fields = {k: v for k, v in (FIELDS | changed).items() if v is not None}
    verdict = Verdict("ana", "accept", article=article, queue="sample", corrected=fields, token=token)
    return missed.record(store.db.conn, verdict)


def test_what_was_missed_is_an_event_with_evidence_and_a_verdict(store):
    event = tell(store)
    (one,) = store.events()
    assert (
        one["event"] == event and one["person"] == "Ann Low" and one["employer"] == "Orrin Cloud" and one["score"] == 1
    )
    assert one["mentions"][0]["evidence"] == "Ann Low, chief scientist of Orrin Cloud, quit last week to set up a lab."
    row = next(store.db.query("select * from mentions"))
    said = json.loads(row["evidence"])[0]
    assert (
        BODY[said["start"] : said["end"]] == said["text"] and row["seniority"] == "executive" and row["departed_from"]
    )
    (verdict,) = store.db.query("select * from verdicts")
    assert (verdict["event"], verdict["article"], verdict["verdict"], verdict["queue"]) == (
        event,
        1,
        "accept",
        "sample",
    )


def test_what_was_missed_is_a_training_passage(store, tmp_path):
    tell(store)
    records, left_out = passages(store.db.conn)
    assert not left_out and len(records) == 1
    folder = tmp_path / "corpus" / "passages"
    folder.mkdir(parents=True)
    (folder / "reviewed.txt").write_text("\n".join(records), encoding="utf-8")
    (record,) = corpus.read(tmp_path / "corpus")
    assert [tuple(event) for event in record.events.values()] == [("founds", "confirmed")] and "Ann Low" in record.text


def test_it_outlives_every_later_judgement(store):
    event = tell(store)
    for model in ("model-1", "model-2"):
        store.save(story("https://a.example/1", title="Rain in Oslo", body=BODY, model=model), THRESHOLD)
        assert [e["event"] for e in store.events()] == [event] and len(store.events()[0]["mentions"]) == 1
    store.rebuild_events(THRESHOLD)
    assert [e["event"] for e in store.events()] == [event]


def test_a_model_that_sees_it_by_now_takes_over(store):
    event = tell(store)
    seen = story("https://a.example/1", mention("Ann Low", score=0.7), title="Rain in Oslo", body=BODY, model="model-2")
    store.save(seen, THRESHOLD)
    (one,) = store.events()
    assert one["event"] == event and len(one["mentions"]) == 1 and one["score"] == 1, "a person has said so"
    assert store.db.execute("select score from events").fetchall() == [(pytest.approx(0.7),)]


def test_it_joins_the_event_that_other_stories_tell(store):
    store.save(story("https://b.example/1", mention("Ann Low"), source="post"), THRESHOLD)
    event = tell(store)
    (one,) = store.events()
    assert one["event"] == event and len(one["mentions"]) == 2


def test_taking_it_back_takes_the_event_back(store):
    tell(store)
    review = next(store.db.query("select id from reviews"))["id"]
    assert missed.undo(store.db.conn, review, "ana") and not store.events()
    store.save(story("https://a.example/1", title="Rain in Oslo", body=BODY, model="model-2"), THRESHOLD)
    assert not store.events(), "it is not told again"
    tell(store, token="u")
    assert len(store.events()) == 1


def test_the_same_page_sent_twice_tells_it_once(store):
    assert tell(store) == tell(store)
    assert store.db["reviews"].count == store.db["mentions"].count == store.db["told_by_hand"].count == 1


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"person": None}, "needed"), ({"status": None}, "needed"), ({"status": "dead"}, "needed"), ({"trigger": None}, "needed"),
     ({"trigger": "resigned"}, "words"), ({"article": 99}, "story")],
)  # fmt: skip
def test_what_cannot_be_entered_changes_nothing(store, changed, reason):
    with pytest.raises(MissedError) as error:
        tell(store, **changed)
    assert error.value.reason == reason
    assert store.db["reviews"].count == store.db["events"].count == store.db["mentions"].count == 0


def test_a_story_that_no_model_has_judged_can_tell_one(store):
    store.db.execute("delete from assessments")
    store.db.conn.commit()
    assert tell(store) == store.events()[0]["event"]
    assert next(store.db.query("select model from assessments"))["model"] == "by hand"


# On the desk


def test_a_missed_departure_is_told_on_the_desk(browser):  # noqa: F811
    open_ = browser(story("https://a.example/1", title="Rain in Oslo", body=BODY))
    page = open_.judge(verdict="accept", **FIELDS)
    assert page.url.path == "/-/desk" and "event=ev-" in str(page.url) and "Ann Low" in page.text
    assert "Ann Low" in open_.get("/").text
    answer = open_.post(open_.form(page, "undo") | {"undo": "1"})
    assert answer.headers["location"].endswith("story=1")
    assert "Ann Low" not in open_.get("/").text


def test_what_is_lacking_is_told_and_what_was_entered_stays(browser):  # noqa: F811
    open_ = browser(story("https://a.example/1", title="Rain in Oslo", body=BODY))
    form = open_.form(open_.get())
    answer = open_.post(form | {"verdict": "accept", "person": "Ann Low", "trigger": "resigned", "status": "confirmed"})
    assert answer.status_code == 400 and "do not stand in the story" in answer.text and 'value="Ann Low"' in answer.text


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "give an address or a text"),
        ({"add_url": "no address"}, "no web address"),
        ({"add_text": "x" * 200_001}, "longer than"),
    ],
)
def test_what_cannot_be_added_is_told(browser, sent, said):  # noqa: F811
    open_ = browser(told())
    form = open_.form(open_.get(), "add-form")
    answer = open_.post(form | {"add": "1", "add_url": "", "add_text": ""} | sent)
    assert answer.status_code == 400 and said in answer.text


def test_a_known_story_is_not_fetched_again(browser):  # noqa: F811
    open_ = browser(told(), story("https://b.example/2?utm_source=x", title="Rain", body=BODY))
    form = open_.form(open_.get(), "add-form")
    assert "event=ev-" in open_.post(form | {"add": "1", "add_url": "HTTPS://a.example/1#top"}).headers["location"]
    assert open_.post(form | {"add": "1", "add_url": "https://a.example/1"}).headers["location"].count("event=") == 1


def test_a_text_is_judged_by_the_model_and_shown(browser):  # noqa: F811
    open_ = browser()
    form = open_.form(open_.get(), "add-form")
    text = "Mara Lind, chief scientist of Orrin Cloud, has left the company to start her own robotics firm, she said on Monday."
    sent = form | {"add": "1", "add_title": "Lind leaves", "add_text": text, "add_source": "Morning Wire"}
    answer = open_.post(sent)
    assert answer.status_code == 303, answer.text
    page = open_.get(answer.headers["location"])
    assert "has left" in page.text and "Morning Wire" in page.text
    assert open_.post(sent).headers["location"] == answer.headers["location"]
    (article,) = open_.rows("select * from articles")
    assert article["body"] == text and article["url"].startswith("text:")
