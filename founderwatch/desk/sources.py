"""The source-health page, `/-/sources`: which sources answer, which went quiet, and what each brought day by day."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

from founderwatch.database.rows import dicts
from founderwatch.desk.charts import Chart, Row
from founderwatch.desk.site import Site

DAYS = 30
_FRESH = 60  # seconds; health is measured over weeks, and takes long on a large database

_kept: WeakKeyDictionary = WeakKeyDictionary()  # Datasette → when it was read, and all that `load` gives
_reading: WeakKeyDictionary = WeakKeyDictionary()  # Datasette → the task that reads it anew


async def health(site: Site) -> dict:
    """What `load` gives, at most a minute old, or as it was last read while it is read anew."""
    at, known = _kept.get(site.datasette, (0.0, None))
    if known is None:
        return await _read(site)
    if time.monotonic() - at > _FRESH and site.datasette not in _reading:
        _reading[site.datasette] = asyncio.ensure_future(_read(site))
    return known


async def _read(site: Site) -> dict:
    try:
        found = await site.read(load)
        _kept[site.datasette] = (time.monotonic(), found)
        return found
    finally:
        _reading.pop(site.datasette, None)


async def page(datasette, request):
    """Shows all sources, those with trouble first; `?verdict=` shows some."""
    site = await Site.opened(datasette, request)
    found = await health(site)
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
