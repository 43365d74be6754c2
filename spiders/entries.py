"""What a channel says of its stories: the common form of feed items, sitemap urls and links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# Eight digits in a row may be a story's number: they are a day only as a folder.
_DAY = re.compile(
    r"(?<!\d)(?P<y>20\d\d)(?P<s>[-/])(?P<m>0[1-9]|1[0-2])(?P=s)(?P<d>0[1-9]|[12]\d|3[01])(?!\d)"
    r"|/(?P<y2>20\d\d)/?(?P<m2>0[1-9]|1[0-2])/?(?P<d2>0[1-9]|[12]\d|3[01])/"
)
_SPAN = re.compile(r"(\d+)\s*([hdwmy])", re.IGNORECASE)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "y": 365 * 24}
DEFAULT_SPAN = "30d"


class ChannelError(Exception):
    """The channel answered, but nothing in the answer can be used."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One story as a channel announces it. `updated` says how fresh it is, not when it came out.

    `revised` is when its text was last changed, where a channel can be trusted to know; `whole`: the summary is the
    whole text, and there is no need for its page.
    """

    url: str
    title: str | None = None
    summary: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    revised: datetime | None = None
    whole: bool = False

    @property
    def date(self) -> datetime | None:
        return self.published or self.updated


@dataclass(frozen=True, slots=True)
class Reading:
    """What one answer of a channel held: stories, further pages of the channel, and what was wrong.

    `index`: the further pages are channels of their own, as a sitemap index names them. `cursor`: what to
    ask the same address with for its next page.
    """

    entries: tuple[Entry, ...] = ()
    further: tuple[str, ...] = ()
    index: bool = False
    problem: str | None = None
    cursor: str = ""


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


def address_date(url: str, now: datetime | None = None) -> datetime | None:
    """The end of the day that an address names, as in /2026/11/27/a-story: what was published before it is older."""
    match = _DAY.search(url)
    if match is None:
        return None
    try:
        year, month, number = (int(match[part] or match[f"{part}2"]) for part in "ymd")
        day = datetime(year, month, number, 23, 59, 59, tzinfo=UTC)
    except ValueError:
        return None
    now = now or datetime.now(UTC)
    return plausible(min(day, now) if day - now < timedelta(days=1) else day, now)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far one crawl goes: new stories of one channel, pages of one listing, sitemaps of one index."""

    stories: int = 1000  # a first crawl of an undated sitemap must not take a whole archive
    pages: int = 0  # what the source says
    children: int = 20


_FAR = Reach(20_000, 50, 200)


def reach(since: datetime, now: datetime | None = None) -> Reach:
    """Further where back numbers are asked for: beyond the default span."""
    usual = oldest(DEFAULT_SPAN, now) - timedelta(days=1)
    return _FAR if since < usual else Reach()


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
