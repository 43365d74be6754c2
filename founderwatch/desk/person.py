"""The person page, `/-/person/<name>`: the departures of everyone of a name, in whatever script and order it is written."""

from __future__ import annotations

import sqlite3

from founderwatch.desk import candidate, departures
from founderwatch.desk.site import Site
from founderwatch.events.people import parse

_MOST = 50


async def page(datasette, request):
    """Shows the departures and reports of a name; 404 where no story tells it."""
    site = await Site.opened(datasette, request)
    name = site.given("name")
    found = await site.read(load, name)
    shown = {"name": name, **found}
    return await site.page("founderwatch_person.html", shown, status=200 if found["events"] else 404)


def load(connection: sqlite3.Connection, name: str) -> dict:
    """The events of a name, newest first, all spellings, and what each story says."""
    events = departures.load(connection, _events(connection, name))
    events.sort(key=lambda e: e["published"] or e["first_seen_at"], reverse=True)
    names = dict.fromkeys(n for e in events for n in [e["person"], *e["other_names"]] if n)
    reports = [r for e in events for r in candidate.reports_of(connection, "m.event = ?", e["id"])]
    reports.sort(key=lambda r: r["at"])
    return {"events": events, "names": list(names), "reports": reports}


def _events(connection: sqlite3.Connection, name: str) -> list[str]:
    asked = parse(name)
    if asked is None:
        return []
    marks = ",".join("?" * len(asked.keys))
    found = connection.execute(
        f"""select distinct m.event from name_keys n join mentions m on m.id = n.mention
            where n.key in ({marks}) and m.event is not null limit {_MOST}""",
        sorted(asked.keys),
    ).fetchall()
    corrected = connection.execute(
        "select event, json_extract(corrected, '$.person') from verdicts"
        " where event is not null and json_type(corrected, '$.person') = 'text'"
    ).fetchall()
    also = [event for event, person in corrected if (known := parse(person)) and known.keys & asked.keys]
    return list(dict.fromkeys([*(row[0] for row in found), *also]))
