"""What a database says, whatever numbers its rows have and whenever they were written: two runs can be compared."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

SAYS = {
    "articles": "select url, source, title, body, language, author, site_name, published from articles",
    "copies": "select a.url, o.url from articles a join articles o on o.id = a.copy_of",
    "addresses": "select d.url, a.url from addresses d join articles a on a.id = d.article",
    "assessments": "select a.url, s.model, round(s.score, 4), s.flagged, s.skipped from assessments s join articles a on a.id = s.article",
    "mentions": """select a.url, m.person, m.kind, m.status, m.employer, m.role, m.venture, m.evidence, m.triggers, m.event is null
                   from mentions m join articles a on a.id = m.article""",
    "events": """select e.person, e.names, e.kind, e.status, e.employer, e.sources, e.flagged,
                        (select group_concat(url, ' ') from (select a.url from mentions m join articles a on a.id = m.article
                          where m.event = e.id order by a.url)) from events e""",
    "failures": "select url, source, stage, reason from failures",
    "reviews": "select verdict, reviewer, corrected, url from reviews",
    "keys": "select k.key, k.mark, a.url from name_keys k join mentions m on m.id = k.mention join articles a on a.id = m.article",
    "found": """select title from articles where id in
                (select rowid from articles_fts where articles_fts match 'leaves OR 离职 OR 创业')""",
    "channels": "select source, url, etag from channels",
}


def content(path: Path) -> dict[str, list[tuple]]:
    """Each kind of row, in order; raises where the file is not whole."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
        assert connection.execute("pragma foreign_key_check").fetchall() == []
        connection.execute("insert into articles_fts (articles_fts) values ('integrity-check')")
        return {what: sorted(connection.execute(sql).fetchall(), key=repr) for what, sql in SAYS.items()}


def differences(expected: dict[str, list[tuple]], found: dict[str, list[tuple]]) -> tuple[list, list]:
    """What is missing, and what is there too often or was never to be there."""
    lost, extra = [], []
    for what, rows in expected.items():
        left = list(found[what])
        for row in rows:
            if row in left:
                left.remove(row)
            else:
                lost.append((what, row))
        extra += [(what, row) for row in left]
    return lost, extra
