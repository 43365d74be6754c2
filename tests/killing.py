"""Kills crawls at random moments and looks at what is left: `python -m tests.killing --pages 500 --kills 50`.

A site with a feed, a feed with ETag, a sitemap and a listing is crawled again and again, each time killed with SIGKILL;
after each kill the database must be whole, and the next crawl must ask for nothing that is stored. The last crawl is left
in peace: it must end with what one undisturbed crawl of another database has.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.faultroom.stories import ENGLISH
from tests.forked import CONTEXT, founderwatch, run_command
from tests.mockserver import TEXT
from tests.site import Answer, Asked, Page, Site, feed, html, site

WORDS = ENGLISH[:16]
# The model passes it over: judging so many stories anew would take hours, and every twentieth is enough to be killed at.
GERMAN = (
    "Der Stadtrat plant eine neue Brücke am Rande der Stadt, und die Firma zeigt seit dem Frühjahr den alten Hafen. "
    "Ein Verein erneuert das kleine Haus an der langen Straße, die Schule öffnet ohne großen Lärm ein Museum. "
    "Die Nachbarn sind mit dem Fest zufrieden, das trotz des Regens viele Gäste hatte, und wollen es wiederholen. "
)


@dataclass
class Killed:
    """What was seen: kills that found a crawl at work, what went wrong, and the rows at the end."""

    kills: int = 0
    stored_at_kill: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    articles: int = 0


def pages(number: int) -> dict[str, Page]:
    """A site of `number` stories; every 25th is missing, every 10th repeats another at a second address."""
    found: dict[str, Page] = {f"/story/{n}": _story(n) for n in range(number) if n % 25 != 24}
    found |= {f"/copy/{n}": _story(n) for n in range(0, number, 10)}
    named = [(f"Story {n}", f"/story/{n}") for n in range(number)]
    named += [(f"Story {n}", f"/copy/{n}") for n in range(0, number, 10)]
    quarter = -(-len(named) // 4)
    parts = [named[start : start + quarter] for start in range(0, len(named), quarter)]
    urls = "".join(f"<url><loc>{{base}}{path}</loc></url>" for _, path in parts[2])
    links = "".join(
        f'<li><a href="{path}">The headline of {title}, of some length</a></li>' for title, path in parts[3]
    )
    tagged = feed(*parts[1])

    def conditional(asked: Asked) -> Answer:
        if asked.headers.get("if-none-match") == '"1"':
            return Answer(status=304)
        return Answer(tagged.body, headers={**tagged.headers, "ETag": '"1"'})

    return found | {
        "/feed": feed(*parts[0]),
        "/tagged": conditional,
        "/map.xml": Answer(f"<urlset>{urls}</urlset>".encode(), headers={"Content-Type": "application/xml"}),
        "/list": html("All", f"<ul>{links}</ul>"),
    }


def _story(number: int) -> Answer:
    words = " ".join(f"{WORDS[(number * 7 + n * n) % len(WORDS)]}{number * 31 + n}" for n in range(80))
    told = TEXT if number % 20 == 0 else GERMAN
    return html(f"Story {number}", f"{words}. {told}", f"{told} {number}")


def registry(running: Site) -> str:
    return "".join(
        running.registry(path, name=name, field=kind, more=more)
        for name, kind, path, more in (
            ("plain", "feeds", "/feed", ""),
            ("tagged", "feeds", "/tagged", ""),
            ("map", "sitemaps", "/map.xml", ""),
            ("list", "listings", "/list", 'allow = ["/story/", "/copy/"]'),
        )
    )


def kill_and_finish(number: int, kills: int, folder: Path, seed: int = 1) -> Killed:
    """Crawls `number` stories through `kills` kills; gives what was seen."""
    chance, killed = random.Random(seed), Killed()
    with site(pages(number)) as running:
        (folder / "s.toml").write_text(registry(running))
        whole = founderwatch(
            "crawl", "--sources", "s.toml", "--db", "whole.db", folder=folder, longest=900, **os.environ
        )
        if whole.returncode:
            killed.faults.append(f"the undisturbed crawl ended with {whole.returncode}: {whole.stderr[-300:]}")
        for _ in range(kills):
            before, asked = _stored(folder / "killed.db"), len(running.asked)
            _kill(folder, running, chance)
            _look(folder / "killed.db", before, running.paths[asked:], killed)
        asked, before = len(running.asked), _stored(folder / "killed.db")
        last = founderwatch(
            "crawl", "--sources", "s.toml", "--db", "killed.db", folder=folder, longest=900, **os.environ
        )
        _look(folder / "killed.db", before, running.paths[asked:], killed)
        if last.returncode:
            killed.faults.append(f"the last crawl ended with {last.returncode}: {last.stderr[-300:]}")
        for sql in _SAME:
            one, other = (_rows(folder / name, sql) for name in ("whole.db", "killed.db"))
            if one != other:
                killed.faults.append(f"{sql}: {len(one)} rows undisturbed, {len(other)} after the kills")
        asked = len(running.asked)
        founderwatch("crawl", "--sources", "s.toml", "--db", "killed.db", folder=folder, longest=900, **os.environ)
        again = [path for path in running.paths[asked:] if path.startswith(("/story/", "/copy/"))]
        if missing := [path for path in again if path in running.pages]:
            killed.faults.append(f"asked again although all was stored: {missing[:3]}")
    killed.articles = len(_rows(folder / "killed.db", "select 1 from articles"))
    return killed


# Which of two like stories was first may differ: what is stored, and of what, may not.
_SAME = (
    "select title, body, copy_of is null from articles order by 1, 3",
    "select source, url, digest, etag from channels order by 1, 2",
    "select url, reason from failures order by 1",
    "select count(*) from assessments",
    "select count(*) from addresses where url like '%/story/%'",
)


def _kill(folder: Path, running: Site, chance: random.Random) -> None:
    """Starts a crawl and kills it some moments after it has asked for some pages, or has stored some."""
    arguments = ["crawl", "--sources", "s.toml", "--db", "killed.db"]
    null = Path(os.devnull)
    database = folder / "killed.db"
    asked = len(running.asked) + chance.randint(1, 60)
    stored = len(_stored(database)) + chance.randint(1, 20) if chance.random() < 0.7 else 0
    process = CONTEXT.Process(target=run_command, args=(arguments, str(folder), dict(os.environ), null, null))
    process.start()
    until = time.monotonic() + 120
    while process.is_alive() and time.monotonic() < until:
        if (len(_stored(database)) >= stored) if stored else (len(running.asked) >= asked):
            break
        time.sleep(0.02)
    process.join(chance.uniform(0, 0.5))
    process.kill()
    process.join()


def _look(database: Path, before: set[str], asked: list[str], killed: Killed) -> None:
    """The database is whole, and nothing was asked for that was stored before."""
    if not database.exists():
        return
    if _rows(database, "pragma integrity_check") != [("ok",)]:
        killed.faults.append("the database is damaged")
    for sql in (
        "select url from articles a where not exists (select 1 from assessments s where s.article = a.id)",
        "select url from articles a where not exists (select 1 from addresses d where d.article = a.id)",
        "select title from articles where copy_of is null group by title having count(*) > 1",
    ):
        if rows := _rows(database, sql):
            killed.faults.append(f"{sql}: {rows[:3]}")
    if twice := before & set(asked):
        killed.faults.append(f"asked for again: {sorted(twice)[:3]}")
    stored = _stored(database)
    killed.kills += 1
    killed.stored_at_kill.append(len(stored))


def _stored(database: Path) -> set[str]:
    """The paths whose outcome is stored."""
    found = _rows(database, "select url from addresses") if database.exists() else []
    return {"/" + url.split("/", 3)[3] for (url,) in found}


def _rows(database: Path, sql: str) -> list[tuple]:
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        try:
            return connection.execute(sql).fetchall()
        except sqlite3.OperationalError as error:  # killed before there were tables
            if "no such table" in str(error):
                return []
            raise


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        killed = kill_and_finish(options.pages, options.kills, Path(folder), options.seed)
    print(f"{killed.kills} crawls, killed with so many stories stored: {killed.stored_at_kill}")
    print(f"{killed.articles} articles at the end, {len(killed.faults)} faults")
    for fault in killed.faults:
        print(f"  {fault}")
    return bool(killed.faults)


if __name__ == "__main__":
    raise SystemExit(main())
