"""What is to be told to whom: which events, once each, whatever happens to them meanwhile."""

from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from time import tzset
from zoneinfo import ZoneInfo

import pytest

from founderwatch.alerts.channel import Channel, Digest
from founderwatch.alerts.rules import wants
from founderwatch.database import rulings, watches
from founderwatch.database.outbox import AN_HOUR, Outbox
from founderwatch.database.reviews import Verdict, record, undo
from founderwatch.database.store import Store
from founderwatch.items import Page
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


# The rows of the outbox


TODAY = datetime.now(UTC).replace(microsecond=0)
SOON = TODAY + timedelta(hours=3)


def told_now(url, *mentions, days=0, fetched=TODAY, **fields):
    """A story that is published and stored now."""
    fields = {"published": TODAY + timedelta(days=days)} | fields
    return story(url, *mentions, **fields).grown(page=Page(url, "wire", b"", fetched))


def keep(store, *stories):
    for one in stories:
        store.save(one, THRESHOLD)
    return [row["id"] for row in store.db.query("select id from events order by first_seen_at")]


@pytest.fixture
def outbox(store):
    """The outbox of a database that has been crawled, with one channel that was there before."""
    run = store.start_run("crawl")
    store.finish_run(run, {})
    outbox = Outbox(store.db.conn)
    outbox.add_channels(["desk"], TODAY)
    return outbox


def collected(outbox, name="desk", watched=False, now=SOON, **rules):
    channel = Channel(name, "json://x", watched=watched, **rules)
    outbox.collect(name, channel.newer_than, lambda event: wants(channel, event), watched, now)
    return states(outbox, name)


def states(outbox, name="desk"):
    rows = [row for row in outbox.latest(100) if row["channel"] == name]
    return sorted((row["about"] or "", row["status"], row["state"]) for row in rows)


def claimed(outbox, now=SOON, final=True, before=None):
    return outbox.claim("desk", before, now, final)


def test_each_status_is_told_once(store, outbox):
    keep(store, told_now("https://a.example/1", mention("Mara Lind", status="rumoured")))
    assert collected(outbox) == collected(outbox) == [("Mara Lind", "rumoured", "waiting")]
    batch = claimed(outbox)
    outbox.sent(batch, SOON)
    keep(store, told_now("https://a.example/2", mention("Mara Lind", status="rumoured"), days=1))
    keep(store, told_now("https://a.example/3", mention("Mara Lind", status="confirmed"), days=1))
    assert collected(outbox) == [("Mara Lind", "confirmed", "waiting"), ("Mara Lind", "rumoured", "sent")]
    assert outbox.told_before(claimed(outbox).entries[0], "desk") == "rumoured"


def test_a_status_that_was_overtaken_at_once_is_told_all_the_same(store, outbox):
    keep(store, told_now("https://a.example/1", mention("Mara Lind", status="rumoured")))
    keep(store, told_now("https://a.example/2", mention("Mara Lind", status="confirmed")))
    assert [status for _, status, _ in collected(outbox)] == ["confirmed", "rumoured"]


def test_a_denial_is_told_where_the_departure_was(store, outbox):
    denied = mention("Mara Lind", status="denied")
    keep(store, told_now("https://a.example/1", denied, days=2))
    assert collected(outbox) == []
    keep(store, told_now("https://a.example/2", mention("Nils Berg", status="announced")))
    outbox.sent((collected(outbox), claimed(outbox))[1], SOON)
    keep(store, told_now("https://a.example/3", mention("Nils Berg", status="denied"), days=2))
    assert collected(outbox) == [("Nils Berg", "announced", "sent"), ("Nils Berg", "denied", "waiting")]
    assert claimed(outbox).entries[0].status == "denied"


def test_what_is_not_flagged_or_old_is_not_told(store, outbox):
    keep(
        store,
        told_now("https://a.example/1", mention("Mara Lind", kind="joins")),
        told_now("https://a.example/2", mention("Nils Berg", score=0.3)),
        told_now("https://a.example/3", mention("Ola Dahl"), days=-8),
        told_now("https://a.example/4", mention("Pia Holm"), days=-6),
        told_now("https://a.example/5", mention("Rut Vik"), published=None),
    )
    assert [about for about, _, _ in collected(outbox)] == ["Pia Holm", "Rut Vik"]


@pytest.mark.parametrize(
    ("rule", "passes"),
    [
        ({"statuses": ("confirmed",)}, True),
        ({"statuses": ("announced",)}, False),
        ({"min_score": 0.9}, True),
        ({"min_score": 0.91}, False),
        ({"employers": ("Siemens", "阿里巴巴")}, True),
        ({"employers": ("Tencent",)}, False),
        ({"languages": ("zh",)}, True),
        ({"languages": ("en",)}, False),
        ({"seniority": ("lead", "executive")}, True),
        ({"seniority": ("senior",)}, False),
        ({"newer_than": timedelta(hours=1)}, True),
        ({"statuses": ("confirmed",), "languages": ("en",)}, False),
    ],
)
def test_rules(store, outbox, rule, passes):
    who = mention("周畅", employer="阿里云", score=0.9, seniority="lead")
    keep(store, told_now("https://a.example/1", who, language="zh"))
    assert bool(collected(outbox, **rule)) == passes


def test_a_rejection_before_sending_cancels_and_taking_it_back_revives(store, outbox):
    (event,) = keep(store, told_now("https://a.example/1", mention("Mara Lind")))
    collected(outbox)
    review = record(store.db.conn, Verdict("ann", "reject", event))
    assert claimed(outbox) is None
    assert collected(outbox) == [("Mara Lind", "confirmed", "cancelled")]
    assert outbox.latest(1)[0]["error"] == "a reviewer rejected it"
    undo(store.db.conn, review, "ann")
    assert collected(outbox) == [("Mara Lind", "confirmed", "waiting")]
    assert claimed(outbox).entries[0].event == event


def test_what_a_reviewer_accepts_below_the_threshold_is_told(store, outbox):
    (event,) = keep(store, told_now("https://a.example/1", mention("Mara Lind", score=0.3)))
    assert collected(outbox) == []
    record(store.db.conn, Verdict("ann", "accept", event))
    assert collected(outbox) == [("Mara Lind", "confirmed", "waiting")]


def test_an_event_that_goes_before_it_is_told_is_not_told(store, outbox):
    keep(store, told_now("https://a.example/1", mention("Mara Lind")))
    collected(outbox)
    keep(store, told_now("https://a.example/1"))
    assert claimed(outbox) is None
    assert outbox.latest(1)[0]["error"] == "its reports became another event"


def test_an_event_that_changes_its_identifier_is_not_told_again(store, outbox):
    keep(store, told_now("https://a.example/1", mention("Mara Lind")))
    collected(outbox)
    outbox.sent(claimed(outbox), SOON)
    with store.db.conn:
        store.db.execute("pragma foreign_keys = off")
        store.db.execute("update events set id = 'ev-other'")
        store.db.execute("update mentions set event = 'ev-other'")
        store.db.execute("update status_changes set event = 'ev-other'")
    assert collected(outbox) == [("", "confirmed", "sent")]


def test_a_channel_that_is_added_later_tells_only_what_comes_later(store, outbox):
    keep(store, told_now("https://a.example/1", mention("Mara Lind")))
    outbox.add_channels(["late"], SOON)
    assert collected(outbox, "late") == []
    keep(store, told_now("https://a.example/2", mention("Nils Berg"), fetched=SOON))
    assert [about for about, _, _ in collected(outbox, "late")] == ["Nils Berg"]


def test_what_the_first_crawl_finds_is_one_message(store):
    outbox = Outbox(store.db.conn)
    outbox.add_channels(["desk"], TODAY)
    for number in range(12):
        keep(store, told_now(f"https://a.example/{number}", mention(f"Mara Lind{chr(97 + number)}")))
        collected(outbox)
        assert claimed(outbox, final=number % 2 == 0) is None
    run = store.start_run("crawl")
    store.finish_run(run, {})
    outbox.open_channels(SOON)
    batch = claimed(outbox)
    assert (len(batch.entries), batch.first) == (12, True)
    outbox.sent(batch, SOON)
    keep(store, told_now("https://a.example/x", mention("Nils Berg")))
    collected(outbox, now=SOON + timedelta(minutes=1))
    batch = claimed(outbox, SOON + timedelta(minutes=1), final=False)
    assert (len(batch.entries), batch.first) == (1, False)


def test_a_flood_is_gathered_at_the_end(store, outbox):
    def some(start, end):
        for number in range(start, end):
            keep(store, told_now(f"https://a.example/{number}", mention(f"Mara L{chr(97 + number)}nd")))
        collected(outbox)

    some(0, AN_HOUR)
    singles = [claimed(outbox, final=False) for _ in range(AN_HOUR)]
    assert {len(batch.entries) for batch in singles} == {1}
    for batch in singles:
        outbox.sent(batch, SOON)
    some(AN_HOUR, AN_HOUR + 5)
    assert claimed(outbox, final=False) is None
    assert len(claimed(outbox, final=True).entries) == 5
    assert claimed(outbox, final=True) is None


def test_a_digest_goes_at_its_hour_and_holds_all(store, outbox):
    keep(store, *(told_now(f"https://a.example/{n}", mention(f"Mara L{n}nd")) for n in "abc"))
    collected(outbox)
    assert claimed(outbox, before=SOON - timedelta(hours=1)) is None
    batch = claimed(outbox, SOON + timedelta(hours=1), before=SOON + timedelta(minutes=30))
    assert len(batch.entries) == 3
    outbox.sent(batch, SOON)
    assert claimed(outbox, SOON + timedelta(days=1), before=SOON + timedelta(hours=23)) is None


@pytest.mark.parametrize(
    ("digest", "last"),
    [
        (Digest(time(8, 30)), "2026-07-06T08:30"),
        (Digest(time(18)), "2026-07-05T18:00"),
        (Digest(time(12)), "2026-07-06T12:00"),
        (Digest(time(8), 0), "2026-07-06T08:00"),
        (Digest(time(18), 0), "2026-06-29T18:00"),
        (Digest(time(8), 2), "2026-07-01T08:00"),
    ],
)
def test_the_last_hour_of_a_digest(digest, last, monkeypatch):
    monday = datetime(2026, 7, 6, 12, tzinfo=UTC)
    monkeypatch.setenv("TZ", "UTC")
    tzset()
    assert digest.last(monday).isoformat()[:16] == last
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    tzset()
    assert digest.last(monday).astimezone(ZoneInfo("Asia/Shanghai")).strftime("%H:%M") == f"{digest.at:%H:%M}"
    monkeypatch.undo()
    tzset()


def test_a_failure_waits_longer_each_time_and_keeps_its_message(store, outbox):
    keep(store, told_now("https://a.example/1", mention("Mara Lind")))
    collected(outbox)
    now, keys, waits = SOON, set(), []
    for _ in range(12):
        batch = claimed(outbox, now)
        outbox.failed(batch, "no", now)
        keys.add(batch.key)
        assert claimed(outbox, now) is None
        retry = datetime.fromisoformat(outbox.channels()["desk"]["retry_at"])
        waits.append((retry - now) // timedelta(minutes=1))
        now = retry
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]
    assert len(keys) == 1
    outbox.sent(claimed(outbox, now), now)
    assert outbox.channels()["desk"] | {"failures": 0, "error": None, "retry_at": None} == outbox.channels()["desk"]


def test_one_message_that_is_refused_does_not_stop_the_others(store, outbox):
    keep(store, told_now("https://a.example/1", mention("Mara Lind")))
    collected(outbox)
    poison = claimed(outbox)
    outbox.failed(poison, "too long", SOON)
    keep(store, told_now("https://a.example/2", mention("Nils Berg")))
    collected(outbox)
    later = SOON + timedelta(minutes=5)
    batch = claimed(outbox, later)
    assert batch.key != poison.key
    outbox.sent(batch, later)
    assert claimed(outbox, later).key == poison.key


def test_retry_does_not_wait(store, outbox):
    keep(store, told_now("https://a.example/1", mention("Mara Lind")))
    collected(outbox)
    outbox.failed(claimed(outbox), "no", SOON)
    outbox.retry(["desk"], SOON)
    assert claimed(outbox) is not None


def test_what_a_killed_sender_had_claimed_goes_again_under_the_same_key(store, outbox):
    keep(store, told_now("https://a.example/1", mention("Mara Lind")))
    collected(outbox)
    batch = claimed(outbox)
    assert claimed(outbox) is None
    outbox.recover()
    assert claimed(outbox) == batch


def test_an_answer_that_comes_late_counts(store, outbox):
    keep(store, told_now("https://a.example/1", mention("Mara Lind")))
    collected(outbox)
    batch = claimed(outbox)
    outbox.failed(batch, "no answer within 30 s", SOON)
    outbox.sent(batch, SOON)
    assert states(outbox) == [("Mara Lind", "confirmed", "sent")]


def test_alerted_at_stands_in_latency(store, outbox):
    keep(store, told_now("https://a.example/1", mention("Mara Lind"), days=-1))
    collected(outbox)
    outbox.sent(claimed(outbox), TODAY + timedelta(seconds=42))
    (row,) = store.db.query("select * from latency")
    assert (row["seconds_to_see"], row["seconds_to_alert"], row["seconds"]) == (86400, 42, 86442)


def test_a_watching_channel_tells_every_departure_that_a_watch_means(store, outbox):
    watches.add(store.db.conn, "person", "Nils Berg")
    keep(
        store,
        told_now("https://a.example/1", mention("Mara Lind")),
        told_now("https://a.example/2", mention("Nils Berg", kind="joins")),
    )
    assert collected(outbox, watched=True) == [("Nils Berg", "confirmed", "waiting")]
    assert claimed(outbox) is not None


def test_events_that_a_reviewer_merges_are_not_told_again(store, outbox):
    one, other = keep(
        store,
        told_now("https://a.example/1", mention("Mara Lind", employer="Orrin Cloud")),
        told_now("https://a.example/2", mention("Ola Dahl", employer="Northwind")),
    )
    collected(outbox)
    for _ in range(2):
        outbox.sent(claimed(outbox), SOON)
    rulings.merge(store.db.conn, one, other, "ann")
    assert {state for _, _, state in collected(outbox)} == {"sent"} and claimed(outbox) is None


def test_a_denial_that_is_stored_together_with_the_departure_is_told(store, outbox):
    keep(
        store,
        told_now("https://a.example/2", mention("Nils Berg", status="announced")),
        told_now("https://a.example/3", mention("Nils Berg", status="denied"), days=1),
    )
    assert [status for _, status, _ in collected(outbox)] == ["announced", "denied"]


def test_what_others_write_is_noticed(store, outbox):
    assert outbox.has_changed()
    assert not outbox.has_changed()
    outbox.add_channels(["x"], SOON)
    assert not outbox.has_changed()
    with closing(Store(store.path)) as other:
        keep(other, told_now("https://a.example/1", mention("Mara Lind")))
    assert outbox.has_changed()
