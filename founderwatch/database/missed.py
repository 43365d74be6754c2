"""Departures that the model missed: a reviewer tells one of a story, and it becomes a mention, an event and a verdict.

What was told by hand stays whatever later judgements of the story say: `retell` enters it again after each. Once a
model sees that departure itself, its own mention takes over, with the event's identifier.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from sentencex import segment
from sqlite_utils import Database

from founderwatch.database import gathering, reviews, settling
from founderwatch.database.transaction import PATIENCE_MS, writing
from founderwatch.events.people import person_key
from models import dates, fields
from models.labels import STATUSES

NEEDED = ("person", "status", "trigger")
_BY_HAND = "by hand"  # the model of a story that no model has judged


class MissedError(ValueError):
    """A missed departure cannot be entered; `reason` is a word for programs."""

    def __init__(self, reason: str, message: str):
        self.reason = reason  # needed, words, story
        super().__init__(message)


def tells(told: Mapping[str, str | None]) -> bool:
    """Whether a reviewer's fields tell of a departure, and not merely that there is one."""
    return any(told.get(name) for name in ("person", "trigger"))


def record(connection: sqlite3.Connection, verdict: reviews.Verdict) -> str:
    """Enters the departure that `verdict.corrected` tells of its article, with the verdict on it; gives the event."""
    told = {name: value for name, value in verdict.corrected.items() if value}
    if lacking := [name for name in NEEDED if not told.get(name)]:
        raise MissedError("needed", f"a missed departure needs {', '.join(lacking)}")
    if told["status"] not in STATUSES:
        raise MissedError("needed", f"there is no status {told['status'][:40]!r}")
    with writing(connection, PATIENCE_MS):
        if sent := _sent_before(connection, verdict.token):
            return sent
        db = Database(connection)
        story = _story(connection, verdict.article)
        if story is None:
            raise MissedError("story", "the story is not there any more")
        if _evidence(story, told["trigger"]) is None:
            raise MissedError("words", "the deciding words do not stand in the story")
        mention = _enter(db, story, told)
        _settle(db, [mention], ())
        (event,) = db.execute("select event from mentions where id = ?", [mention]).fetchone()
        review = reviews.add(connection, replace(verdict, event=event, corrected={}))
        db.execute(
            "insert into told_by_hand (article, review, told, made_at) values (?, ?, ?, ?)",
            [story["id"], review, json.dumps(told, ensure_ascii=False), datetime.now(UTC).isoformat(timespec="seconds")],
        )  # fmt: skip
        return event


def undo(connection: sqlite3.Connection, review: int, reviewer: str) -> bool:
    """Takes a verdict back, and with it the departure that it told; False: it is none of the reviewer's last."""
    with writing(connection, PATIENCE_MS):
        if not reviews.take_back(connection, review, reviewer):
            return False
        row = connection.execute("select article, told from told_by_hand where review = ?", [review]).fetchone()
        if row is not None:
            _withdraw(Database(connection), row[0], json.loads(row[1]))
        return True


def retell(db: Database, article: int, assessment: int) -> set[int]:
    """Enters what was told by hand of a story again, after a new judgement; gives the mentions."""
    found = db.execute(
        """select t.told, r.event from told_by_hand t join reviews r on r.id = t.review
           where t.article = ? and not exists (select 1 from reviews u where u.undoes = r.id) order by t.id""",
        [article],
    ).fetchall()
    entered = set()
    for told, event in found:
        given = json.loads(told)
        seen = db.execute(
            "select 1 from mentions where article = ? and person_key = ?", [article, person_key(given["person"])]
        ).fetchone()
        if not seen:
            story = _story(db.conn, article)
            entered.add(_enter(db, story, given, assessment, reviews.current_event(db.conn, event)))
    return entered


def _enter(db: Database, story: Mapping, told: Mapping, assessment: int | None = None, event: str | None = None) -> int:
    """Adds the mention of a departure told by hand."""
    published = datetime.fromisoformat(story["published"] or story["first_seen_at"])
    day = dates.resolve(told["departed_words"], published) if told.get("departed_words") else None
    evidence = _evidence(story, told["trigger"])
    mention = db["mentions"].insert(
        {
            "assessment": assessment or _assessment(db, story["id"]),
            "article": story["id"],
            "event": event,
            "person": told["person"],
            "person_key": person_key(told["person"]),
            "kind": "founds",
            "status": told["status"],
            "score": 1.0,  # a person has said so
            **{name: told.get(name) for name in ("employer", "role", "venture", "focus", "first_reported_by")},
            "seniority": fields.seniority(told.get("role")),
            "venture_kind": fields.venture_kind(told.get("venture"), told.get("focus")),
            "when": told.get("departed_words"),
            "departed_from": day.start.isoformat() if day else None,
            "departed_to": day.end.isoformat() if day else None,
            "evidence": json.dumps([evidence] if evidence else [], ensure_ascii=False),
            "triggers": json.dumps([told["trigger"]], ensure_ascii=False),
        }
    )
    gathering.file(db, mention.last_pk)
    gathering.weigh(db, {person_key(told["person"])} - {None})
    return mention.last_pk


def _withdraw(db: Database, article: int, told: Mapping) -> None:
    """Takes the mention of a departure told by hand out, unless a model tells it by now."""
    row = db.execute(
        """select m.id, m.event from mentions m join assessments a on a.id = m.assessment
           where m.article = ? and m.person_key = ? and m.score = 1.0 and m.triggers = ?""",
        [article, person_key(told["person"]), json.dumps([told["trigger"]], ensure_ascii=False)],
    ).fetchone()
    if row is None:
        return
    mention, event = row
    others = {report.id for report in gathering.gather(db, [mention])[0]} - {mention}
    db.execute("delete from mentions where id = ?", [mention])
    _settle(db, others, {event})
    # Judged, so that its row stays; but nothing tells it.
    db.execute(
        "update events set flagged = 0 where id = ? and not exists (select 1 from mentions where event = events.id)",
        [event],
    )


def _settle(db: Database, mentions, before) -> None:
    settling.settle(db, mentions, before, settling.threshold(db))


def _assessment(db: Database, article: int) -> int:
    """The latest judgement of a story; one by hand where there is none."""
    row = db.execute("select id from assessments where article = ? order by id desc limit 1", [article]).fetchone()
    if row:
        return row[0]
    made = {"article": article, "model": _BY_HAND, "score": 1.0, "flagged": 1, "skipped": None}
    return db["assessments"].insert(made | {"made_at": datetime.now(UTC).isoformat(timespec="seconds")}).last_pk


def _story(connection: sqlite3.Connection, article: int | None) -> dict | None:
    names = ("id", "title", "body", "language", "published", "first_seen_at")
    row = connection.execute(f"select {', '.join(names)} from articles where id = ?", [article]).fetchone()
    return dict(zip(names, row, strict=True)) if row else None


def _evidence(story: Mapping, words: str) -> dict | None:
    """The sentence in which the deciding words stand, with its place; the body's before the headline."""
    for field in ("body", "title"):
        text = story[field]
        at = text.find(words)
        if at < 0:
            continue
        start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
        paragraph = text[start : end if end >= 0 else len(text)]
        for sentence in segment(story["language"] or "en", paragraph):
            said = sentence.strip()
            place = text.find(said, start)
            if said and place <= at < place + len(said):
                return {"text": said, "start": place, "end": place + len(said), "in": field}
        return {"text": paragraph, "start": start, "end": start + len(paragraph), "in": field}
    return None


def _sent_before(connection: sqlite3.Connection, token: str | None) -> str | None:
    row = connection.execute(
        "select event from reviews r where token = ? and not exists (select 1 from reviews u where u.undoes = r.id)", [token]
    ).fetchone()  # fmt: skip
    return row[0] if row else None
