"""What is to be told to whom: which events, once each, whatever happens to them meanwhile."""

from contextlib import closing

import pytest

from founderwatch.database.store import Store
from tests.judged import NOW, THRESHOLD, mention, saved, story


@pytest.fixture
def store(tmp_path):
    with closing(Store(tmp_path / "x.db")) as store:
        yield store


def changes(store):
    return [(row["event"], row["status"]) for row in store.db.query("select * from status_changes order by at, status")]


def test_each_status_of_an_event_is_noted_once_with_the_event(store):
    first = story("https://a.example/1", mention("Mara Lind", status="rumoured"))
    (event,) = saved(store, first, first)
    assert changes(store) == [(event["event"], "rumoured")]
    saved(store, story("https://a.example/2", mention("Mara Lind", status="confirmed"), days=1))
    saved(store, story("https://a.example/3", mention("Mara Lind", status="rumoured"), days=2))
    assert sorted(changes(store)) == [(event["event"], "confirmed"), (event["event"], "rumoured")]
    store.rebuild_events(THRESHOLD)
    assert len(changes(store)) == 2


def test_a_status_is_not_noted_without_its_event(store):
    store.db.execute("create trigger full before update of event on mentions begin select raise(abort, 'disk'); end")
    with pytest.raises(Exception, match="disk"):
        store.save(story("https://a.example/1", mention("Mara Lind")), THRESHOLD)
    assert (store.db["events"].count, changes(store)) == (0, [])


def test_latency_is_kept(store):
    (event,) = saved(store, story("https://a.example/1", mention("Mara Lind")))
    (row,) = store.db.query("select * from latency")
    assert (row["event"], row["published"], row["alerted_at"]) == (event["event"], NOW.isoformat(), None)
    assert row["seconds_to_see"] > 0
