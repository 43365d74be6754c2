"""The front page: what is new and flagged, how the crawl is, and what can be asked."""

from __future__ import annotations

import json
from itertools import groupby

from datasette import Response
from datasette.database import Database, QueryInterrupted

from founderwatch.desk import metadata
from founderwatch.desk.cells import story_link

_NEWEST = 30


async def page(datasette, request, send):
    """Shows the first founderwatch database; Datasette's own front page where there is none."""
    name = next(iter(metadata.ours(datasette)), None)
    if name is None:
        from datasette.views.index import IndexView  # noqa: PLC0415  (imports the plugins, of which this is one)

        return await IndexView.as_view(datasette)(request, send)
    await datasette.ensure_permissions(
        request.actor, [("view-table", (name, "flagged")), ("view-database", name), "view-instance"]
    )
    db = datasette.get_database(name)
    events = [_shown(row) for row in await _rows(db, _FLAGGED, {"most": _NEWEST})]
    context = {
        "database": name,
        "days": [(day, list(group)) for day, group in groupby(events, key=lambda event: event["first_seen_at"][:10])],
        "shown": len(events),
        "flagged_count": await _value(db, "select count(*) from flagged"),
        "article_count": await _value(db, "select max(rowid) from articles"),
        "last_run": next(iter(await _rows(db, _LAST_RUN)), None),
        "health": {row["verdict"]: row["sources"] for row in await _rows(db, _HEALTH)},
        "others": [n for n in datasette.databases if n not in (name, "_internal")],
        "metadata": datasette.metadata(),
    }
    body = await datasette.render_template("founderwatch_home.html", context, request=request, view_name="index")
    return Response.html(body)


_FLAGGED = """
select f.*, e.names,
       (select coalesce(a.site_name, s.title, a.source) from articles a left join sources s on s.name = a.source
         where a.url = f.url) as outlet
from flagged f join events e on e.id = f.id
order by f.first_seen_at desc, f.score desc limit :most"""

_LAST_RUN = "select started_at, finished_at, new from runs where command = 'crawl' order by id desc limit 1"

_HEALTH = "select verdict, count(*) as sources from source_health group by verdict order by verdict"


def _shown(row: dict) -> dict:
    """An event with its other names, and with a link only where the address is one of the web."""
    names = [n for n in json.loads(row["names"]) if n != row["person"]]
    return row | {"other_names": names, "link": row["url"] if story_link(row["url"]) else None}


async def _rows(db: Database, sql: str, parameters: dict | None = None) -> list[dict]:
    try:
        return [dict(row) for row in (await db.execute(sql, parameters)).rows]
    except QueryInterrupted:  # a very large database: the page does without that part
        return []


async def _value(db: Database, sql: str):
    return next((next(iter(row.values())) for row in await _rows(db, sql)), None)
