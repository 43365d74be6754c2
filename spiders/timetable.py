"""Says when a source may be asked again: how often while it answers, how late after failures, and when not at all.

A scheduled crawl asks only what is due. One that a person starts asks everything but what a site itself has put off
(Retry-After) and what has used up its day's quota; a source that is named is asked in any case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(hours=6)
# A source is asked so many times as often as it publishes: the first to know is not the one who asks once a story.
PER_STORY = 12
# The stories of so many days tell how often a source publishes.
LOOK_BACK = timedelta(days=14)
# A crawl is due a little early rather than one interval late: cron is never exact.
SLACK = timedelta(minutes=1)

# What a failed crawl of a source weighs. A page that is gone, a ban or something that is no feed does not mend by
# itself (hard); a server that is down mostly does (soft); one that asks for patience surely does (temporary).
WEIGHTS = {"hard": 3, "soft": 2, "temporary": 1}
# Each point of trouble doubles the wait; from so many on, a source is paused and only looked at once a day.
PAUSED = 12
REVIVAL = timedelta(days=1)

REGULAR, BACKING_OFF, PAUSED_STATE = "regular", "backing off", "paused"


@dataclass(frozen=True, slots=True)
class Turn:
    """When a source was asked, when it is due, and why. `requests` were sent to it on `day` (UTC).

    `held_until` is the site's own word or the end of the day's quota: it holds for every crawl that does not name
    the source.
    """

    asked_at: datetime
    due_at: datetime
    every: timedelta = SHORTEST
    trouble: int = 0
    held_until: datetime | None = None
    reason: str | None = None
    day: str = ""
    requests: int = 0

    @property
    def state(self) -> str:
        """regular, backing off or paused."""
        if self.trouble >= PAUSED:
            return PAUSED_STATE
        return BACKING_OFF if self.trouble else REGULAR

    def is_held(self, now: datetime) -> bool:
        return self.held_until is not None and now < self.held_until

    def is_due(self, now: datetime) -> bool:
        return not self.is_held(now) and now >= self.due_at - SLACK

    def used(self, now: datetime) -> int:
        """The requests of this day."""
        return self.requests if self.day == day_of(now) else 0

    def in_words(self, now: datetime) -> str:
        """When it is due and why, for a person."""
        if self.is_held(now):
            assert self.held_until is not None
            return f"held until {_clock(self.held_until, now)}: {self.reason or 'the site asked for it'}"
        if self.state == REGULAR:
            return f"every {words(self.every)}" if self.every else "with each crawl"
        when = _clock(self.due_at, now)
        if self.state == PAUSED_STATE:
            return f"paused, next look at {when}: {self.reason}"
        return f"backing off until {when}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a crawl saw of a source that it asked.

    `grade` is hard, soft or temporary where no channel answered, else None; `stories` were published in the last
    LOOK_BACK; `shortest` is the least interval: the registry's own, or none on loopback.
    """

    grade: str | None = None
    reason: str | None = None
    stories: int = 0
    requests: int = 0
    held_until: datetime | None = None
    held_because: str | None = None
    shortest: timedelta = SHORTEST


def next_turn(before: Turn | None, asked: Asked, now: datetime) -> Turn:
    """The turn after a crawl that began at `now`."""
    used = (before.used(now) if before else 0) + asked.requests
    every = interval(asked.stories, asked.shortest)
    turn = Turn(
        now, now + every, every, held_until=asked.held_until, reason=asked.held_because, day=day_of(now), requests=used
    )
    if asked.grade is None:
        return turn
    trouble = min((before.trouble if before else 0) + WEIGHTS[asked.grade], 2 * PAUSED)
    wait = REVIVAL if trouble >= PAUSED else min(max(every, SHORTEST) * 2 ** (trouble - 1), REVIVAL)
    return replace(turn, due_at=now + wait, trouble=trouble, reason=asked.held_because or asked.reason)


def interval(stories: int, shortest: timedelta = SHORTEST) -> timedelta:
    """How often to ask a source that published so many stories in LOOK_BACK."""
    if not shortest:  # this machine is asked each time
        return shortest
    wanted = LOOK_BACK / (stories * PER_STORY) if stories else LONGEST
    return max(shortest, min(wanted, LONGEST))


def midnight(now: datetime) -> datetime:
    """When the day's quota begins anew."""
    return datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)


def day_of(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()


def words(span: timedelta) -> str:
    """A span of time, roughly: 7 min, 3 h, 2 d."""
    minutes = span.total_seconds() / 60
    if minutes < 90:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 48 * 60 else f"{minutes / 1440:.0f} d"


def earliest(turns: Iterable[Turn]) -> datetime | None:
    """When the first of them is due."""
    return min((max(turn.due_at, turn.held_until or turn.due_at) for turn in turns), default=None)


def _clock(moment: datetime, now: datetime) -> str:
    near = moment.date() == now.date()
    return f"{moment:%H:%M} UTC" if near else f"{moment:%Y-%m-%d %H:%M} UTC"
