"""Small charts as tables: what a script draws (static/charts.js), and what anyone can read without it."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median

from founderwatch.database.rows import dicts
from founderwatch.desk import departures
from founderwatch.desk.filters import Filter
from founderwatch.desk.site import company_path
from founderwatch.events.organisations import resolve

WEEKS = 26
_MOST = 8


@dataclass(frozen=True)
class Row:
    """One row of a chart's table: its name, its number, what else is told of it, and where it leads."""

    label: str
    value: float
    more: tuple[str, ...] = ()
    path: str | None = None


@dataclass(frozen=True)
class Chart:
    """A chart: `kind` says how it is drawn, `name` is the key of its words."""

    kind: str  # columns (in time), bars, dots (in time), flow
    name: str
    rows: tuple[Row, ...]


def front(connection: sqlite3.Connection, wanted: Filter) -> list[Chart]:
    """The front page's: events per week, by employer, by outlet, and how far ahead the first outlet was."""
    where, values = departures.condition(connection, wanted)
    newest = connection.execute(
        f"""select coalesce(e.published, e.first_seen_at) from events e left join verdicts v on v.event = e.id
            where {where} order by e.first_seen_at desc limit 1""",
        values,
    ).fetchone()
    if newest is None:
        return []
    last = max(_monday(newest[0]), _monday(datetime.now(UTC).isoformat()) - timedelta(weeks=WEEKS))
    first = last - timedelta(weeks=WEEKS - 1)
    rows = dicts(
        connection.execute(
            f"""select e.id, coalesce(e.published, e.first_seen_at) as at, e.first_reported_by as outlet,
                       coalesce(json_extract(v.corrected, '$.employer'), e.employer) as employer
                from events e left join verdicts v on v.event = e.id
                where {where} and coalesce(e.published, e.first_seen_at) >= :first""",
            values | {"first": first.isoformat()},
        )
    )
    return [
        Chart("columns", "weeks", _weeks([r["at"] for r in rows], first, last)),
        Chart("bars", "employers", _employers(r["employer"] for r in rows)),
        Chart("bars", "outlets", tuple(Row(n, c) for n, c in Counter(r["outlet"] for r in rows if r["outlet"]).most_common(_MOST))),
        Chart("bars", "leads", _leads(connection, where, values | {"first": first.isoformat()})),
    ]  # fmt: skip


def by_month(moments: Iterable[str]) -> Chart:
    """Departures a month, without gaps."""
    counted = Counter(moment[:7] for moment in moments)
    months = []
    at, end = min(counted, default=None), max(counted, default="")
    while at and at <= end:
        months.append(Row(f"{at}-01", counted[at]))
        year, month = map(int, at.split("-"))
        at = f"{year + month // 12:04}-{month % 12 + 1:02}"
    return Chart("columns", "months", tuple(months))


def _weeks(moments: Iterable[str], first: date, last: date) -> tuple[Row, ...]:
    counted = Counter(_monday(moment) for moment in moments)
    days = [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]
    return tuple(Row(day.isoformat(), counted[day]) for day in days)


def _employers(names: Iterable[str | None]) -> tuple[Row, ...]:
    """The organisations that most people left; each under the spelling that is met most often."""
    counted = Counter(name for name in names if name)
    organisations: dict[str, Counter] = defaultdict(Counter)
    for name, number in counted.items():
        found = resolve(name)
        organisations[found.key if found else name][name] += number
    most = sorted(organisations.values(), key=lambda c: (-c.total(), c.most_common(1)[0][0]))[:_MOST]
    return tuple(Row(c.most_common(1)[0][0], c.total(), (), company_path(c.most_common(1)[0][0])) for c in most)


# The cross join keeps the planner from reading all mentions.
_LEADS = """
with chosen as (
    select e.id from events e left join verdicts v on v.event = e.id
    where {where} and coalesce(e.published, e.first_seen_at) >= :first and e.sources > 1
), reports as (
    select m.event, coalesce(s.title, a.site_name, a.source) as outlet, min(coalesce(a.published, a.first_seen_at)) as at
    from chosen c cross join mentions m on m.event = c.id join articles a on a.id = m.article left join sources s on s.name = a.source
    where a.copy_of is null group by 1, 2
), placed as (
    select outlet, at, row_number() over (partition by event order by at) as place,
           lead(at) over (partition by event order by at) as next_at
    from reports
)
select outlet, (julianday(next_at) - julianday(at)) * 24 from placed where place = 1 and next_at is not null"""


def _leads(connection, where: str, values: Mapping) -> tuple[Row, ...]:
    """Hours between the first report and the next outlet's: the median of the outlets that were ahead most often."""
    hours: dict[str, list[float]] = defaultdict(list)
    for outlet, ahead in connection.execute(_LEADS.format(where=where), values).fetchall():
        hours[outlet or "?"].append(ahead)
    most = sorted(hours.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:_MOST]
    rows = [Row(outlet, round(median(ahead), 1), (str(len(ahead)),)) for outlet, ahead in most]
    return tuple(sorted(rows, key=lambda row: -row.value))


def _monday(moment: str) -> date:
    day = date.fromisoformat(moment[:10])
    return day - timedelta(days=day.weekday())
