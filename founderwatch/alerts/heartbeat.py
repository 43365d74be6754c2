"""The dead man's switch: tells a healthchecks-style address that a run has begun, ended well, or failed.

Who hears nothing in time raises the alarm: so a machine that is off is noticed, too. A ping that fails is told and
costs the run nothing but a few seconds.
"""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from founderwatch import status
from founderwatch.settings import user_agent

_PATIENCE = 5.0  # seconds for a connection and for each answer
_LONGEST = 10.0  # seconds altogether: looking up a name knows no limit of its own
_ATTEMPTS = 2


class Heartbeat:
    """One run's pings. `note` goes with the last one; `troubles` says which could not be sent."""

    def __init__(self, url: str | None):
        self.url = url
        self.note = ""
        self.troubles: list[str] = []
        self._run = str(uuid.uuid4())

    def ping(self, path: str = "") -> None:
        """Tells the beginning ("/start"), success ("") or failure ("/fail")."""
        if not self.url:
            return
        outcome: list[str | None] = []
        thread = threading.Thread(target=lambda: outcome.append(self._ask(path)), daemon=True)
        thread.start()
        thread.join(_LONGEST)
        reason = outcome[0] if outcome else f"no answer within {_LONGEST:.0f} s"
        if reason:
            self.troubles.append(f"ping_url{path} could not be told: {reason}")

    def _ask(self, path: str) -> str | None:
        parts = urlsplit(self.url)
        # The address may carry a query of its own; `rid` lets the receiver pair a run's beginning and end.
        query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), ("rid", self._run)])
        address = urlunsplit(parts._replace(path=parts.path.rstrip("/") + path, query=query))
        request = urllib.request.Request(  # noqa: S310 -- the configuration takes http and https alone
            address, data=self.note.encode(), headers={"User-Agent": user_agent()}, method="POST"
        )
        reason = None
        for _ in range(_ATTEMPTS):
            try:
                with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310
                    answer.read(100)
                return None
            except urllib.error.HTTPError as error:
                reason = f"it answered {error.code}"
            except (OSError, ValueError) as error:
                reason = str(getattr(error, "reason", error)) or type(error).__name__
        return reason


@contextmanager
def heartbeat(url: str | None) -> Iterator[Heartbeat]:
    """Pings at the beginning and at the end of a run; a run that ends with an error or a failed status has failed."""
    beat = Heartbeat(url)
    beat.ping("/start")
    try:
        yield beat
    except SystemExit as stop:
        beat.ping("" if stop.code in (None, status.DONE, status.PARTLY) else "/fail")
        raise
    except BaseException as error:
        beat.note = f"{type(error).__name__}: {error}"
        beat.ping("/fail")
        raise
    beat.ping()
