"""The source-health page, `/-/sources`: which sources answer, which went quiet, and what each brought day by day."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

from founderwatch.database.rows import dicts
from founderwatch.desk.charts import Chart, Row
from founderwatch.desk.site import Site

DAYS = 30


async def page(datasette, request):
    """Shows all sources, those with trouble first; `?verdict=` shows some."""
    site = await Site.opened(datasette, request)
    found = await site.read(load)
    verdict = request.args.get("verdict") or ""
    chosen = [s for s in found["sources"] if not verdict or s["verdict"] == verdict]
    return await site.page("founderwatch_sources.html", {**found, "chosen": chosen, "verdict": verdict, "most": DAYS})


def load(connection: sqlite3.Connection) -> dict:
    """Every source with its health, its stories of the last days, and how many of them were flagged."""
    sources = dicts(connection.execute("select * from source_health"))
    today = datetime.now(UTC).date()
    days = [(today - timedelta(days=n)).isoformat() for n in reversed(range(DAYS))]
    stored: dict[str, Counter] = defaultdict(Counter)
    for name, day, number in connection.execute(
        "select s.name, substr(a.first_seen_at, 1, 10), count(*) from sources s cross join articles a on a.source = s.name"
        " where a.first_seen_at >= ? group by 1, 2",
        [days[0]],
    ).fetchall():
        stored[name][day] += number
    for source in sources:
        source["days"] = [stored[source["name"]][day] for day in days]
    total = Counter()
    for counted in stored.values():
        total += counted
    return {
        "sources": sources,
        "verdicts": Counter(s["verdict"] for s in sources),
        "chart": Chart("columns", "stories", tuple(Row(day, total[day]) for day in days)) if total else None,
    }
