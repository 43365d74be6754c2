"""The main job on the sample newsroom: real server, real crawl, real model, real database."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from founderwatch.database.store import Store
from models.training.evaluate import same_person
from tests.newsroom.server import serve

NEWSROOM = Path(__file__).parent / "newsroom"
GOLD = [json.loads(line) for line in (NEWSROOM / "gold.jsonl").read_text(encoding="utf-8").splitlines()]


def founderwatch(*arguments):
    command = [Path(sys.executable).with_name("founderwatch"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)


@pytest.fixture(scope="module")
def crawled(tmp_path_factory):
    """A database after two crawls of the newsroom, with what each printed."""
    database = tmp_path_factory.mktemp("crawl") / "founderwatch.db"
    with serve():
        runs = [founderwatch("crawl", "--sources", NEWSROOM / "sources.toml", "--db", database) for _ in range(2)]
    store = Store(database)
    yield store, runs
    store.close()


def rows(store, sql, *parameters):
    return list(store.db.query(sql, parameters))


def test_both_crawls_end_well(crawled):
    _, runs = crawled
    assert [r.returncode for r in runs] == [0, 0], runs[0].stderr + runs[1].stderr


def test_every_story_is_stored_once(crawled):
    store, _ = crawled
    stored = [r["url"] for r in rows(store, "select url from articles")]
    assert len(stored) == len(set(stored))
    assert {g["url"] for g in GOLD} - set(stored) == set()


def test_the_second_crawl_finds_nothing_new(crawled):
    store, runs = crawled
    assert [r["new"] for r in rows(store, "select new from runs order by id")][1] == 0
    assert " 0 new" in runs[1].stdout


def test_what_failed_is_kept_with_its_reason(crawled):
    store, _ = crawled
    expected = json.loads((NEWSROOM / "expected_failures.json").read_text(encoding="utf-8"))
    failed = {r["url"]: r["reason"] for r in rows(store, "select url, reason from failures")}
    for url, kind in expected.items():
        if kind in ("denied", "language"):
            continue
        assert url in failed, f"{url} ({kind}) is not among the failures"
        assert failed[url]


def test_languages_are_told_apart(crawled):
    store, _ = crawled
    language = {r["url"]: r["language"] for r in rows(store, "select url, language from articles")}
    wrong = [g["url"] for g in GOLD if language[g["url"]] != g["language"]]
    assert wrong == []


def test_the_flags_are_right(crawled):
    """A floor for the shipped weights on the newsroom's 73 stories, 18 of them flagged: it only ever rises."""
    store, _ = crawled
    flagged = {
        r["url"]: bool(r["flagged"])
        for r in rows(store, "select a.url, s.flagged from articles a join assessments s on s.article = a.id")
    }
    missed = [g["url"] for g in GOLD if g["flag"] and not flagged[g["url"]]]
    alarms = [g["url"] for g in GOLD if not g["flag"] and flagged[g["url"]]]
    assert len(missed) <= 1, missed
    assert len(alarms) <= 2, alarms


def test_the_events_name_the_right_person(crawled):
    store, _ = crawled
    told = rows(
        store,
        "select a.url, m.person, m.kind from mentions m join articles a on a.id = m.article where m.kind = 'founds'",
    )
    wanted = [(g["url"], e["person"]) for g in GOLD for e in g["events"] if e["kind"] == "founds" and e["person"]]
    found = [
        (u, p) for u, p in wanted if any(t["url"] == u and t["person"] and same_person(t["person"], p) for t in told)
    ]
    assert len(found) >= 0.85 * len(wanted), set(wanted) - set(found)


def test_a_copy_and_a_translation_are_one_event(crawled):
    store, _ = crawled
    for name, mentions in (("Marek Halloran", 2), ("Lin Wanqing", 2)):
        (event,) = [e for e in store.events(everything=True) if e["person"] == name]
        assert len(event["mentions"]) == mentions
        assert event["kind"] == "founds"


def test_evidence_stands_in_the_stored_text(crawled):
    store, _ = crawled
    for row in rows(store, "select a.title, a.body, m.evidence from mentions m join articles a on a.id = m.article"):
        for e in json.loads(row["evidence"]):
            assert row[e["in"]][e["start"] : e["end"]] == e["text"]


def test_chinese_words_are_found(crawled):
    store, _ = crawled
    found = rows(store, "select count(*) as n from articles_fts where articles_fts match ?", "离职")
    assert found[0]["n"] >= 3


def test_the_events_command_lists_what_is_flagged(crawled):
    store, _ = crawled
    result = founderwatch("events", "--jsonl", "--db", store.path)
    assert result.returncode == 0, result.stderr
    listed = [json.loads(line) for line in result.stdout.splitlines()]
    assert {e["event"] for e in listed} == {r["id"] for r in rows(store, "select id from flagged")}
    assert all(e["kind"] == "founds" and e["status"] != "denied" for e in listed)
