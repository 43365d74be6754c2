"""The front page: what is new and flagged, in small charts and day by day, how the crawl is, and what can be asked."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby

from datasette.database import QueryInterrupted

from founderwatch.database.rows import dicts
from founderwatch.desk import charts, departures, feeds, looked, metadata, sources
from founderwatch.desk.filters import LANGUAGES, SCORES, Filter, FilterError
from founderwatch.desk.site import Site, with_query
from models.labels import STATUSES

_NEWEST = 30
_LAST_RUN = "select started_at, finished_at, new from runs where command = 'crawl' order by id desc limit 1"


async def page(datasette, request, send):
    """Shows the first founderwatch database; Datasette's own front page where there is none."""
    if not metadata.ours(datasette):
        from datasette.views.index import IndexView  # noqa: PLC0415  (imports the plugins, of which this is one)

        return await IndexView.as_view(datasette)(request, send)
    site = await Site.opened(datasette, request)
    border, cookie = looked.since(request.cookies.get(looked.COOKIE), datetime.now(UTC))
    problem = None
    try:
        wanted = Filter.of(request.args)
    except FilterError as error:
        wanted, problem = Filter(), str(error)
    since = wanted.since or border
    shown = await site.read(departures.flagged, wanted, _NEWEST)
    for one in shown:
        one["new"] = bool(since) and one["first_seen_at"] > since
    context = {
        "days": [(day, list(group)) for day, group in groupby(shown, key=lambda one: one["first_seen_at"][:10])],
        "shown": len(shown),
        "flagged_count": await _part(site, departures.count, wanted),
        "new_count": await _part(site, departures.count, _later(wanted, since)) if since else None,
        "since": since,
        "since_path": site.path("/", wanted.query | {"since": since}) if since else None,
        "charts": await _part(site, charts.front, wanted) or [],
        "weeks": charts.WEEKS,
        "article_count": await _part(site, lambda c: c.execute("select max(rowid) from articles").fetchone()[0]),
        "last_run": next(iter(await _part(site, _rows, _LAST_RUN) or []), None),
        "health": dict(sorted((await _health(site)).items())),
        "others": [n for n in datasette.databases if n not in (site.name, "_internal")],
        "wanted": wanted,
        "problem": problem,
        "statuses": [s for s in STATUSES if s != "denied"],
        "languages": LANGUAGES,
        "scores": SCORES,
        "feeds": feeds.links(site, wanted),
        "table": await _table(site, wanted),
    }
    answer = await site.page("founderwatch_home.html", context, status=400 if problem else 200)
    looked.set_on(answer, cookie)
    return answer


async def _table(site: Site, wanted: Filter) -> dict[str, str]:
    """Where Datasette shows all that the filter lets through, as a page and as files."""
    columns, view = await site.read(departures.columns, wanted), site.datasette.urls.table(site.name, "flagged")
    return {
        "page": with_query(view, columns),
        "csv": with_query(f"{view}.csv", columns | {"_stream": "1"}),
        "json": with_query(f"{view}.json", columns | {"_shape": "array"}),
    }


def _later(wanted: Filter, since: str) -> Filter:
    return Filter(**{**wanted.query, "since": max(wanted.since, since)})


def _rows(connection, sql: str) -> list[dict]:
    return dicts(connection.execute(sql))


async def _health(site: Site) -> dict[str, int]:
    """How many sources are healthy, failing and so on."""
    try:
        return (await sources.health(site))["verdicts"]
    except QueryInterrupted:
        return {}


async def _part(site: Site, function, *given):
    """A part of the page that it can do without, where a very large database takes too long over it."""
    try:
        return await site.read(function, *given)
    except QueryInterrupted:
        return None
