"""When a source may be asked again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from scrapy.http import Response

from founderwatch.turns import after, choose, shortest
from spiders.report import CrawlReport, SourceReport
from spiders.restraint import LONGEST as LONGEST_WAIT
from spiders.restraint import NotNow, Restraint, retry_after
from spiders.sources import parse
from spiders.timetable import LONGEST, PAUSED, REVIVAL, SHORTEST, Asked, Turn, interval, next_turn

NOW = datetime(2026, 7, 6, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REGISTRY = parse(
    "".join(
        f'[[source]]\nname = "{name}"\nhome = "{base}/"\nlanguage = "en"\nfeeds = ["{base}/feed"]\n{more}\n'
        for name, base, more in (
            ("busy", "https://busy.example", ""),
            ("rare", "https://rare.example", ""),
            ("slow", "https://slow.example", 'every = "2h"'),
            ("here", "http://127.0.0.1:8765", ""),
        )
    )
)


def report(**sources: dict) -> CrawlReport:
    return CrawlReport(NOW, NOW, "finished", tuple(SourceReport(name=name, **row) for name, row in sources.items()))


GOOD, SILENT = {"channels_read": 1}, {"channels_failed": 1, "grade": "soft", "answered": True}


def test_busy_sources_are_asked_often_and_quiet_ones_seldom() -> None:
    assert interval(1000) == SHORTEST and interval(0) == LONGEST
    spans = [interval(stories) for stories in (1, 5, 20, 70, 200, 1000)]
    assert spans == sorted(spans, reverse=True) and len(set(spans)) > 3
    assert timedelta(minutes=20) < interval(70) < timedelta(minutes=30), "five stories a day"


def test_one_line_every_five_minutes_is_right_for_all() -> None:
    """A day of scheduled crawls: how often each is asked, and how late a story is seen at most."""
    turns: dict[str, Turn] = {}
    asked = {source.name: [] for source in REGISTRY}
    for step in range(288):
        now = NOW + step * 5 * MINUTE + timedelta(seconds=step % 7)  # cron is never exact
        choice = choose(REGISTRY, turns, now, due=True)
        told = report(**{source.name: GOOD for source in choice.asked})
        for source in choice.asked:
            asked[source.name].append(now)
        turns |= after(told, choice.asked, turns, {"busy": 600, "rare": 2, "slow": 600}, now)
    counts = {name: len(times) for name, times in asked.items()}
    assert counts == {"busy": 288, "rare": 4, "slow": 12, "here": 288}
    late = max(b - a for a, b in zip(asked["busy"], asked["busy"][1:], strict=False))
    assert late <= 6 * MINUTE


def test_failures_back_off_by_their_gravity_and_one_success_revives() -> None:
    waits = {}
    for grade in ("hard", "soft", "temporary"):
        turn, waits[grade] = None, []
        while turn is None or turn.state != "paused":
            turn = next_turn(turn, Asked(grade=grade, reason="HTTP 500", stories=600), NOW)
            waits[grade].append(turn.due_at - NOW)
        assert waits[grade] == sorted(waits[grade]) and waits[grade][-1] == REVIVAL
        assert turn.in_words(NOW).startswith("paused, next look at") and "HTTP 500" in turn.in_words(NOW)
        assert next_turn(turn, Asked(stories=600), NOW).state == "regular"
    assert {grade: len(found) for grade, found in waits.items()} == {"hard": 4, "soft": 6, "temporary": 12}
    assert waits["temporary"][0] == SHORTEST < waits["soft"][0] < waits["hard"][0]


def test_trouble_is_bounded() -> None:
    turn = None
    for _ in range(100):
        turn = next_turn(turn, Asked(grade="hard"), NOW)
    assert turn.trouble == 2 * PAUSED and turn.due_at - NOW == REVIVAL


def test_who_is_asked() -> None:
    later = {
        "busy": Turn(NOW, NOW + 30 * MINUTE),
        "rare": Turn(NOW, NOW, held_until=NOW + 30 * MINUTE, reason="the site asked for it"),
    }
    names = [[source.name for source in part] for part in vars(choose(REGISTRY, later, NOW, due=True)).values()]
    assert names == [["slow", "here"], ["rare"], ["busy"]]
    names = [[source.name for source in part] for part in vars(choose(REGISTRY, later, NOW, due=False)).values()]
    assert names == [["busy", "slow", "here"], ["rare"], []], (
        "a crawl that a person starts keeps only the site's own word"
    )
    assert later["rare"].in_words(NOW) == "held until 09:30 UTC: the site asked for it"


def test_loopback_has_no_interval_and_the_registry_may_set_one() -> None:
    assert [shortest(source) for source in REGISTRY] == [SHORTEST, SHORTEST, timedelta(hours=2), timedelta()]


def test_a_machine_without_network_blames_no_source() -> None:
    unreachable = {"channels_failed": 1, "grade": "soft"}
    both = REGISTRY[:2]
    assert after(report(busy=unreachable, rare=unreachable), both, {}, {}, NOW) == {}
    told = after(report(busy=unreachable, rare=SILENT), both, {}, {}, NOW)
    assert {name: turn.state for name, turn in told.items()} == {"busy": "backing off", "rare": "backing off"}


def test_a_source_that_was_not_asked_keeps_its_turn() -> None:
    before = {"busy": next_turn(None, Asked(grade="hard"), NOW)}
    held = {"held_until": NOW + MINUTE, "held_because": "later"}
    turn = after(report(busy=held, rare=GOOD), REGISTRY[:2], before, {}, NOW)["busy"]
    assert (turn.trouble, turn.due_at, turn.is_held(NOW)) == (before["busy"].trouble, before["busy"].due_at, True)
    assert "busy" not in after(report(busy={"left": 3}, rare=GOOD), REGISTRY[:2], before, {}, NOW)


# Restraint


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Mon, 06 Jul 2026 09:10:00 GMT", 600),
        ("Mon, 06 Jul 2020 09:10:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("1e9", None),
        ("", None),
        ("９", None),
        ("9" * 400, 999_999_999),
    ],
)
def test_retry_after(value: str, seconds: int | None) -> None:
    found = retry_after(Response("https://a.example/", headers={"Retry-After": value}), NOW)
    assert (found.total_seconds() if found is not None else None) == seconds


def answer(status: int, **headers: str) -> Response:
    return Response("https://a.example/", status=status, headers={k.replace("_", "-"): v for k, v in headers.items()})


def test_a_host_that_asks_for_patience_is_left_alone() -> None:
    restraint = Restraint({}, {})
    assert restraint.heard("a.example", answer(200, Retry_After="3600")) is None
    restraint.take("a", "a.example")
    assert restraint.heard("a.example", answer(503, Retry_After="2")) == 2, "so little is waited for"
    assert restraint.heard("a.example", answer(503)) is None
    restraint.take("a", "a.example")
    assert restraint.heard("a.example", answer(429, Retry_After="9999999")) is None
    with pytest.raises(NotNow, match="come again later"):
        restraint.take("a", "a.example")
    restraint.take("a", "b.example")
    until, because = restraint.closed({"a.example", "b.example"})
    assert until is not None and until - datetime.now(UTC) <= LONGEST_WAIT and "HTTP 429" in (because or "")
    assert restraint.closed({"b.example"}) == (None, None)


def test_the_quota_of_a_day() -> None:
    restraint = Restraint({"a": 5, "b": None}, {"a": 3})
    for _ in range(2):
        restraint.take("a", "a.example")
    with pytest.raises(NotNow, match="quota of 5 requests is used up"):
        restraint.take("a", "a.example")
    for _ in range(100):
        restraint.take("b", "a.example")
    turn = next_turn(None, Asked(requests=5), NOW)
    assert (turn.used(NOW), turn.used(NOW + timedelta(days=1))) == (5, 0)
    assert next_turn(turn, Asked(requests=2), NOW).used(NOW) == 7
