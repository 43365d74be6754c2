"""Erases a person who asks to be forgotten, and keeps later crawls from bringing the person back.

What goes: events, reports with their evidence, alerts, watches; what reviewers corrected; stories that tell of nobody
else, with their addresses. What stays: other people's departures and the stories that tell them, and stories that only
name the person, with the name blotted out; that a verdict was given. A row of `erasures` says that it was done, not for
whom: salted hashes know the name again when it comes.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import unquote

from sqlite_utils import Database

from founderwatch.database import gathering, settling, texts
from founderwatch.database.rows import dicts
from founderwatch.database.transaction import PATIENCE_MS, writing
from founderwatch.events.forms import Forms, runs
from founderwatch.events.people import SAME, SPELLING, Name, alike, parse
from founderwatch.items import Article, Evidence, Story

_OURS = ("erasure_salt", "erasures", "erased_marks", "_sqlite_migrations")


class ErasureError(ValueError):
    """Nobody can be erased by this name; the message says why."""


@dataclass(frozen=True)
class Found:
    """What the database holds of a person. `told` are stories that tell of nobody else, `named` all others that name the person."""

    forms: Forms
    events: tuple[dict, ...] = ()
    mentions: tuple[int, ...] = ()
    told: tuple[int, ...] = ()
    named: tuple[int, ...] = ()
    watches: tuple[int, ...] = ()
    archived: tuple[str, ...] = ()  # the archive's files that hold their pages
    counts: Counter[str] | None = None

    @property
    def employers(self) -> set[str]:
        """Several may mean several people of one name."""
        return {row["employer"] for row in self.events if row["employer"]}


def look(db: Database, person: str) -> Found:
    """Finds everything that is kept of a person, under every form of the name; changes nothing."""
    asked = parse(person)
    if asked is None or asked.is_short:
        raise ErasureError(f"{person!r} is no full name: a surname or an initial alone is many people's")
    mentions, names = _mentions(db, asked)
    events = _events(db, asked, mentions)
    mentions |= {m for (m,) in _in(db, "select id from mentions where event in ({})", events)}
    names += [name for (name,) in _in(db, "select person from mentions where id in ({})", mentions) if _is(asked, name)]
    for (told,) in _in(db, "select names from events where id in ({})", events):
        names += [name for name in json.loads(told) if _is(asked, name)]
    forms = Forms([person.strip(), *names])
    told, named = _stories(db, forms, mentions)
    watches = [row[0] for row in db.execute("select id, name from watches where kind = 'person'") if _is(asked, row[1])]
    rows = list(_in(db, "select id, person, employer, kind, status, published from events where id in ({})", events))
    columns = ("id", "person", "employer", "kind", "status", "published")
    counts = Counter(
        events=len(events),
        reports=len(mentions),
        stories_deleted=len(told),
        stories_blotted=len(named),
        verdicts=_count(db, "select count(*) from reviews where event in ({})", events),
        alerts=_count(db, "select count(*) from alerts where event in ({})", events),
        watches=len(watches),
    )
    archived = sorted(
        file for (file,) in _in(db, "select distinct file from captures where article in ({})", [*told, *named])
    )
    described = tuple(dict(zip(columns, row, strict=True)) for row in rows)
    return Found(
        forms, described, tuple(sorted(mentions)), tuple(told), tuple(named), tuple(watches), tuple(archived), counts
    )


def erase(db: Database, person: str) -> Counter[str]:
    """Erases a person in one transaction; gives how much went. Asked again for the same name, it looks again."""
    db.execute("pragma secure_delete = on")  # what goes is overwritten, not only unlinked
    with writing(db.conn, PATIENCE_MS):
        found = look(db, person)
        erasure = db.execute(
            "insert into erasures (made_at, removed) values (?, ?)", [_now(), json.dumps(found.counts)]
        ).lastrowid
        salt = _salt(db) or _new_salt(db)
        _mark(db, erasure, salt, found, parse(person))
        _blot_stories(db, found)
        _delete(db, found)
        _sweep(db, found.forms, salt)
        db.execute("insert into articles_fts (articles_fts) values ('optimize')")  # drops what the index marked as gone
    assert found.counts is not None
    return found.counts


def clean_up(db: Database) -> bool:
    """Writes the file anew, so that nothing of what went is left between its rows; False while another program reads it."""
    db.execute("vacuum")
    return db.execute("pragma wal_checkpoint(truncate)").fetchone()[0] == 0


def listed(connection: sqlite3.Connection) -> list[dict]:
    """The erasures that were done, oldest first: when, and how much went."""
    rows = dicts(connection.execute("select id, made_at, removed from erasures order by id"))
    return [row | {"removed": json.loads(row["removed"])} for row in rows]


# What a crawl brings


def is_erased(db: Database, url: str) -> bool:
    """Whether an address led to a story that was erased: it is not fetched again."""
    salt = _salt(db)
    return salt is not None and _marked(db, "address", _hash(salt, url))


def screened(db: Database, story: Story, threshold: float) -> Story | None:
    """The story without those who were erased; None where nothing of it may be kept."""
    article, page, salt = story.article, story.page, _salt(db)
    if salt is None:
        return story
    marks = {(row[0], row[1]): row[2] for row in db.execute("select kind, hash, erasure from erased_marks")}
    addresses = {a for a in (article and article.url, *((page.url, page.requested_url) if page else ())) if a}
    if any(("address", _hash(salt, address)) in marks for address in addresses):
        return None
    if any(("form", _hash(salt, run)) in marks for address in addresses for run in runs(unquote(address))):
        return _forget_addresses(db, salt, addresses)
    if article is None:
        return story
    forms = _marked_forms(salt, marks, article)
    kept = story.assessment
    if kept is not None:
        mentions = tuple(m for m in kept.mentions if not _is_marked(salt, marks, parse(m.person)))
        if len(mentions) < len(kept.mentions) and not mentions:
            return _forget_addresses(db, salt, addresses)
        if len(mentions) < len(kept.mentions):
            forms = Forms([*forms.names, *(m.person for m in kept.mentions if m not in mentions and m.person)])
            best = max((m.score for m in mentions if m.kind == "founds" and m.status != "denied"), default=0.0)
            kept = replace(kept, mentions=mentions, score=best, flagged=kept.flagged and best >= threshold)
    if not forms.names:
        return story
    people = [m.person for m in kept.mentions if m.person] if kept else []
    title, body = (forms.blotted(text, people, words=True) for text in (article.title, article.body))
    article = replace(article, title=title, body=body, author=article.author and forms.blotted(article.author))
    if kept is not None:
        kept = replace(kept, mentions=tuple(_quoting(m, article, forms) for m in kept.mentions))
    if page is not None:
        said = {name: text and forms.blotted(text) for name, text in (("title", page.title), ("summary", page.summary))}
        page = replace(page, **said)
    return story.grown(page=page, article=article, assessment=kept)


def _forget_addresses(db: Database, salt: bytes, addresses: Iterable[str]) -> None:
    erasure = db.execute("select max(id) from erasures").fetchone()[0]
    _add_marks(db, erasure, {("address", _hash(salt, address)) for address in addresses})


def _marked_forms(salt: bytes, marks: dict, article: Article) -> Forms:
    """The forms of erased names that stand in an article."""
    if not any(kind == "form" for kind, _ in marks):
        return Forms(())
    text = "\n".join(filter(None, (article.title, article.body, article.author)))
    return Forms(run for run in set(runs(text)) if ("form", _hash(salt, run)) in marks)


def _is_marked(salt: bytes, marks: dict, name: Name | None) -> bool:
    """Whether a name is an erased one; of Chinese names that only sound alike, each is another person's."""
    if name is None:
        return False
    for erasure in {marks.get(("name", _hash(salt, key))) for key in name.keys} - {None}:
        characters = {mark for mark, of in marks.items() if mark[0] == "characters" and of == erasure}
        if not name.han or not characters or ("characters", _hash(salt, name.han)) in characters:
            return True
    return False


def _quoting(mention, article: Article, forms: Forms):
    """The mention with its evidence and fields as the blotted text has them."""
    evidence = tuple(
        Evidence(getattr(article, e.field)[e.start : e.end], e.start, e.end, e.field) for e in mention.evidence
    )
    fields = ("employer", "role", "venture", "focus", "when", "first_reported_by")
    values = {name: forms.blotted(value) for name in fields if (value := getattr(mention, name))}
    return replace(mention, evidence=evidence, triggers=tuple(map(forms.blotted, mention.triggers)), **values)


# What is found


def _mentions(db: Database, asked: Name) -> tuple[set[int], list[str]]:
    rows = list(
        _in(db, "select distinct m.id, m.person from name_keys k join mentions m on m.id = k.mention where k.key in ({})", asked.keys)
    )  # fmt: skip
    ours = [(mention, name) for mention, name in rows if _is(asked, name)]
    return {mention for mention, _ in ours}, [name for _, name in ours]


def _events(db: Database, asked: Name, mentions: Collection[int]) -> set[str]:
    """The person's events: those that the mentions tell, those that a reviewer called so, and those merged into them."""
    found = {
        event for (event,) in _in(db, "select event from mentions where id in ({}) and event is not null", mentions)
    }
    corrected = db.execute(
        "select event, json_extract(corrected, '$.person') from reviews where event is not null and json_extract(corrected, '$.person') is not null"
    )
    found |= {event for event, name in corrected.fetchall() if _is(asked, name)}
    found |= {event for event, told in db.execute("select id, names from events where merged_into is not null").fetchall()
              if any(_is(asked, name) for name in json.loads(told))}  # fmt: skip
    while more := {e for (e,) in _in(db, "select id from events where merged_into in ({})", found)} - found:
        found |= more
    return found


def _stories(db: Database, forms: Forms, mentions: Collection[int]) -> tuple[list[int], list[int]]:
    """The stories that tell of nobody else, and the others that name the person."""
    telling = {a for (a,) in _in(db, "select article from mentions where id in ({})", mentions)}
    others = {a for (a,) in _in(db, "select article from mentions where id not in ({})", mentions)}
    db.register_function(forms.stand_in, name="names_person", replace=True)
    naming = {row[0] for row in db.execute(
        "select id from articles where names_person(title) or names_person(body) or names_person(author)"
    )}  # fmt: skip
    led_by = {row[0] for row in db.execute("select article from addresses where names_person(url)")}
    told = (telling | led_by) - others
    return sorted(told), sorted((telling | naming | led_by) - told)


# What is done


def _mark(db: Database, erasure: int, salt: bytes, found: Found, asked: Name | None) -> None:
    assert asked is not None
    names = [asked, *filter(None, map(parse, found.forms.names))]
    marks = {("name", _hash(salt, key)) for name in names for key in name.keys if not name.is_short}
    marks |= {("characters", _hash(salt, name.han)) for name in names if name.han}
    marks |= {("form", _hash(salt, form)) for form in found.forms.normal if len(form) > 1}
    addresses = list(_in(db, "select url from addresses where article in ({})", found.told))
    addresses += [row for row in db.execute("select url from failures").fetchall() if found.forms.stand_in(row[0])]
    _add_marks(db, erasure, marks | {("address", _hash(salt, url)) for (url,) in addresses})


def _add_marks(db: Database, erasure: int, marks: Iterable[tuple[str, bytes]]) -> None:
    db.conn.executemany(
        "insert or ignore into erased_marks (kind, hash, erasure) values (?, ?, ?)",
        [(*mark, erasure) for mark in marks],
    )


def _blot_stories(db: Database, found: Found) -> None:
    """Blots the name out of the stories that stay, and quotes other people's evidence anew from them."""
    for article in found.named:
        title, body = db.execute("select title, body from articles where id = ?", [article]).fetchone()
        others = db.execute("select id, person, evidence from mentions where article = ?", [article]).fetchall()
        others = [row for row in others if row[0] not in found.mentions]
        people = [row[1] for row in others if row[1]]
        now = tuple(found.forms.blotted(text, people, words=True) for text in (title, body))
        texts.replace(db, article, (title, body), now)
        for mention, _, evidence in others:
            quoted = [e | {"text": now[e["in"] == "body"][e["start"] : e["end"]]} for e in json.loads(evidence)]
            db.execute(
                "update mentions set evidence = ? where id = ?", [json.dumps(quoted, ensure_ascii=False), mention]
            )


def _delete(db: Database, found: Found) -> None:
    events = [row["id"] for row in found.events]
    keys = {
        key
        for (key,) in _in(
            db, "select person_key from mentions where id in ({}) and person_key is not null", found.mentions
        )
    }
    for sql in (
        "update reviews set event = null, article = null, url = null, corrected = null where event in ({})",
        "delete from alerts where event in ({})",
        "update rulings set event = 'erased' where event in ({})",
        "update rulings set other = 'erased' where other in ({})",
    ):
        _do(db, sql, events)
    _do(db, "delete from watched_events where watch in ({})", found.watches)
    _do(db, "delete from watches where id in ({})", found.watches)
    for number, person in db.execute("select rowid, person from ruling_reports where person is not null").fetchall():
        if found.forms.stand_in(person):
            db.execute("delete from ruling_reports where rowid = ?", [number])
    db.execute("delete from told_by_hand where names_person(told)")
    _do(db, "delete from mentions where id in ({})", found.mentions)
    for article in found.told:
        texts.leave(db, article, db.execute("select title, body from articles where id = ?", [article]).fetchone())
    _do(db, "update reviews set article = null, url = null, corrected = null where article in ({})", found.told)
    _do(db, "update articles set copy_of = null where copy_of in ({})", found.told)
    _do(db, "delete from articles where id in ({})", found.told)
    _do(db, "update events set merged_into = null where id in ({})", events)
    _do(db, "delete from events where id in ({})", events)
    for row in db.execute("select url from failures").fetchall():
        if found.forms.stand_in(row[0]):
            db.execute("delete from failures where url = ?", row)
    gathering.weigh(db, keys)
    settling.settle(db, [], events, settling.threshold(db))


def _sweep(db: Database, forms: Forms, salt: bytes) -> None:
    """Blots the name out of every text that any table still holds."""

    def without(text):
        if text.startswith(("http://", "https://")):
            return f"erased:{_hash(salt, text).hex()}"
        return forms.blotted(text)

    db.register_function(forms.stand_in, name="names_person", replace=True)
    db.register_function(without, name="without_person", replace=True)
    for table in db.table_names():
        if table.startswith("articles_fts") or table in _OURS:
            continue
        for column in db[table].columns:
            if column.type.upper() == "TEXT" and (table, column.name) not in (
                ("articles", "title"),
                ("articles", "body"),
            ):
                name = f'"{column.name}"'
                db.execute(
                    f'update "{table}" set {name} = without_person({name}) where {name} is not null and names_person({name})'
                )


def _is(asked: Name, name: str | None) -> bool:
    other = parse(name)
    return other is not None and not other.is_short and alike(asked, other) in (SAME, SPELLING)


def _in(db: Database, sql: str, values: Collection) -> list[tuple]:
    # As JSON: SQLite takes only so many parameters.
    return db.execute(sql.format("select value from json_each(?)"), [json.dumps(list(values))]).fetchall()


def _do(db: Database, sql: str, values: Collection) -> None:
    db.execute(sql.format("select value from json_each(?)"), [json.dumps(list(values))])


def _count(db: Database, sql: str, values: Collection) -> int:
    return _in(db, sql, values)[0][0]


def _salt(db: Database) -> bytes | None:
    row = db.execute("select salt from erasure_salt").fetchone()
    return row[0] if row else None


def _new_salt(db: Database) -> bytes:
    salt = secrets.token_bytes(32)
    db.execute("insert into erasure_salt (one, salt) values (1, ?)", [salt])
    return salt


def _marked(db: Database, kind: str, mark: bytes) -> bool:
    return db.execute("select 1 from erased_marks where kind = ? and hash = ?", [kind, mark]).fetchone() is not None


def _hash(salt: bytes, text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), key=salt, digest_size=16).digest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
