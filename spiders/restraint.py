"""Holds a crawl back where a site asked for it: Retry-After, and a quota of requests a source and day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

# A wait as short as this is waited for within the crawl.
PATIENCE = 10.0  # seconds
# "Too many requests" without saying when to come again.
DEFAULT = timedelta(minutes=15)
# No site can put a crawl off for longer than this.
LONGEST = timedelta(days=1)
_BUSY = frozenset({429, 503})


class NotNow(IgnoreRequest):
    """A request that is not sent in this crawl. It is no failure: the next crawl makes it again."""


class Restraint:
    """What the sites have asked for in this crawl, by host; and how many requests each source has had today."""

    def __init__(self, quotas: Mapping[str, int | None], used: Mapping[str, int]) -> None:
        self.quotas = quotas
        self.used = used
        self.requests: Counter[str] = Counter()
        self._closed: dict[str, datetime] = {}
        self._because: dict[str, str] = {}

    def take(self, source: str | None, host: str) -> None:
        """Counts a request that is about to be sent; raises NotNow where it must not be."""
        until = self._closed.get(host)
        if until is not None and until > datetime.now(UTC):
            raise NotNow(f"{host} asked to come again later")
        if source is None:
            return
        if self.is_used_up(source):
            raise NotNow(f"the day's quota of {self.quotas[source]} requests is used up")
        self.requests[source] += 1

    def is_used_up(self, source: str) -> bool:
        quota = self.quotas.get(source)
        return quota is not None and self.used.get(source, 0) + self.requests[source] >= quota

    def heard(self, host: str, response: Response) -> float | None:
        """Notes what an answer asks for; gives the seconds to wait where they are few enough to wait now."""
        if response.status not in _BUSY:
            return None
        wait = retry_after(response)
        if wait is None and response.status == 503:
            return None
        wait = DEFAULT if wait is None else wait
        if wait.total_seconds() <= PATIENCE:
            return max(wait.total_seconds(), 0.1)
        self._closed[host] = datetime.now(UTC) + min(wait, LONGEST)
        self._because[host] = f"{host} answered HTTP {response.status} and asked to come again later"
        return None

    def closed(self, hosts: set[str]) -> tuple[datetime | None, str | None]:
        """Until when one of the hosts wants to be left alone, and why."""
        shut = [(self._closed[host], self._because[host]) for host in hosts if host in self._closed]
        return max(shut) if shut else (None, None)


def retry_after(response: Response, now: datetime | None = None) -> timedelta | None:
    """What Retry-After says, in seconds or as a date; None where it says nothing usable."""
    text = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=int(text[:9]))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(moment - (now or datetime.now(UTC)), timedelta())
