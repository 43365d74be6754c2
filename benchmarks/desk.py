"""How fast the desk answers on a large database while a crawl writes: python -m benchmarks.desk --articles 1000000 --events 20000

Makes the database once (`--db`, kept for the next run), serves it in a process of its own, lets another process store
stories without pause, and asks each page many times in turn. Prints median and 95th percentile of each page and of a
verdict, with what is asked for: 200, 500 and 50 ms.
"""

from __future__ import annotations

import re
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, contextmanager
from html import unescape
from pathlib import Path
from urllib.parse import quote

import click
import httpx

from benchmarks import invented

_WRITER = """
import sys, time
from datetime import UTC, datetime
from founderwatch.database.store import Store
from founderwatch.items import Article, Assessment, Story
store, number = Store(sys.argv[1]), 0
while True:
    number += 1
    article = Article(f"https://writer.example/{time.time()}", "morning-wire", "Rain in Oslo", "It rained all day. " * 40, "en", published=datetime.now(UTC))
    store.save(Story(article=article, assessment=Assessment("invented-1", 0.01, False)), 0.5)
    time.sleep(0.03)
"""
_PAGE, _SLOW, _VERDICT = 200, 500, 50  # milliseconds


@click.command()
@click.option("--db", "path", default="/tmp/founderwatch-desk.db", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--articles", default=100_000, show_default=True, type=click.IntRange(1))
@click.option("--events", default=2_000, show_default=True, type=click.IntRange(1))
@click.option("--rounds", default=20, show_default=True, type=click.IntRange(2))
@click.option("--only", default="", help="Only pages whose address holds this.")
def main(path: Path, articles: int, events: int, rounds: int, only: str) -> None:
    if not path.exists():
        started = time.perf_counter()
        invented.make(path, articles, events, said=lambda text: click.echo(text, err=True))
        click.echo(f"made in {time.perf_counter() - started:.0f} s", err=True)
    with closing(sqlite3.connect(path)) as connection:
        addresses = [a for a in _addresses(connection) if only in a]
        counted = [
            connection.execute(f"select count(*) from {table}").fetchone()[0] for table in ("articles", "events")
        ]
    click.echo(
        "{:,} articles, {:,} events, {:.0f} MB; milliseconds: median, 95th percentile".format(
            *counted, path.stat().st_size / 1e6
        )
    )
    with _running("-c", _WRITER, str(path)), _served(path) as address:
        browser = _Browser(address, path.stem)
        for place in addresses:
            browser.get(place)  # what is read once is warm, as on a server that runs
        times: dict[str, list[float]] = {place: [] for place in addresses}
        for _ in range(rounds):
            for place in addresses:
                times[place].append(_timed(lambda place=place: browser.get(place)))
        slow = [_told(place, found, _PAGE, _SLOW) for place, found in times.items()]
        if not only or only == "verdict":
            slow.append(_told("a verdict", [browser.verdict() for _ in range(rounds * 2)], _VERDICT, _SLOW))
    sys.exit(1 if any(slow) else 0)


def _addresses(connection: sqlite3.Connection) -> list[str]:
    event = connection.execute("select id from flagged order by sources desc limit 1").fetchone()[0]
    person = connection.execute("select person from events where id = ?", [event]).fetchone()[0]
    queries = [
        "search?words=离职创业",
        "search?words=office",
        "left_employer?employer=Alibaba",
        "employers?since=",
        "first_outlets?since=2026-01-01",
        "by_month?employer=",
    ]
    return [
        "/", "/?employer=阿里云", "/?status=confirmed&language=zh&score=0.9", f"/-/event/{event}", f"/-/person/{quote(person)}", "/-/company/ByteDance",
        "/-/company/阿里云", "/-/sources", "/-/desk", f"/-/desk?event={event}", "/-/feed.atom", "/-/feed.json?status=announced",
        *(f"/{{database}}/{query}" for query in queries), "/{database}/flagged", "/{database}/articles?_search=离职", "/{database}",
    ]  # fmt: skip


def _told(name: str, found: list[float], median: float, slow: float) -> bool:
    middle, high = statistics.median(found), statistics.quantiles(found, n=20)[-1]
    too_slow = middle > median or high > slow
    click.echo(f"{middle:8.0f} {high:8.0f}  {'TOO SLOW  ' if too_slow else ''}{name}")
    return too_slow


def _timed(function: Callable) -> float:
    started = time.perf_counter()
    function()
    return (time.perf_counter() - started) * 1000


class _Browser:
    """Asks pages, and judges as the desk's form does."""

    def __init__(self, address: str, database: str):
        self.database = database
        self.client = httpx.Client(base_url=address, follow_redirects=True, timeout=60)

    def get(self, place: str) -> str:
        answer = self.client.get(place.replace("{database}", quote(self.database)))
        answer.raise_for_status()
        return answer.text

    def verdict(self) -> float:
        """Stores one verdict, and gives how long it took, without the page that comes after it."""
        form = re.search(r'<form id="verdict".*?</form>', self.get("/-/desk"), re.S)[0]
        inputs = (re.search(r'name="([^"]*)" value="([^"]*)"', tag) for tag in re.findall(r"<input[^>]*>", form))
        sent = {found[1]: unescape(found[2]) for found in inputs if found} | {"verdict": "accept"}
        started = time.perf_counter()
        answer = self.client.post("/-/desk", data=sent, follow_redirects=False)
        if answer.status_code != 303:
            raise RuntimeError(f"the verdict was not stored: {answer.status_code}")
        return (time.perf_counter() - started) * 1000


@contextmanager
def _running(*arguments: str):
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def _served(path: Path):
    with _running("-m", "founderwatch", "serve", "--port", "0", "--db", str(path)) as process:
        yield re.search(r"http://\S+", process.stdout.readline())[0]


if __name__ == "__main__":
    main()
