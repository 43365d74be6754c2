"""Verdicts of people on events and stories: rows that are only ever added.

A later row outdoes an earlier one, and undoing adds a row, too. What is in force stands in the view `verdicts`.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from founderwatch.database.transaction import PATIENCE_MS, writing

VERDICTS = ("accept", "reject", "unsure")
# Why a candidate is none: the look-alikes of docs/labelling.md, in the order of the keys 1 to 9.
REASONS = ("joins", "leaves", "stays", "biography", "background", "denied", "person", "controlled", "nobody")
# What a reviewer can correct: columns of `events`; `trigger` is the words that decide it.
FIELDS = ("person", "employer", "role", "venture", "focus", "status", "departed_words", "first_reported_by", "trigger")
UNDOABLE = 10


@dataclass(frozen=True)
class Verdict:
    """What a reviewer says of an event, or of a story in which the model found none.

    `corrected` holds the fields that the reviewer changed; None says that the story does not give it.
    """

    reviewer: str
    verdict: str
    event: str | None = None
    article: int | None = None
    url: str | None = None
    reason: str | None = None
    corrected: Mapping[str, str | None] = field(default_factory=dict)
    queue: str | None = None
    model: str | None = None
    token: str | None = None


def record(connection: sqlite3.Connection, given: Verdict) -> int:
    """Adds a verdict and gives its row; one that is in force already, or that its page has sent before, is not added.

    What was deleted meanwhile is left out of the row, never the verdict: `url` still says what it was about. A verdict on
    an event that was merged away is one on the event that has its reports now.
    """
    with writing(connection, PATIENCE_MS):
        return add(connection, given)


def add(connection: sqlite3.Connection, given: Verdict) -> int:
    """`record` within a transaction that is open."""
    event = current_event(connection, given.event)
    article = _existing(connection, "articles", given.article)
    standing = in_force(connection, event, article)
    earlier = _one(connection, "select corrected, queue from reviews where id = ?", standing) or (None, None)
    corrected = _corrected(connection, event, json.loads(earlier[0] or "{}"), given.corrected)
    for known in (standing, _sent_before(connection, given.token)):
        said = _one(connection, "select reviewer, event, verdict, reason, corrected from reviews where id = ?", known)
        if said == (given.reviewer, event, given.verdict, given.reason, corrected):
            return known
    # A known token: the page came back from the browser's memory, and its reader has decided otherwise.
    known_token = _one(connection, "select 1 from reviews where token = ?", given.token)
    token = uuid.uuid4().hex if known_token or not given.token else given.token
    return connection.execute(
        """insert into reviews (event, article, reviewer, verdict, reason, corrected, model, made_at, url, queue, token)
           values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [event, article, given.reviewer, given.verdict, given.reason, corrected, given.model, _now(), given.url,
         given.queue or earlier[1], token],
    ).lastrowid  # fmt: skip


def undo(connection: sqlite3.Connection, review: int, reviewer: str) -> bool:
    """Takes one of a reviewer's last verdicts back; taking it back twice changes nothing. False: it is none of them."""
    with writing(connection, PATIENCE_MS):
        return take_back(connection, review, reviewer)


def take_back(connection: sqlite3.Connection, review: int, reviewer: str) -> bool:
    """`undo` within a transaction that is open."""
    if review not in _last(connection, reviewer):
        return False
    connection.execute(
        """insert or ignore into reviews (event, article, reviewer, verdict, made_at, url, undoes)
           select event, article, reviewer, 'undo', ?, url, id from reviews where id = ?""",
        [_now(), review],
    )
    return True


def undoable(connection: sqlite3.Connection, reviewer: str) -> int | None:
    """The latest of a reviewer's last ten verdicts that is not taken back."""
    for review in _last(connection, reviewer):
        if not connection.execute("select 1 from reviews where undoes = ?", [review]).fetchone():
            return review
    return None


def current_event(connection: sqlite3.Connection, event: str | None) -> str | None:
    """The event that an identifier means now: itself, or the one into which it was merged; None where there is none."""
    known, asked = None, set()
    while event and event not in asked:
        asked.add(event)
        row = _one(connection, "select merged_into from events where id = ?", event)
        known = event if row else known
        event = row[0] if row else (
            _one(connection, """select event from rulings r where other = ? and ruling = 'merge'
                                and not exists (select 1 from rulings u where u.undoes = r.id) order by id desc""", event) or (None,)
        )[0]  # fmt: skip
    return known


def in_force(connection: sqlite3.Connection, event: str | None, article: int | None) -> int | None:
    """The row of the verdict on an event, or on a story without one."""
    sql = "select id from verdicts where event = ?" if event else "select id from verdicts where article = ? and event is null"  # fmt: skip
    return (_one(connection, sql, event or article) or (None,))[0]


def _existing(connection: sqlite3.Connection, table: str, identifier: str | int | None):
    return (_one(connection, f"select id from {table} where id = ?", identifier) or (None,))[0]


def _sent_before(connection: sqlite3.Connection, token: str | None) -> int | None:
    """What the same page has sent, unless it was taken back."""
    sql = "select id from reviews r where token = ? and not exists (select 1 from reviews u where u.undoes = r.id)"
    return (_one(connection, sql, token) or (None,))[0]


def _corrected(connection, event: str | None, earlier: dict, touched: Mapping[str, str | None]) -> str | None:
    """Corrections as they are stored: the earlier ones that still hold, and the new ones that differ from the model."""
    fields = earlier | dict(touched)
    for name in touched if event else ():
        if name != "trigger" and (fields[name],) == _one(connection, f"select {name} from events where id = ?", event):
            del fields[name]
    return json.dumps(fields, ensure_ascii=False, sort_keys=True) if fields else None


def _one(connection: sqlite3.Connection, sql: str, given) -> tuple | None:
    row = connection.execute(sql, [given]).fetchone()
    return tuple(row) if row else None


def _last(connection: sqlite3.Connection, reviewer: str) -> list[int]:
    rows = connection.execute(
        "select id from reviews where reviewer = ? and verdict <> 'undo' order by id desc limit ?", [reviewer, UNDOABLE]
    )
    return [row[0] for row in rows]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
