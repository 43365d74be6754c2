"""One person's departures: who leaves in one event and founds in a later one, and what is only an old story told again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlite_utils import Database

from founderwatch.events.departure import AGE_LIMIT
from founderwatch.events.organisations import marks, related
from founderwatch.events.people import SAME, SPELLING, alike, parse

_A_MONTH, _A_YEAR = timedelta(days=31), timedelta(days=365)
_ONE_CAREER = timedelta(days=5 * 365)  # between a leaving and the founding that is put on one time line with it


def time_line(db: Database, event: str) -> list[dict]:
    """The departures of one person that lead to each other, this one among them, oldest first; none where it stands alone."""
    known, waiting = set(), {event}
    while waiting:
        known |= waiting
        marks = ",".join("?" * len(waiting))
        waiting = {
            row[0]
            for row in db.execute(
                f"select later from successions where event in ({marks}) union select event from successions where later in ({marks})",
                [*waiting, *waiting],
            )
        } - known
    if len(known) == 1:
        return []
    return list(
        db.query(
            f"""select id as event, kind, status, employer, venture, published from events where id in ({",".join("?" * len(known))})
                order by coalesce(published, first_seen_at), id""",
            list(known),
        )
    )


def follow(db: Database, events: Iterable[dict], threshold: float) -> None:
    """Brings what leads to these events (rows of `events`), and what they lead to, up to date."""
    for event in events:
        db.execute("delete from successions where event = :id or later = :id", {"id": event["id"]})
        _take_back(db, event["id"], threshold)
        name = parse(event["person"])
        if name is None or name.is_short or event["status"] == "denied":
            continue
        # Names alone are not enough: the employer is the same, or the one that was joined before.
        joined = event["venture"] if event["kind"] == "joins" else None
        for other in _of_the_same_person(db, event, name.keys, marks(event["employer"]) | marks(joined)):
            _relate(db, *sorted((event, other), key=lambda e: (_told_at(e), e["id"])))


def forget(db: Database, event: str, threshold: float) -> None:
    """Takes back what an event that is no more had said of others."""
    db.execute("delete from successions where event = :id or later = :id", {"id": event})
    _take_back(db, event, threshold)


def _relate(db: Database, early: dict, late: dict) -> None:
    between = _told_at(late) - _told_at(early)
    if late["kind"] != "founds" or between > _ONE_CAREER:
        return
    if early["kind"] == "founds":
        if between > _A_YEAR and related(early["employer"], late["employer"]) and _is_old_story(db, early, late):
            db.execute("update events set retells = ?, flagged = 0 where id = ?", [early["id"], late["id"]])
        return
    left = [early["employer"], early["venture"] if early["kind"] == "joins" else None]
    if any(place and related(place, late["employer"]) for place in left):
        db.execute("insert or ignore into successions (event, later) values (?, ?)", [early["id"], late["id"]])


def _is_old_story(db: Database, early: dict, late: dict) -> bool:
    """Whether a founding that is told as a fact only, with no date or venture of its own, is the one that was told a year ago.

    Who leaves the same employer a second time is told to be about to leave, or on which days, or for another venture.
    """
    ventures = {e["venture"].casefold() for e in (early, late) if e["venture"]}
    if len(ventures) > 1 and len({v.isascii() for v in ventures}) == 1:
        return False
    if late["departed_from"] and date.fromisoformat(late["departed_from"]) - _told_at(early) > _A_MONTH:
        return False
    news = "select 1 from mentions where event = ? and (kind <> 'founds' or status <> 'confirmed')"
    return not db.execute(news, [late["id"]]).fetchone()


def _take_back(db: Database, early: str, threshold: float) -> None:
    """Flags what was held for an old story of this event as if it were none; `follow` says anew whether it is."""
    db.execute(
        """update events set retells = null,
             flagged = kind = 'founds' and status <> 'denied' and score >= ? and merged_into is null and (departed_to is null
               or julianday(date(coalesce(published, first_seen_at))) - julianday(departed_to) <= ?)
           where retells = ?""",
        [threshold, AGE_LIMIT.days, early],
    )


def _of_the_same_person(db: Database, event: dict, keys: Iterable[str], places: Iterable[str]) -> list[dict]:
    found = {
        row["id"]: row
        for key in keys
        for place in places
        for row in db.query(
            """select * from events where merged_into is null and status <> 'denied' and id in (
                 select m.event from name_keys k join mentions m on m.id = k.mention where k.key = ? and k.mark = ?)""",
            [key, place],
        )
    }
    return [row for row in found.values() if row["id"] != event["id"] and is_called(row, event["person"])]


def is_called(event: dict, name: str) -> bool:
    """Whether an event's person has this name, in whatever spelling."""
    asked = parse(name)
    forms = [form for form in map(parse, json.loads(event["names"])) if form and not form.is_short]
    # A surname alone is watched by a user who writes no more; it means what is called by no more, too.
    return any(alike(asked, form) in (SAME, SPELLING) for form in forms) or name in json.loads(event["names"])


def _told_at(event: dict) -> date:
    return datetime.fromisoformat(event["published"] or event["first_seen_at"]).date()
