"""The dead man's switch: a beginning, an end, and never a failed run because of it."""

import sys
import time

import pytest

from founderwatch.alerts import heartbeat as module
from founderwatch.alerts.heartbeat import heartbeat
from tests.receiver import receiving


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


def url(receiver, path="/uuid", query=""):
    return f"http://127.0.0.1:{receiver.port}{path}{query}"


def paths(receiver):
    return [one.path for one in receiver.kept]


def test_success(receiver):
    with heartbeat(url(receiver)) as beat:
        assert paths(receiver) == ["/uuid/start"]
        beat.note = "5 sources, 新"
    assert paths(receiver) == ["/uuid/start", "/uuid"]
    assert receiver.kept[1].body.decode() == "5 sources, 新"
    assert beat.troubles == []


@pytest.mark.parametrize(
    ("code", "end"), [(0, "/uuid"), (1, "/uuid"), (3, "/uuid/fail"), (2, "/uuid/fail"), (None, "/uuid")]
)
def test_the_exit_status_tells(receiver, code, end):
    with pytest.raises(SystemExit), heartbeat(url(receiver)):
        sys.exit(code)
    assert paths(receiver) == ["/uuid/start", end]


def test_an_error_is_a_failure_and_goes_on(receiver):
    with pytest.raises(ZeroDivisionError), heartbeat(url(receiver)):
        1 / 0  # noqa: B018
    assert paths(receiver) == ["/uuid/start", "/uuid/fail"]
    assert receiver.kept[1].body == b"ZeroDivisionError: division by zero"


def test_without_an_address_nothing_is_asked():
    with heartbeat(None) as beat:
        pass
    assert beat.troubles == []


def test_a_receiver_that_refuses_is_asked_twice_and_told(receiver):
    receiver.answers["/uuid/start"] = [500, 500]
    receiver.answers["/uuid"] = [500, 200]
    with heartbeat(url(receiver)) as beat:
        pass
    assert beat.troubles == ["ping_url/start could not be told: it answered 500"]


def test_a_receiver_that_hangs_or_is_gone_costs_seconds(receiver, monkeypatch):
    monkeypatch.setattr(module, "_LONGEST", 0.3)
    receiver.answers["/uuid/start"] = ["hang"]
    began = time.monotonic()
    with heartbeat(url(receiver)):
        pass
    with heartbeat("http://127.0.0.1:9/secret-uuid") as beat:
        pass
    assert time.monotonic() - began < 5
    assert len(beat.troubles) == 2 and "secret-uuid" not in "".join(beat.troubles)


def test_an_address_with_a_query_keeps_it(receiver):
    with heartbeat(url(receiver, "/push/", "?token=t&msg=")):
        pass
    assert paths(receiver) == ["/push/start", "/push"]
