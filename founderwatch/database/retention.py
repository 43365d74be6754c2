"""Drops the texts of old stories that tell of nobody; what events, evidence and reviews rest on stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlite_utils import Database

from founderwatch.database import texts
from founderwatch.database.transaction import writing

_AT_ONCE = 200  # stories in one transaction: a reviewer waits no longer than for these
# The desk draws its random sample from the head of this order, so the first of it keep their texts.
_SAMPLE = """select article from assessments where flagged = 0 and skipped is null
             order by article * 2654435761 % 4294967296 limit 1000"""
_OLD = f"""
    select a.id, a.title, a.body, a.notes from articles a
    where a.first_seen_at < :before and a.body <> '' and a.id > :after
      and not exists (select 1 from mentions m where m.article = a.id)
      and not exists (select 1 from reviews r where r.article = a.id)
      and not exists (select 1 from ruling_reports r where r.article = a.id)
      and not exists (select 1 from assessments s where s.article = a.id and s.flagged = 1)
      and exists (select 1 from assessments s where s.article = a.id)
      and a.id not in ({_SAMPLE})
    order by a.id limit {_AT_ONCE}"""


def drop_texts(db: Database, older_than: timedelta, now: datetime | None = None, most: int | None = None) -> int:
    """Drops the bodies of stories that were first seen so long ago and report no departure; gives their number.

    Title, address and judgement stay. `most` bounds the number, for a crawl that has little time.
    """
    now = now or datetime.now(UTC)
    before = (now - older_than).isoformat(timespec="seconds")
    note = f"its text was kept until {now:%Y-%m-%d}"
    dropped = last = 0
    while most is None or dropped < most:
        with writing(db.conn):
            rows = db.execute(_OLD, {"before": before, "after": last}).fetchall()
            for identifier, title, body, notes in rows:
                texts.replace(db, identifier, (title, body), (title, ""))
                db.execute("delete from versions where article = ?", [identifier])
                db.execute("delete from versions where article = ?", [identifier])
                db.execute(
                    "update articles set notes = ? where id = ?", ["; ".join(filter(None, (notes, note))), identifier]
                )
        if not rows:
            break
        dropped += len(rows)
        last = rows[-1][0]
    return dropped
