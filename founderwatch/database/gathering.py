"""Finds, by index alone, the reports that may tell of one departure, and those that these lead to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlite_utils import Database

from founderwatch.events.merge import NEAR, Report, agree
from founderwatch.events.people import Name, halves, parse

_LAST = "\U0010ffff"  # after every key and time
# The plus keeps the planner from the index of names, where all leavers without one stand together.
_REPORTS = """
    select m.id, m.article, m.event, m.person, m.person_key, m.kind, m.status, m.score, m.employer, m.role, m.seniority,
           m.venture, m.venture_kind, m.focus, m."when", m.departed_from, m.departed_to, m.first_reported_by,
           coalesce(a.site_name, a.source) as source, coalesce(o.published, a.published) as published,
           a.first_seen_at, a.url,
           case when o.id then coalesce(o.source, o.site_name, o.url)
                else coalesce(a.source, a.site_name, a.url) end as outlet,
           (select count(*) from mentions e
             where e.article = m.article and +e.person_key is m.person_key
               and (m.person_key is not null or (e.kind = m.kind and e.employer is m.employer))
               and (e.kind, coalesce(e.employer, ''), e.id) < (m.kind, coalesce(m.employer, ''), m.id)) as namesakes,
           exists (select 1 from reviews r where r.event = m.event) as reviewed
    from mentions m join articles a on a.id = m.article left join articles o on o.id = a.copy_of
    where m.id in ({})"""
_BETWEEN = "select mention from name_keys where key >= ? and key <= ? and at >= ? and at <= ?"
_EXACT = "select mention from name_keys where key = ? and at >= ? and at <= ?"


def file(db: Database, mention: int, person: str | None) -> None:
    """Files a mention under the keys by which reports of the same person look for it."""
    name = parse(person)
    db.execute("delete from name_keys where mention = ?", [mention])
    if name:
        db.conn.executemany(
            """insert into name_keys (key, at, mention)
               select ?, coalesce(o.published, a.published, a.first_seen_at), m.id
               from mentions m join articles a on a.id = m.article left join articles o on o.id = a.copy_of
               where m.id = ?""",
            [(key, mention) for key in {*name.keys, *halves(name)}],
        )


def gather(db: Database, mentions: Iterable[int]) -> list[Report]:
    """The reports of these mentions, with all that any of them leads to: merged together, they are merged rightly."""
    waiting = [report for mention in mentions for report in _reports(db, "?", [mention])]
    known = {report.id for report in waiting}
    asked: set[tuple] = set()
    others: dict[int, Report] = {}
    found = []
    while waiting:
        report = waiting.pop()
        found.append(report)
        for question in _questions(report):
            if question in asked:
                continue
            asked.add(question)
            sql, *given = question
            others |= {r.id: r for r in _reports(db, sql, given) if r.id not in known}
        joined = [other for other in others.values() if agree(report, other)]
        for other in joined:
            del others[other.id]
        known |= {other.id for other in joined}
        waiting += joined
    return found


def _reports(db: Database, which: str, given: list) -> Iterator[Report]:
    return (Report(**row) for row in db.query(_REPORTS.format(which), given))


def _questions(report: Report) -> Iterator[tuple]:
    """What a report asks the index: its name at any time, forms that are not quite the same near its own."""
    name = report.name
    if not name:
        return
    for key in sorted(name.keys):
        yield _EXACT, key, "", _LAST
    # In steps of time, so that the reports of one event ask the same.
    step = report.at.toordinal() // NEAR.days
    start, end = (_day(report, (step - 1) * NEAR.days - 1), _day(report, (step + 2) * NEAR.days + 1))
    for key in _near(name):
        yield _EXACT, key, start, end
    if len(name.words) == 1:
        yield _BETWEEN, f"{name.words[0]}|", f"{name.words[0]}|{_LAST}", start, end


def _near(name: Name) -> list[str]:
    """Keys of misspellings and forms with an initial, and of the surname alone."""
    return [*halves(name), *(name.words if len(name.words) > 1 else ())]


def _day(report: Report, ordinal: int) -> str:
    return report.at.fromordinal(max(1, ordinal)).date().isoformat()
