"""Departures as the pages and feeds show them: corrected as reviewers said, with their evidence and links."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from founderwatch.database.rows import dicts
from founderwatch.desk import companies
from founderwatch.desk.cells import story_link
from founderwatch.desk.filters import Filter
from founderwatch.desk.site import company_path, event_path, person_path

# What the view `flagged` shows, as a condition on events `e` and their verdicts `v`.
FLAGGED = "(e.flagged = 1 or v.verdict = 'accept') and coalesce(v.verdict, '') <> 'reject' and e.merged_into is null"
_IDS = "select e.id from events e left join verdicts v on v.event = e.id where {where} order by e.first_seen_at desc, e.score desc, e.id limit :most"
_ROWS = """
select e.*, v.verdict, v.corrected,
       (select m.id from mentions m where m.event = e.id and m.kind = e.kind order by m.score desc, m.id limit 1) as best,
       (select a.id from mentions m join articles a on a.id = m.article
         where m.event = e.id order by a.published is null, a.published, a.id limit 1) as oldest,
       (select group_concat(distinct a.language) from mentions m join articles a on a.id = m.article
         where m.event = e.id) as languages,
       (select max(a.first_seen_at) from mentions m join articles a on a.id = m.article where m.event = e.id) as told_at,
       (select max(r.made_at) from reviews r where r.event = e.id) as reviewed_at
from events e left join verdicts v on v.event = e.id where e.id in ({marks})"""
_MOST_EMPLOYERS = 500


def flagged(connection: sqlite3.Connection, wanted: Filter, most: int) -> list[dict]:
    """The flagged departures that a filter lets through, newest first."""
    where, values = condition(connection, wanted)
    ids = connection.execute(_IDS.format(where=where), values | {"most": most}).fetchall()
    return load(connection, [row[0] for row in ids])


def count(connection: sqlite3.Connection, wanted: Filter) -> int:
    where, values = condition(connection, wanted)
    sql = f"select count(*) from events e left join verdicts v on v.event = e.id where {where}"
    return connection.execute(sql, values).fetchone()[0]


def condition(connection: sqlite3.Connection, wanted: Filter) -> tuple[str, dict]:
    """The SQL of a filter on flagged events."""
    where, values = wanted.sql(_employers(connection, wanted))
    return FLAGGED + where, dict(values)


def columns(connection: sqlite3.Connection, wanted: Filter) -> dict[str, str]:
    """A filter as Datasette takes it in the address of the view `flagged`, which shows, or gives as a file, the same events."""
    return wanted.columns(_employers(connection, wanted))


def _employers(connection: sqlite3.Connection, wanted: Filter) -> tuple[str, ...]:
    if not wanted.employer:
        return ()
    return tuple(companies.spellings(connection, wanted.employer, loose=True)[:_MOST_EMPLOYERS])


def load(connection: sqlite3.Connection, ids: Iterable[str]) -> list[dict]:
    """The departures with these identifiers, in this order."""
    ids = list(ids)
    rows = dicts(connection.execute(_ROWS.format(marks=",".join("?" * len(ids))), ids))
    told = _of_mentions(connection, [row["best"] for row in rows])
    stories = _of_articles(connection, [row["oldest"] for row in rows])
    found = {row["id"]: _shown(row, told.get(row["best"]), stories.get(row["oldest"], {})) for row in rows}
    return [found[identifier] for identifier in ids if identifier in found]


def _shown(row: dict, evidence: str | None, story: dict) -> dict:
    row = row | json.loads(row["corrected"] or "{}")
    names = [n for n in json.loads(row["names"]) if n != row["person"]]
    return row | {
        "other_names": names,
        "evidence": evidence,
        "url": story.get("url"),
        "title": story.get("title"),
        "language": story.get("language"),
        "outlet": story.get("outlet"),
        "link": story.get("url") if story_link(story.get("url")) else None,
        "path": event_path(row["id"]),
        "person_path": person_path(row["person"]) if row["person"] else None,
        "company_path": company_path(row["employer"]) if row["employer"] else None,
        "updated_at": max(filter(None, [row["first_seen_at"], row["told_at"], row["reviewed_at"]])),
    }


def _of_mentions(connection, ids: list) -> dict[int, str]:
    marks = ",".join("?" * len(ids))
    return dict(
        connection.execute(
            f"select id, json_extract(evidence, '$[0].text') from mentions where id in ({marks})", ids
        ).fetchall()
    )


def _of_articles(connection, ids: list) -> dict[int, dict]:
    marks = ",".join("?" * len(ids))
    rows = dicts(
        connection.execute(
            f"""select a.id, a.url, a.title, a.language, coalesce(a.site_name, s.title, a.source) as outlet
                from articles a left join sources s on s.name = a.source where a.id in ({marks})""",
            ids,
        )
    )
    return {row["id"]: row for row in rows}
