"""Stores departures and sends their alerts, as a crawl does, in a process that may be killed.

`python -m tests.sending DATABASE URL FIRST LAST` prints `ready` when it begins to work, `stored` after each departure and `done` at its end.
"""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from founderwatch.alerts.channel import Channel
from founderwatch.alerts.sender import Alarm
from founderwatch.config import Config
from founderwatch.database import outbox
from founderwatch.database.store import Store
from founderwatch.items import Page, Story
from tests.judged import THRESHOLD, mention
from tests.judged import story as judged


def story(url: str, *mentions, **fields) -> Story:
    """A judged story that is published and fetched now."""
    now = datetime.now(UTC).replace(microsecond=0)
    return judged(url, *mentions, **({"published": now} | fields)).grown(page=Page(url, "wire", b"", now))


def departure(number: int) -> Story:
    """A story of a departure unlike all others."""
    who = f"{chr(65 + number // 26 % 26)}{chr(97 + number % 26)}ra {chr(65 + number % 26)}ind"
    return story(f"https://a.example/{number}", mention(who, employer=f"Firm {number}"))


def main(database: str, url: str, first: str, last: str) -> None:
    outbox.AN_HOUR = 10**6  # one message for each departure
    print("ready", flush=True)
    with Alarm(Config(database=Path(database), alert=(Channel("a", url),))) as alarm:
        with closing(Store(database)) as store:
            for number in range(int(first), int(last)):
                store.save(departure(number), THRESHOLD)
                print("stored", flush=True)
        alarm.ended()
    print("done")


if __name__ == "__main__":
    main(*sys.argv[1:])
