"""`founderwatch alert`, and what the doctor says of the channels."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from filelock import FileLock

from founderwatch import status
from founderwatch.cli import main
from founderwatch.database.store import Store
from founderwatch.items import Page
from tests.judged import THRESHOLD, mention
from tests.judged import story as judged
from tests.receiver import receiving


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


@pytest.fixture(autouse=True)
def configured(here, receiver, monkeypatch):
    monkeypatch.setenv("FW_HOOK", receiver.url("/a"))
    (here / "founderwatch.toml").write_text(
        f'[[alert]]\nname = "a"\nurl = "${{FW_HOOK}}"\n[[alert]]\nname = "b"\nurl = "{receiver.url("/b")}"\nlanguage = "zh"\n'
    )
    return here


def scanned(url, who, days=0):
    """What a scan stores of a story that was published and stored so many days ago."""
    at = datetime.now(UTC) - timedelta(days=days)
    with closing(Store("founderwatch.db")) as store:
        story = judged(url, mention(who), published=at).grown(page=Page(url, "wire", b"", at))
        store.save(story, THRESHOLD)


@pytest.fixture
def found(configured):
    """A database with a departure that was there before the channels, and one that came after them."""
    scanned("https://a.example/1", "Mara Lind", days=1)
    assert run("send").stdout == "0 sent, 0 channels failed\n"
    scanned("https://a.example/2", "Nils Berg")
    with closing(Store("founderwatch.db")) as store, store.db.conn:
        store.db.execute("update alert_channels set gathers = 0")


def run(*arguments):
    return CliRunner().invoke(main, ["alert", *map(str, arguments)])


def test_test_tries_every_channel(receiver):
    done = run("test")
    assert (done.exit_code, done.stdout) == (status.DONE, "a: sent\nb: sent\n")
    assert receiver.at("/a")[0].json["title"].startswith("Sample: ")
    assert receiver.at("/b")[0].json["title"].startswith("样例：")
    assert run("test", "b", "--quiet").stdout == ""
    assert (len(receiver.at("/a")), len(receiver.at("/b"))) == (1, 2)


def test_test_tells_which_failed(receiver):
    receiver.answers["/b"] = [404]
    done = run("test")
    assert (done.exit_code, done.stdout) == (status.PARTLY, "a: sent\n")
    assert "founderwatch: b: failed: " in done.stderr and "404" in done.stderr
    receiver.answers["/b"] = [404]
    assert run("test", "b").exit_code == status.FAILED


def test_test_prints_without_sending(receiver):
    done = run("test", "--print", "a")
    assert done.stdout.startswith("To: a\nSubject: Sample: ") and receiver.kept == []


def test_wrong_usage_says_what_there_is(here):
    done = run("test", "c")
    assert (done.exit_code, done.stderr) == (status.USAGE, "founderwatch: there is no channel c; there are: a, b\n")
    (here / "founderwatch.toml").write_text("")
    for command in ("test", "send", "retry"):
        done = run(command)
        assert done.exit_code == status.USAGE and "write an [[alert]] table" in done.stderr
    (here / "founderwatch.toml").write_text('[[alert]]\nname = "a"\n')
    assert run("test").exit_code == status.USAGE


def test_send_list_and_retry(receiver, found):
    receiver.answers["/b"] = [500]
    done = run("send")
    assert (done.exit_code, done.stdout) == (status.PARTLY, "1 sent, 1 channels failed\n")
    listed = json.loads(run("list", "--json").stdout)
    assert [(c["name"], c["waiting"], c["sent"]) for c in listed["channels"]] == [("a", 0, 1), ("b", 1, 0)]
    plain = run("list").stdout
    assert "b                1 waiting, 0 sent  failed 1 times" in plain
    assert "Nils Berg, confirmed" in plain and "Mara Lind" not in plain
    assert run("send").stdout == "0 sent, 0 channels failed\n"
    done = run("retry", "b")
    assert (done.exit_code, done.stdout) == (status.DONE, "1 sent, 0 channels failed\n")
    assert len(receiver.at("/b")) == len(receiver.at("/a")) == 1


def test_list_tells_of_channels_that_are_gone(here, found, receiver):
    receiver.answers["/b"] = [500]
    run("send")
    (here / "founderwatch.toml").write_text(f'[[alert]]\nname = "a"\nurl = "{receiver.url("/a")}"\n')
    assert "no longer in the configuration" in run("list").stdout


def test_send_ends_with_75_while_a_crawl_sends(found):
    with FileLock("founderwatch.db.alerts.lock"):
        done = run("send")
    assert done.exit_code == status.BUSY and "nothing was done" in done.stderr


def test_without_a_database(here):
    for command in ("list", "send"):
        assert run(command).exit_code == status.FAILED
    assert run("test").exit_code == status.DONE


def doctor():
    verdicts = json.loads(CliRunner().invoke(main, ["doctor", "--json"]).stdout)
    return next(verdict for verdict in verdicts if verdict["check"] == "alerts")


def test_the_doctor_looks_at_the_channels(here, receiver, found, monkeypatch):
    run("send")
    assert (doctor()["level"], doctor()["found"]) == ("ok", "2 of 2 channels in order, 0 alerts waiting")
    scanned("https://a.example/3", "Ola Dahl")
    receiver.answers["/b"] = [500]
    run("send")
    assert doctor()["level"] == "attention"
    assert (
        doctor()["found"].startswith("1 of 2 channels in order, 1 alerts waiting; b: ") and "500" in doctor()["found"]
    )
    monkeypatch.delenv("FW_HOOK")
    assert "a: FW_HOOK is not set in the environment" in doctor()["found"]
    (here / "founderwatch.toml").write_text("")
    assert doctor()["level"] == "ok" and "no channel" in doctor()["found"]


def test_a_crawl_that_has_nothing_to_ask_sends_what_waits(here, receiver, found):
    config = (here / "founderwatch.toml").read_text()
    (here / "founderwatch.toml").write_text('sources = "one.toml"\n' + config)
    (here / "one.toml").write_text(
        '[[source]]\nname = "one"\nhome = "https://one.example/"\nlanguage = "en"\nfeeds = ["https://one.example/feed"]\n'
    )
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="seconds")
    with closing(Store("founderwatch.db")) as store, store.db.conn as connection:
        connection.execute("insert into sources (name) values ('one')")
        connection.execute(
            "insert into timetable values ('one', 'regular', ?, ?, 3600, 0, null, null, '2026-07-06', 0)",
            [later, later],
        )
    done = CliRunner().invoke(main, ["crawl", "--due"])
    assert (done.exit_code, done.stdout[:29]) == (status.DONE, "none of 1 sources is due; the"), done.output
    assert len(receiver.at("/a")) == len(receiver.at("/b")) == 1
