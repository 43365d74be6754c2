"""The company page, `/-/company/<name>`: who left an organisation and its units, to where, and who came from elsewhere."""

from __future__ import annotations

import sqlite3
from collections import Counter

from founderwatch.desk import charts, companies, departures, feeds
from founderwatch.desk.charts import Chart, Row
from founderwatch.desk.filters import Filter
from founderwatch.desk.site import Site

_LISTED = 200
_FLOWS = 14  # destinations that a picture can hold


async def page(datasette, request):
    """Shows an organisation by any of its names; 404 where no story tells it."""
    site = await Site.opened(datasette, request)
    name = site.given("name")
    found = await site.read(load, name, site.words)
    context = {"name": name, "feeds": feeds.links(site, Filter(employer=found["title"])), **found}
    return await site.page("founderwatch_company.html", context, status=200 if found["left"] or found["came"] else 404)


def load(connection: sqlite3.Connection, name: str, words: dict) -> dict:
    """Departures from and to an organisation, newest first, with the picture of their ways."""
    names = companies.spellings(connection, name)
    found = companies.organisation(name)
    left = _events(connection, "coalesce(json_extract(v.corrected, '$.employer'), e.employer)", names)
    came = [e for e in _events(connection, "e.venture", names, "e.kind = 'joins' and ") if e not in left]
    return {
        "title": found.name if found and found.listed else name,
        "names": names,
        "parent": found.parent if found else None,
        "left": left,
        "came": came,
        "kinds": Counter(e["kind"] for e in left),
        "flow": Chart("flow", "flow", _ways(left, words)) if left else None,
        "months": charts.by_month(e["published"] or e["first_seen_at"] for e in left),
        "shown": _LISTED,
    }


def _events(connection: sqlite3.Connection, column: str, names: list[str], more: str = "") -> list[dict]:
    if not names:
        return []
    marks = ",".join("?" * len(names))
    ids = connection.execute(
        f"""select e.id from events e left join verdicts v on v.event = e.id
            where {more}{column} in ({marks}) and e.status <> 'denied' and e.merged_into is null and coalesce(v.verdict, '') <> 'reject'
            order by coalesce(e.published, e.first_seen_at) desc, e.id limit {_LISTED}""",
        names,
    ).fetchall()
    return departures.load(connection, [row[0] for row in ids])


def _ways(events: list[dict], words: dict) -> tuple[Row, ...]:
    """From which unit to which venture or employer, how many; the rarest destinations in one."""
    ways = Counter((e["employer"], _goal(e, words), e["kind"]) for e in events)
    goals = Counter()
    for (_, goal, _), number in ways.items():
        goals[goal] += number
    kept = {goal for goal, _ in goals.most_common(_FLOWS)} if len(goals) > _FLOWS + 1 else set(goals)
    merged = Counter()
    for (unit, goal, kind), number in ways.items():
        merged[unit, goal if goal in kept else words["elsewhere"], kind if goal in kept else "other"] += number
    return tuple(Row(unit, number, (goal, kind)) for (unit, goal, kind), number in merged.most_common())


def _goal(event: dict, words: dict) -> str:
    if event["venture"]:
        return event["venture"]
    return words["own"][event["venture_kind"]] if event["kind"] == "founds" else words["untold"]
