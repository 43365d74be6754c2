"""Which pages of the archive belong to which articles, and how far a rescan has come."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlite_utils import Database

from founderwatch.items import Capture, Story


def keep(db: Database, story: Story, article: int | None) -> None:
    """Notes where a story's page is kept, in the transaction that stores what came of it."""
    page, capture = story.page, story.capture
    if page is None or capture is None:
        return
    db.execute(
        """insert or replace into captures (article, url, source, fetched_at, file, "offset", length)
           values (?, ?, ?, ?, ?, ?, ?)""",
        [article, page.requested_url or page.url, page.source, page.fetched_at.astimezone(UTC).isoformat(timespec="seconds"),
         capture.file, capture.offset, capture.length],
    )  # fmt: skip


def latest(db: Database, article: int) -> Capture | None:
    """The page that was fetched last for an article."""
    row = db.execute(
        'select file, "offset", length from captures where article = ? order by id desc limit 1', [article]
    ).fetchone()
    return Capture(*row) if row else None


def naming(db: Database, articles: Iterable[int], names: Callable[[Capture], bool]) -> dict[int, Capture]:
    """The pages of some articles, and of those that gave no article the ones of which `names` is true; by number."""
    rows = db.execute(
        """select id, article, file, "offset", length from captures
           where article is null or article in (select value from json_each(?))""",
        [json.dumps(list(articles))],
    ).fetchall()
    found = {row[0]: (row[1], Capture(*row[2:])) for row in rows}
    return {number: capture for number, (article, capture) in found.items() if article is not None or names(capture)}


def drop(db: Database, numbers: Iterable[int]) -> None:
    """Forgets single pages."""
    db.conn.executemany("delete from captures where id = ?", [(number,) for number in numbers])


def forget(db: Database, files: Iterable[str]) -> None:
    """Forgets the pages of files that are about to be deleted; the articles that they gave stay."""
    db.conn.executemany("delete from captures where file = ?", [(file,) for file in files])


@dataclass(frozen=True, slots=True)
class Asked:
    """What a rescan is asked to read again: stories since a day, of some sources; `words` are the user's for the day."""

    words: str | None = None
    since: datetime | None = None
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A story to be read again: an article, or a page that gave none (`article` None, `capture_id` set)."""

    article: int | None
    capture_id: int | None
    capture: Capture | None
    url: str
    source: str | None
    title: str = ""
    body: str = ""
    language: str | None = None
    author: str | None = None
    site_name: str | None = None
    published: datetime | None = None


def count(db: Database, asked: Asked, article: int = 0, capture: int = 0) -> int:
    """How many stories are to be read, behind those numbers."""
    where, values = _where(asked, "coalesce(a.published, a.first_seen_at)", "a.source")
    (articles,) = db.execute(
        f"select count(*) from articles a where a.id > :id{where}", values | {"id": article}
    ).fetchone()
    where, values = _where(asked, "c.fetched_at", "c.source")
    (pages,) = db.execute(f"select count(*) from ({_PAGES.format(where=where)})", values | {"id": capture}).fetchone()
    return articles + pages


def articles(db: Database, asked: Asked, behind: int = 0) -> Iterator[Told]:
    """The articles that were asked for, by number."""
    where, values = _where(asked, "coalesce(a.published, a.first_seen_at)", "a.source")
    while rows := db.execute(
        f"""select a.id, a.url, a.source, a.title, a.body, a.language, a.author, a.site_name, a.published
            from articles a where a.id > :id{where} order by a.id limit 100""",
        values | {"id": behind},
    ).fetchall():
        for identifier, url, source, title, body, language, author, site_name, published in rows:
            behind = identifier
            when = datetime.fromisoformat(published) if published else None
            yield Told(
                identifier, None, latest(db, identifier), url, source, title, body, language, author, site_name, when
            )


# Of an address that gave no article at several visits, the last. A story that was left out as too old stays out.
_PAGES = """select max(c.id) as id, c.url, c.source from captures c
            where c.article is null and c.id > :id{where}
              and not exists (select 1 from addresses d where d.url = c.url)
            group by c.url"""


def pages(db: Database, asked: Asked, behind: int = 0) -> list[Told]:
    """The kept pages that gave no article, by number."""
    where, values = _where(asked, "c.fetched_at", "c.source")
    rows = db.execute(
        f"""select p.id, p.url, p.source, k.file, k."offset", k.length
            from ({_PAGES.format(where=where)}) p join captures k on k.id = p.id order by p.id""",
        values | {"id": behind},
    ).fetchall()
    return [Told(None, identifier, Capture(file, offset, length), url, source) for identifier, url, source, file, offset, length in rows]  # fmt: skip


def _where(asked: Asked, moment: str, source: str) -> tuple[str, dict]:
    values: dict = {f"s{number}": name for number, name in enumerate(asked.only)}
    text = f" and {source} in ({', '.join(f':{name}' for name in values)})" if values else ""
    if asked.since:
        text += f" and {moment} >= :since"
        values["since"] = asked.since.astimezone(UTC).isoformat(timespec="seconds")
    return text, values


@dataclass(frozen=True, slots=True)
class Run:
    """A rescan and how far it has come; `before` are the departures that were flagged when it began, by id."""

    id: int
    article: int
    capture: int
    stories: int
    started_at: str
    before: dict[str, dict]


def begin(db: Database, question: str, flagged: dict[str, dict]) -> Run:
    """The unfinished rescan that asks the same, else a new one."""
    row = db.execute(
        """select id, article, capture, stories, started_at, before from rescans
           where asked = ? and finished_at is null order by id desc limit 1""",
        [question],
    ).fetchone()
    if row:
        return Run(*row[:5], json.loads(row[5]))
    now = _now()
    made = db["rescans"].insert(
        {"asked": question, "started_at": now, "before": json.dumps(flagged, ensure_ascii=False)}
    )
    return Run(made.last_pk, 0, 0, 0, now, flagged)


def advance(db: Database, run: int, article: int | None, capture: int | None, stories: int) -> None:
    """Moves on behind what is stored, in the transaction that stores it."""
    db.execute(
        """update rescans set article = coalesce(?, article), capture = coalesce(?, capture), stories = stories + ?
           where id = ?""",
        [article, capture, stories, run],
    )


def finish(db: Database, run: int) -> None:
    db.execute("update rescans set finished_at = ? where id = ?", [_now(), run])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
