"""Alerts on their way: to a real receiver, past channels that fail and hang, through kills, to a mail server."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from founderwatch.alerts import sender as sending
from founderwatch.alerts.channel import Channel
from founderwatch.alerts.sender import Alarm, Busy, Sender
from founderwatch.alerts.transport import Transport
from founderwatch.config import Config
from founderwatch.database.outbox import Outbox
from founderwatch.database.reviews import Verdict, record
from founderwatch.database.store import Store
from tests.judged import THRESHOLD, mention
from tests.receiver import receiving
from tests.sending import story

ROOT = Path(__file__).parent.parent


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def config(tmp_path, receiver):
    """A crawled database with two channels that were there before."""
    channels = (Channel("a", receiver.url("/a")), Channel("b", receiver.url("/b"), language="zh"))
    config = Config(database=tmp_path / "x.db", alert=channels, desk="https://desk.example/fw/")
    with closing(Store(config.database)) as store:
        store.finish_run(store.start_run("crawl"), {})
        Outbox(store.db.conn).add_channels(["a", "b"], datetime.now(UTC))
    return config


def keep(config, *stories):
    with closing(Store(config.database)) as store:
        for one in stories:
            store.save(one, THRESHOLD)
        return [row["id"] for row in store.db.query("select id from events order by rowid")]


def people(config, number, start=0):
    names = [f"{first} {last}" for first in ("Mara", "Nils", "Pia", "Rut", "Ola") for last in ("Lind", "Berg", "Dahl", "Holm", "Vik", "Moe")]  # fmt: skip
    return keep(config, *(story(f"https://a.example/{n}", mention(names[n])) for n in range(start, start + number)))


def send(config):
    with closing(Sender(config)) as sender:
        sender.finish()
        return sender.report


def rows(config, sql):
    with closing(Store(config.database)) as store:
        return list(store.db.query(sql))


def test_each_channel_is_told_once_in_its_language(config, receiver):
    (event,) = keep(config, story("https://a.example/1", mention("Mara Lind", role="CTO", status="announced")))
    assert send(config).sent == 2
    assert send(config).sent == 0
    (english,), (chinese,) = receiver.at("/a"), receiver.at("/b")
    assert english.json["title"] == "Mara Lind, CTO, Orrin Cloud → own start-up (announced)"
    assert chinese.json["title"] == "Mara Lind，CTO，Orrin Cloud → 自己创业（已宣布）"
    assert f"Desk: https://desk.example/fw/-/event/{event}\n" in english.json["message"]
    assert english.key == english.json["founderwatch"]["id"] != chinese.key
    (told,) = english.json["founderwatch"]["events"]
    assert (told["event"], told["told"], told["urls"]) == (event, "announced", ["https://a.example/1"])


def test_a_corrected_field_is_told_as_the_reviewer_has_it(config, receiver):
    (event,) = keep(config, story("https://a.example/1", mention("Mara Lind", venture="Wrong")))
    with closing(Store(config.database)) as store:
        record(store.db.conn, Verdict("ann", "accept", event, corrected={"venture": "Brackish"}))
    send(config)
    assert "To: Brackish (own start-up)\n" in receiver.at("/a")[0].json["message"]


def test_a_channel_that_fails_holds_up_nobody_and_is_tried_again(config, receiver):
    receiver.answers["/a"] = [500, 401]
    people(config, 2)
    report = send(config)
    assert report.sent == 2 and list(report.failed) == ["a"] and "500" in report.failed["a"]
    assert len(receiver.at("/b")) == 2
    assert send(config).sent == 0, "it is left alone for a while"
    with closing(Sender(config)) as sender:
        sender.outbox.retry(["a"], datetime.now(UTC))
        sender.finish()
        assert "401" in sender.report.failed["a"]
        sender.outbox.retry(["a"], datetime.now(UTC))
        sender.finish()
        assert sender.report.failed == {}
    assert len(receiver.at("/a")) == len({r.key for r in receiver.at("/a")}) == 2
    assert {r.key for r in receiver.refused} <= set(receiver.taken)


def test_a_channel_that_hangs_holds_up_nobody(config, receiver, monkeypatch):
    monkeypatch.setattr(sending, "_PATIENCE", 1.0)
    receiver.answers["/a"] = ["hang"]
    people(config, 3)
    began = time.monotonic()
    report = send(config)
    assert time.monotonic() - began < 10
    assert report.failed == {"a": "no answer within 1 s"}
    assert len(receiver.at("/b")) == 3
    (waiting,) = rows(config, "select * from alerts where tries = 1 and state = 'waiting'")
    assert waiting["error"] == "no answer within 1 s"


def test_an_answer_that_comes_late_is_not_sent_again(config, receiver, monkeypatch):
    monkeypatch.setattr(sending, "_PATIENCE", 0.2)
    receiver.delays["/a"] = 1.0
    people(config, 1)
    with closing(Sender(config)) as sender:
        sender.finish()
        assert "a" in sender.report.failed
        time.sleep(1.2)
        sender.outbox.retry(["a"], datetime.now(UTC))
        sender.turn()
        sender.finish()
        assert sender.report.failed == {}
    assert len(receiver.at("/a")) == 1


def test_only_one_sends(config):
    with closing(Sender(config)), pytest.raises(Busy):
        Sender(config)
    Sender(config).close()


def test_a_channel_without_its_variable_fails_alone(config, receiver, monkeypatch):
    channels = (Channel("a", "json://${FW_NOWHERE}"), config.alert[1])
    people(config, 1)
    report = send(Config(database=config.database, alert=channels))
    assert report.failed == {"a": "FW_NOWHERE is not set in the environment"} and report.sent == 1


def test_an_address_that_apprise_does_not_know_fails_alone_without_telling_its_secret(config):
    channels = (Channel("a", "nosuch://hunter2@x"), Channel("b", "slack://short"))
    people(config, 1)
    failed = send(Config(database=config.database, alert=channels)).failed
    assert "(nosuch://…) is no address that apprise can use" in failed["a"] and "b" in failed
    assert "hunter2" not in failed["a"]


def test_what_a_channel_says_of_a_failure_holds_no_secret(receiver):
    receiver.answers["/hook/token-hunter2"] = [403]
    transport = Transport(Channel("a", f"json://user:hunter2@127.0.0.1:{receiver.port}/hook/token-hunter2"))
    reason = transport._told("user:hunter2 at /hook/token-hunter2 was refused")
    assert "hunter2" not in reason and "was refused" in reason


def test_alerts_leave_while_the_crawl_runs(config, receiver):
    with Alarm(config) as alarm:
        people(config, 1)
        until = time.monotonic() + 10
        while not (receiver.at("/a") and receiver.at("/b")):
            assert time.monotonic() < until
            time.sleep(0.05)
    assert alarm.troubles == []


def test_what_is_found_last_leaves_at_the_end(config, receiver):
    with Alarm(config) as alarm:
        people(config, 1)
        alarm.ended()
    assert (len(receiver.at("/a")), len(receiver.at("/b"))) == (1, 1)


def test_nothing_that_goes_wrong_ends_the_crawl(config, tmp_path):
    (tmp_path / "x.db").write_text("no database, but a text that is long enough to be told from one")
    with Alarm(config) as alarm:
        alarm.ended()
    assert "they wait for the next run" in alarm.troubles[0]


def test_a_rejection_between_two_attempts_cancels(config, receiver):
    receiver.answers["/a"] = [500]
    (event,) = people(config, 1)
    send(config)
    with closing(Store(config.database)) as store:
        record(store.db.conn, Verdict("ann", "reject", event))
    with closing(Sender(config)) as sender:
        sender.outbox.retry(["a"], datetime.now(UTC))
        sender.finish()
    assert receiver.at("/a") == []
    assert [row["state"] for row in rows(config, "select state from alerts order by channel")] == ["cancelled", "sent"]


def test_an_event_that_goes_after_it_was_claimed_is_not_sent(config, receiver, monkeypatch):
    events = people(config, 2)
    claim = Outbox.claim

    def claim_and_erase(self, *given):
        batch = claim(self, *given)
        with self.connection:
            self.connection.execute("pragma foreign_keys = off")
            self.connection.execute("delete from events where id = ?", [events[0]])
        return batch

    monkeypatch.setattr(Outbox, "claim", claim_and_erase)
    send(config)
    assert [r.json["founderwatch"]["events"][0]["event"] for r in receiver.at("/a")] == [events[1]]
    assert {row["state"] for row in rows(config, "select state from alerts")} == {"sent", "cancelled"}


# Kills


def kills(tmp_path, receiver, number, seed):
    """Kills a process that stores and sends again and again, then lets one run to its end."""
    chance = random.Random(seed)
    database = tmp_path / "x.db"
    receiver.delays["/a"] = 0.03
    with closing(Store(database)) as store:
        store.finish_run(store.start_run("crawl"), {})
        Outbox(store.db.conn).add_channels(["a"], datetime.now(UTC))
    for turn in range(number + 1):
        command = [sys.executable, "-m", "tests.sending", database, receiver.url("/a"), turn * 3, turn * 3 + 3]
        process = subprocess.Popen([str(part) for part in command], cwd=ROOT, stdout=subprocess.PIPE)
        if turn < number:
            # While it stores, or while a message is under way, answered, or noted.
            before = receiver.arrived
            for _ in range(chance.randint(1, 4)):
                process.stdout.readline()
            arrivals = chance.choice([0, 0, 1, 1, 2, 3])
            while receiver.arrived < before + arrivals and process.poll() is None:
                time.sleep(0.002)
            time.sleep(chance.uniform(0.0, 0.08))
            process.send_signal(signal.SIGKILL)
            process.communicate()
        else:
            assert process.communicate(timeout=60)[0].endswith(b"done\n")
    with closing(Store(database)) as store:
        events = [row["id"] for row in store.db.query("select id from events")]
        states = [row["state"] for row in store.db.query("select state from alerts")]
    assert set(states) == {"sent"} and len(states) == len(events)
    told = [row["event"] for one in receiver.taken.values() for row in one.json["founderwatch"]["events"]]
    assert sorted(told) == sorted(events), "each event once for a receiver that heeds the key"
    return len(receiver.kept) - len(receiver.taken)


def test_a_killed_sender_loses_none_and_repeats_only_under_the_same_key(tmp_path, receiver):
    assert kills(tmp_path, receiver, 2, seed=1) <= 2


@pytest.mark.soak
@pytest.mark.long
def test_many_kills(tmp_path, receiver):
    number = int(os.environ.get("FOUNDERWATCH_KILLS", "25"))  # a hundred take minutes
    repeated = kills(tmp_path, receiver, number, seed=2)
    print(f"{number} kills: {len(receiver.taken)} messages, {repeated} of them came a second time under the same key")
    assert repeated <= number
