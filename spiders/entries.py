"""What a channel says of its stories: the common form of feed items, sitemap urls and links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_SPAN = re.compile(r"(\d+)\s*([hdwmy])", re.IGNORECASE)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "y": 365 * 24}
DEFAULT_SPAN = "30d"


class ChannelError(Exception):
    """The channel answered, but nothing in the answer can be used."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One story as a channel announces it. `updated` says how fresh it is, not when it came out."""

    url: str
    title: str | None = None
    summary: str | None = None
    published: datetime | None = None
    updated: datetime | None = None

    @property
    def date(self) -> datetime | None:
        return self.published or self.updated


@dataclass(frozen=True, slots=True)
class Reading:
    """What one answer of a channel held: stories, further pages of the channel, and what was wrong.

    `index`: the further pages are channels of their own, as a sitemap index names them.
    """

    entries: tuple[Entry, ...] = ()
    further: tuple[str, ...] = ()
    index: bool = False
    problem: str | None = None


def oldest(since: str | datetime | None, now: datetime | None = None) -> datetime:
    """The moment before which stories are left out: `since` is 12h, 7d, 2w, 3m, 1y or an ISO date.

    Raises ValueError for anything else.
    """
    now = now or datetime.now(UTC)
    if isinstance(since, datetime):
        return since if since.tzinfo else since.replace(tzinfo=UTC)
    text = (since or DEFAULT_SPAN).strip()
    if match := _SPAN.fullmatch(text):
        try:
            return now - timedelta(hours=int(match[1]) * _HOURS[match[2].lower()])
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"since must be a span such as 12h, 7d, 2w, 3m, 1y, or a date, not {text!r}") from None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def plausible(date: datetime | None, now: datetime | None = None) -> datetime | None:
    """The date in UTC, or None where it cannot be true (1970, 2099): such a story counts as undated."""
    if date is None:
        return None
    try:
        date = date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except OverflowError:
        return None
    if date.year < 1990 or date > (now or datetime.now(UTC)) + timedelta(days=2):
        return None
    return date
