"""Old texts that tell of nobody are dropped; events, evidence, reviews and the reviewers' sample keep theirs."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from founderwatch.cli import main
from founderwatch.config import ConfigError, load
from founderwatch.database import retention, reviews
from founderwatch.database.retention import drop_texts
from founderwatch.database.reviews import Verdict
from founderwatch.database.store import Store
from tests.judged import NOW, THRESHOLD, mention, saved, story

LATER = NOW + timedelta(days=400)
PLAIN = 30


@pytest.fixture
def store(here, monkeypatch):
    monkeypatch.setattr(retention, "_OLD", retention._OLD.replace("limit 1000", "limit 10"))
    with closing(Store("founderwatch.db")) as store:
        saved(store, *(story(f"https://a.example/{n}", body=f"Plain text {n}. " * 20) for n in range(PLAIN)))
        saved(
            store,
            story("https://b.example/1", mention("Mara Lindqvist")),
            story("https://b.example/2", mention("Jo Park", kind="leaves")),
        )
        saved(store, story("https://b.example/3", body="Judged by hand."))
        (reviewed,) = store.db.execute("select id from articles where url = 'https://b.example/3'").fetchone()
        reviews.record(store.db.conn, Verdict("me", "reject", article=reviewed))
        store.db.execute("update articles set first_seen_at = ?", [NOW.isoformat()])
        store.db.conn.commit()
        yield store


def kept(store):
    return {row[0] for row in store.db.execute("select url from articles where body <> ''")}


def test_what_tells_of_nobody_goes_and_the_rest_stays(store):
    before = [dict(row) for table in ("events", "mentions", "reviews", "assessments") for row in store.db[table].rows]
    queue = [row[0] for row in store.db.execute("select article from review_queue where queue = 'sample'")]
    dropped = drop_texts(store.db, timedelta(days=365), LATER)
    plain = {url for url in kept(store) if url.startswith("https://a.example/")}
    assert dropped == PLAIN - len(plain) and 8 <= len(plain) <= 10, "ten of all are kept for the random sample"
    assert kept(store) >= {"https://b.example/1", "https://b.example/2", "https://b.example/3"}
    after = [dict(row) for table in ("events", "mentions", "reviews", "assessments") for row in store.db[table].rows]
    assert after == before
    for article in queue:
        assert store.db.execute("select body from articles where id = ?", [article]).fetchone() != ("",)
    assert drop_texts(store.db, timedelta(days=365), LATER) == 0


def test_title_address_and_search_stay_true(store):
    drop_texts(store.db, timedelta(days=365), LATER)
    gone = next(iter({f"https://a.example/{n}" for n in range(PLAIN)} - kept(store)))
    assert store.is_known(gone)
    title, notes, number = store.db.execute("select title, notes, id from articles where url = ?", [gone]).fetchone()
    assert title and "its text was kept until 2027-08-10" in notes
    found = store.db.execute("select rowid from articles_fts where articles_fts match 'plain'").fetchall()
    assert (number,) not in found and found
    store.db.execute("insert into articles_fts (articles_fts) values ('integrity-check')")


def test_young_texts_stay(store):
    assert drop_texts(store.db, timedelta(days=365), NOW + timedelta(days=364)) == 0


def test_a_crawl_with_little_time_drops_some(store, monkeypatch):
    monkeypatch.setattr(retention, "_OLD", retention._OLD.replace("limit 200", "limit 5"))
    assert drop_texts(store.db, timedelta(days=365), LATER, most=5) == 5
    assert drop_texts(store.db, timedelta(days=365), LATER) > 0


def test_a_story_that_is_judged_anew_has_its_text_again(store):
    drop_texts(store.db, timedelta(days=365), LATER)
    gone = next(iter({f"https://a.example/{n}" for n in range(PLAIN)} - kept(store)))
    store.save(story(gone, body="A text again."), THRESHOLD)
    assert gone in kept(store)


def test_vacuum_does_as_configured(store):
    Path("founderwatch.toml").write_text('keep_texts = "90d"\n')
    found = CliRunner().invoke(main, ["vacuum"])
    assert "old texts dropped" in found.stdout, found.output
    Path("founderwatch.toml").write_text('keep_texts = "off"\n')
    assert load().keep_texts is None


@pytest.mark.parametrize(
    ("value", "reason"), [('"59d"', "at least 60d"), ('"soon"', "length of time"), ("90", "length of time")]
)
def test_a_wrong_value_is_told(here, value, reason):
    Path("founderwatch.toml").write_text(f"\nkeep_texts = {value}\n")
    with pytest.raises(ConfigError, match=rf"founderwatch.toml:2: .*{reason}"):
        load()
