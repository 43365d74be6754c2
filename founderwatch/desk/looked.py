"""Since when things are new to a reader: the end of the visit before this one, kept in the reader's own cookie.

A visit ends when half an hour goes by without a request, so that a reload, or a look at one event and back, leaves the
marks where they are.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

COOKIE = "founderwatch_looked"
_PAUSE = timedelta(minutes=30)
_YEAR = 365 * 24 * 3600


def since(cookie: str | None, now: datetime) -> tuple[str | None, str]:
    """The end of the visit before, None on the first one; and the cookie to send."""
    before, last = _parsed(cookie)
    if last and now - last > _PAUSE:
        before = last
    return (before.isoformat() if before else None), f"{_stamp(before)}.{_stamp(now)}"


def set_on(response, value: str) -> None:
    response.set_cookie(COOKIE, value, max_age=_YEAR, httponly=True, samesite="lax")


def _parsed(cookie: str | None) -> tuple[datetime | None, datetime | None]:
    before, _, last = (cookie or "").partition(".")
    return _moment(before), _moment(last)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(text), UTC) if text else None
    except (ValueError, OverflowError, OSError):
        return None


def _stamp(moment: datetime | None) -> str:
    return str(int(moment.timestamp())) if moment else ""
