"""One channel of the configuration: where alerts go, which ones, when, and in which language."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta

from founderwatch.alerts import keys
from founderwatch.alerts.keys import KeyMistake
from models.labels import STATUSES

LANGUAGES = ("en", "zh")
SENIORITIES = ("executive", "lead", "senior", "unknown")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NAME = re.compile(r"[\w.-]+(?: [\w.-]+)*")
_DIGEST = re.compile(r"(?:([a-z]+) )?([01]?[0-9]|2[0-3]):([0-5][0-9])")


class ChannelError(RuntimeError):
    """A channel cannot be used as it is configured; the message says why, without its secrets."""


@dataclass(frozen=True)
class Digest:
    """A time of the day, or of one day of the week (0 is Monday), by the machine's clock."""

    at: time
    weekday: int | None = None

    def last(self, now: datetime) -> datetime:
        """The latest such moment that is not after `now`."""
        local = now.astimezone()
        for back in range(8):
            # Not the same moment less a day: a day may have 23 or 25 hours.
            moment = datetime.combine(local.date() - timedelta(days=back), self.at).astimezone()
            if moment <= local and self.weekday in (None, moment.weekday()):
                return moment.astimezone(now.tzinfo)
        raise AssertionError("every week has every day")

    def __str__(self) -> str:
        return f"{_DAYS[self.weekday]} {self.at:%H:%M}" if self.weekday is not None else f"{self.at:%H:%M}"


@dataclass(frozen=True)
class Channel:
    """Where alerts go, and which. An empty rule lets everything pass; an event must pass all of them."""

    name: str
    url: str  # an address that apprise knows; ${NAME} stands for a variable of the environment
    statuses: tuple[str, ...] = STATUSES
    min_score: float = 0.0
    employers: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()  # at least one story in one of them
    seniority: tuple[str, ...] = ()
    watched: bool = False  # only what the watch list names
    newer_than: timedelta = timedelta(days=7)  # what is published later than this long ago is news
    digest: Digest | None = None  # None: at once
    language: str = "en"
    troubles: bool = True  # whether founderwatch tells of its own troubles here

    @property
    def address(self) -> str:
        """The address with its secrets filled in; ChannelError where the environment lacks one."""

        def value(match: re.Match) -> str:
            if not (found := os.environ.get(match[1], "").strip()):
                raise ChannelError(f"{match[1]} is not set in the environment")
            return found

        return _VARIABLE.sub(value, self.url)

    @property
    def holds_secrets(self) -> bool:
        """Whether the file itself may hold a secret."""
        return not _VARIABLE.search(self.url)


def parse(table: Mapping) -> Channel:
    """Reads one [[alert]] table; KeyMistake tells what is wrong."""
    keys.known(table, [field.name for field in fields(Channel)])
    for needed in ("name", "url"):
        if needed not in table:
            raise KeyMistake(needed, "is missing")
    readers = {
        "name": keys.text,
        "url": _url,
        "statuses": lambda t, k: keys.texts(t, k, STATUSES),
        "min_score": lambda t, k: keys.number(t, k, 0, 1),
        "employers": keys.texts,
        "languages": lambda t, k: keys.texts(t, k, LANGUAGES),
        "seniority": lambda t, k: keys.texts(t, k, SENIORITIES),
        "watched": keys.truth,
        "newer_than": keys.span,
        "digest": _digest,
        "language": lambda t, k: keys.one_of(t, k, LANGUAGES),
        "troubles": keys.truth,
    }
    channel = Channel(**{key: readers[key](table, key) for key in table})
    if not _NAME.fullmatch(channel.name) or len(channel.name) > 60:
        raise KeyMistake("name", f"must be words of letters, digits, dots and hyphens, not {channel.name!r}")
    return channel


def _url(table: Mapping, key: str) -> str:
    url = keys.text(table, key)
    # The value itself may be a secret: it is not repeated.
    if not _VARIABLE.search(url) and not re.match(r"[a-z][a-z0-9+.-]*://\S", url):
        raise KeyMistake(key, "must be an address such as mailto://… or slack://…, or ${VARIABLE}")
    return url


def _digest(table: Mapping, key: str) -> Digest:
    value = table[key]
    match = _DIGEST.fullmatch(value) if isinstance(value, str) else None
    if not match or (match[1] and match[1] not in _DAYS):
        raise KeyMistake(key, f'must be a time such as "08:00" or "monday 08:00", not {value!r}')
    return Digest(time(int(match[2]), int(match[3])), _DAYS.index(match[1]) if match[1] else None)
