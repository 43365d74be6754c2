"""Finds, by index alone, the reports that may tell of one departure, and those that these lead to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from sqlite_utils import Database

from founderwatch.events.merge import NEAR, agree
from founderwatch.events.organisations import marks
from founderwatch.events.people import filed, near, parse, person_key
from founderwatch.events.report import Report
from founderwatch.events.rulings import Bonds, Described, Ruling, meant

COMMON = 10  # names of employers under which a name stands from which on it says nothing by itself
CROWD = 6  # people of one surname who left one employer within weeks; a surname alone leads to none of them
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
           exists (select 1 from reviews r where r.event = m.event) as reviewed,
           o.id is not null as is_copy,
           exists (select 1 from common_names c where c.key = m.person_key) as common
    from mentions m join articles a on a.id = m.article left join articles o on o.id = a.copy_of
    where m.id in ({})"""
_ANYWHERE = "select mention from name_keys where key = ?1 and not exists (select 1 from common_names where key = ?1)"
_WITHIN = "select mention from name_keys where key = ? and mark = ?"
_NEAR = "select mention from name_keys where key = ? and mark = ? and at between ? and ?"


def file(db: Database, mention: int) -> None:
    """Files a mention under the keys by which reports of the same person look for it."""
    person, employer, joined, at = db.execute(
        """select m.person, m.employer, case m.kind when 'joins' then m.venture end,
                  coalesce(o.published, a.published, a.first_seen_at)
           from mentions m join articles a on a.id = m.article left join articles o on o.id = a.copy_of
           where m.id = ?""",
        [mention],
    ).fetchone()
    db.execute("delete from name_keys where mention = ?", [mention])
    if name := parse(person):
        places = (marks(employer) or {""}) | marks(joined)
        day = datetime.fromisoformat(at).toordinal()
        db.conn.executemany(
            "insert into name_keys (key, mark, at, mention) values (?, ?, ?, ?)",
            [(key, mark, day, mention) for key in filed(name) for mark in places],
        )


def file_all(db: Database) -> None:
    """Files every mention anew, as the present rules have it."""
    db.execute("delete from common_names")
    keys = set()
    for mention, person in db.execute("select id, person from mentions").fetchall():
        keys.add(key := person_key(person))
        db.execute("update mentions set person_key = ? where id = ?", [key, mention])
        file(db, mention)
    weigh(db, keys - {None})


def is_unfiled(db: Database) -> bool:
    """Whether mentions with a name are there and none is filed: an older version wrote them."""
    named = "select 1 from mentions where person_key is not null limit 1"
    return bool(db.execute(named).fetchone()) and not db.execute("select 1 from name_keys limit 1").fetchone()


def weigh(db: Database, keys: Iterable[str]) -> set[int]:
    """Notes which of these names are common by now; gives the mentions under names of which that has changed."""
    changed: set[int] = set()
    for key in set(keys):
        was = db.execute("select 1 from common_names where key = ?", [key]).fetchone() is not None
        if was != _is_common(db, key):
            db.execute(
                "delete from common_names where key = ?" if was else "insert into common_names (key) values (?)", [key]
            )
            changed |= {row[0] for row in db.execute("select mention from name_keys where key = ?", [key])}
    return changed


def _is_common(db: Database, key: str) -> bool:
    mark = ""
    for _ in range(COMMON):
        # One step into the index for each employer, however many reports there are.
        (mark,) = db.execute("select min(mark) from name_keys where key = ? and mark > ?", [key, mark]).fetchone()
        if mark is None:
            return False
    return True


def gather(db: Database, mentions: Iterable[int]) -> tuple[list[Report], Bonds]:
    """The reports of these mentions, with all that any of them leads to, and what people have ruled of them.

    Merged together, they are merged rightly.
    """
    waiting = reports(db, mentions)
    asked = frozenset(report.id for report in waiting)
    known = set(asked)
    answers: dict[tuple, list[Report]] = {}
    rulings: dict[int, Ruling] = {}
    found = []
    while waiting:
        report = waiting.pop()
        others: dict[int, Report] = {}
        for question in _questions(report):
            if question not in answers:
                sql, *given = question
                answers[question] = list(_reports(db, sql, given))
            others |= {other.id: other for other in answers[question]}
        joined = [other for other in others.values() if other.id != report.id and agree(report, other)]
        if report.name and report.name.is_short and _is_crowd(joined):
            report = replace(report, crowded=True)
            # What joins nothing leads nowhere; but those asked for may be what makes it so, and it may have led to others before.
            if _is_crowd(other for other in joined if other.id not in asked):
                joined = []
        found.append(report)
        for ruling in rulings_of(db, report.article):
            if ruling.id not in rulings:
                rulings[ruling.id] = ruling
                joined += reports(db, {*ruling.sides[0], *ruling.sides[1]} - {r.id for r in joined})
        fresh = {other.id: other for other in joined if other.id not in known}
        known |= fresh.keys()
        waiting += fresh.values()
    return found, Bonds(rulings.values())


def _is_crowd(others: Iterable[Report]) -> bool:
    """Whether so many people are named in full in these reports that a surname alone may mean anybody."""
    return len({other.person_key for other in others if not other.name.is_short}) >= CROWD


def rulings_of(db: Database, article: int) -> list[Ruling]:
    """The rulings in force that are about a report of this story."""
    rows = db.execute(
        """select r.id, r.ruling, r.event, r.other from rulings r
           where r.id in (select ruling from ruling_reports where article = ?)
             and not exists (select 1 from rulings u where u.undoes = r.id)""",
        [article],
    ).fetchall()
    return [Ruling(number, what, event, other, sides(db, number)) for number, what, event, other in rows]


def sides(db: Database, ruling: int) -> tuple[frozenset[int], frozenset[int]]:
    """The mentions that a ruling means now, those of the event that stays first."""
    found: tuple[set[int], set[int]] = (set(), set())
    for side, article, *described in db.execute(
        "select side, article, person, kind, employer from ruling_reports where ruling = ?", [ruling]
    ).fetchall():
        told = db.execute("select id, person, kind, employer from mentions where article = ? order by id", [article])
        mention = meant(Described(*described), ((row[0], Described(*row[1:])) for row in told.fetchall()))
        if mention is not None:
            found[side].add(mention)
    return frozenset(found[0]), frozenset(found[1] - found[0])


def reports(db: Database, mentions: Iterable[int]) -> list[Report]:
    """The reports of these mentions alone."""
    return [report for mention in mentions for report in _reports(db, "?", [mention])]


def _reports(db: Database, which: str, given: list) -> Iterator[Report]:
    return (Report(**row) for row in db.query(_REPORTS.format(which), given))


def _questions(report: Report) -> Iterator[tuple]:
    """What a report asks the index: its name; with the same employer, other spellings; near its time, what is not quite the same."""
    name = report.name
    if not name:
        return
    whole, part = (sorted(name.keys), near(name)) if len(name.words) > 1 else ([], [*sorted(name.keys), *near(name)])
    for key in whole:
        yield _ANYWHERE, key
    # In steps of time, so that the reports of one event ask the same.
    step = report.at.toordinal() // NEAR.days
    start, end = (step - 1) * NEAR.days - 1, (step + 2) * NEAR.days + 1
    for mark in sorted(marks(report.employer)):
        for key in whole:
            yield _WITHIN, key, mark
        for key in part:
            yield _NEAR, key, mark, start, end
