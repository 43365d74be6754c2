"""Kills founderwatch with SIGKILL at random moments, lets it go on, and compares what is stored with an undisturbed run.

    python -m tests.faults.kills --number 200 --seed 1     # about half an hour on two cores
    python -m tests.faults.kills --only crawl --only store # these kinds' share of it

Every kind of work gets its share of the kills, several in a row before it may end. Prints one line a kind.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from founderwatch.database import erasure, reviews
from founderwatch.database.backup import backup, check, restore
from founderwatch.database.retention import drop_texts
from founderwatch.database.reviews import Verdict
from founderwatch.database.store import Store
from tests.faults.command import founderwatch
from tests.faults.content import content, differences
from tests.judged import THRESHOLD, mention, story
from tests.newsroom.server import serve
from tests.newsroom.stories import load_sites

RELEASED = Path(__file__).parents[1] / "fixtures" / "database-0.1.0.sql"
SITES = ("stackledger", "xinchao")  # no story of theirs is another's copy: which came first depends on the moment
IN_A_ROW = 4
STORIES = 40

Work = Callable[[Path], None]


@dataclass
class Outcome:
    """How often work was killed at it, and what was lost or doubled in the end."""

    what: str
    kills: int = 0
    lost: list = field(default_factory=list)
    extra: list = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.what:<10} {self.kills:>4} kills  {len(self.lost)} rows lost  {len(self.extra)} rows too many"


@dataclass(frozen=True)
class Task:
    """A kind of work: how its folder is prepared, what is done in it, and which database it leaves."""

    name: str
    prepare: Work
    work: Work
    database: str = "founderwatch.db"


def stories():
    """Judged stories of some forty people, two to each."""
    people = [
        f"{first} Lind{last}"
        for first in ("Mara", "Jo", "Ana", "Eve")
        for last in ("berg", "qvist", "holm", "gren", "strom")
    ]
    for number in range(STORIES):
        person = people[number % len(people)]
        yield story(
            f"https://a{number % 3}.example/{number}", mention(person), days=number % 9, source=f"wire{number % 3}"
        )


def fill(folder: Path) -> None:
    """A database with stories, a verdict and text that is old."""
    with closing(Store(folder / "founderwatch.db")) as store:
        for one in stories():
            store.save(one, THRESHOLD)
        for number in range(300):
            store.save(story(f"https://plain.example/{number}", body=f"Plain {number}. " * 300), THRESHOLD)
        event = store.db.execute("select id from events order by id").fetchone()[0]
        reviews.record(store.db.conn, Verdict("anna", "accept", event, url="https://a0.example/0"))
        store.db.execute("update articles set first_seen_at = '2020-01-01T00:00:00+00:00'")
        store.db.conn.commit()


def store(folder: Path) -> None:
    """Stores what is not stored yet, as a crawl does, and says it again."""
    with closing(Store(folder / "founderwatch.db")) as opened:
        for one in stories():
            opened.save(one, THRESHOLD)


def old_database(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "founderwatch.db")) as connection:
        connection.executescript(RELEASED.read_text(encoding="utf-8"))


def open_it(folder: Path) -> None:
    Store(folder / "founderwatch.db").close()


def back_up(folder: Path) -> None:
    """Leaves one whole backup; what has its name is whole at every moment."""
    target = folder / "copy.db"
    if target.exists():
        check(target)
    else:
        backup(folder / "founderwatch.db", target)


def to_be_restored(folder: Path) -> None:
    fill(folder)
    backup(folder / "founderwatch.db", folder / "copy.db")
    with closing(Store(folder / "founderwatch.db")) as store:
        store.save(story("https://late.example/1", mention("Too Late")), THRESHOLD)


def put_back(folder: Path) -> None:
    restore(folder / "copy.db", folder / "founderwatch.db")


def keep_house(folder: Path) -> None:
    with closing(Store(folder / "founderwatch.db")) as store:
        drop_texts(store.db, timedelta(days=60))
        store.vacuum()


def forget(folder: Path) -> None:
    with closing(Store(folder / "founderwatch.db")) as store:
        erasure.erase(store.db, "Mara Lindberg")
        erasure.clean_up(store.db)


TASKS = (
    Task("store", lambda folder: None, store),
    Task("migration", old_database, open_it),
    Task("backup", fill, back_up, "copy.db"),
    Task("restore", to_be_restored, put_back),
    Task("vacuum", fill, keep_house),
    Task("erase", fill, forget),
)


def forked(work: Work, folder: Path, after: float | None = None) -> bool:
    """Does work in a child, and kills it after so many seconds; tells whether it was still at it."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            work(folder)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status):
        raise RuntimeError(f"{work.__name__} failed in {folder}")
    return os.WIFSIGNALED(status)


def try_task(task: Task, kills: int, chance: random.Random) -> Outcome:
    """Kills the work so often, and compares."""
    outcome = Outcome(task.name)
    with tempfile.TemporaryDirectory() as place:
        ready, undisturbed = Path(place, "ready"), Path(place, "undisturbed")
        ready.mkdir()
        forked(task.prepare, ready)
        shutil.copytree(ready, undisturbed)
        started = time.monotonic()
        forked(task.work, undisturbed)
        takes = time.monotonic() - started
        expected = content(undisturbed / task.database)
        number = misses = 0
        while outcome.kills < kills and misses < 20 * kills:
            number += 1
            folder = Path(place, f"try-{number}")
            shutil.copytree(ready, folder)
            for _ in range(IN_A_ROW):
                hit = outcome.kills < kills and forked(task.work, folder, chance.uniform(0, takes))
                outcome.kills += hit
                misses += not hit
            forked(task.work, folder)
            lost, extra = differences(expected, content(folder / task.database))
            outcome.lost += lost
            outcome.extra += extra
            outcome.extra += [("left behind", path.name) for path in folder.iterdir() if "part" in path.name]
            shutil.rmtree(folder)
    return outcome


# With the real command, network and model


def try_crawl(kills: int, chance: random.Random) -> Outcome:
    """Kills crawls of two sites of the sample newsroom while they fetch, judge and store."""
    with tempfile.TemporaryDirectory() as place, serve(ports=0) as newsroom:
        registry = Path(place, "sources.toml")
        registry.write_text(newsroom.sources(), encoding="utf-8")
        only = [part for site in SITES for part in ("--only", site)]
        return _try_command(
            "crawl", ["crawl", "--quiet", "--sources", str(registry), *only], Path(place), kills, chance, again=True
        )


def try_scan(kills: int, chance: random.Random) -> Outcome:
    """Kills scans that judge and store stories from a file."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place, "stories.jsonl")
        told = [story for site in load_sites() if site.name in SITES for story in site.stories if story.stored][::2]
        lines = [
            {"id": s.slug, "url": f"https://n.example/{s.slug}", "title": s.title, "body": "\n".join(s.body)}
            for s in told
        ]
        file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
        return _try_command("classify", ["scan", "--quiet", "--jsonl", "--save", str(file)], Path(place), kills, chance)


def _try_command(
    name: str, arguments: list[str], place: Path, kills: int, chance: random.Random, again: bool = False
) -> Outcome:
    outcome = Outcome(name)
    undisturbed = place / "undisturbed.db"
    started = time.monotonic()
    _run(arguments, undisturbed)
    takes = time.monotonic() - started
    expected = content(undisturbed)
    assert len(expected["articles"]) > 10 and expected["events"]
    number = misses = 0
    while outcome.kills < kills and misses < 5 * kills + 5:
        number += 1
        database = place / f"try-{number}.db"
        lasts = takes
        for _ in range(IN_A_ROW):
            if outcome.kills == kills:
                break
            started = time.monotonic()
            if _run(arguments, database, _late(chance, lasts)):
                outcome.kills += 1
            else:  # the machine is quicker now, or little was left to do
                misses += 1
                lasts = time.monotonic() - started
        _run(arguments, database)
        if again:
            _run(arguments, database)  # what was given up for this once
        lost, extra = differences(expected, content(database))
        outcome.lost += lost
        outcome.extra += extra
    return outcome


def _late(chance: random.Random, takes: float) -> float:
    """Mostly in the second half: in the first, Python reads its libraries."""
    return chance.uniform(0.4, 1.0) * takes if chance.random() < 0.8 else chance.uniform(0, takes)


def _run(arguments: list[str], database: Path, after: float | None = None) -> bool:
    """Runs the command, and kills it after so many seconds; tells whether it was still at it."""
    done = founderwatch(*arguments, "--db", database, kill_after=after)
    if done.returncode not in (None, 0, 1):
        raise RuntimeError(f"{arguments[0]} ended with {done.returncode}: {done.stderr}")
    return done.returncode is None


KINDS: dict[str, Callable[[int, random.Random], Outcome]] = {
    **{task.name: partial(try_task, task) for task in TASKS},
    "classify": try_scan,
    "crawl": try_crawl,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=KINDS, help="may be given several times")
    options = parser.parse_args()
    share = -(-options.number // len(KINDS))
    outcomes = []
    for kind in options.only or KINDS:
        outcomes.append(KINDS[kind](share, random.Random(f"{options.seed} {kind}")))
        print(outcomes[-1], flush=True)
    bad = [problem for outcome in outcomes for problem in (*outcome.lost, *outcome.extra)]
    for problem in bad[:20]:
        print(problem)
    print(
        f"{sum(o.kills for o in outcomes)} kills, {sum(len(o.lost) for o in outcomes)} rows lost, {sum(len(o.extra) for o in outcomes)} too many"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
