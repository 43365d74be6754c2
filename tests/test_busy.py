"""A crawl that stores, a reviewer who judges and a Datasette that reads never find the database locked."""

import contextlib
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from founderwatch.cli import main
from founderwatch.database import erasure, reviews, rulings
from founderwatch.database.retention import drop_texts
from founderwatch.database.reviews import Verdict
from founderwatch.database.store import Store
from tests.judged import mention, saved, story

ROUNDS = 6
LONGEST = 60  # seconds
PAGES = (
    "/",
    "/-/desk",
    "/-/sources",
    "/founderwatch/articles",
    "/founderwatch/flagged.json",
    "/founderwatch/events?_sort=score",
)


@pytest.fixture
def desk(here):
    """A real `founderwatch serve` on the database, and its address."""
    with closing(Store("founderwatch.db")) as store:
        saved(
            store,
            *(
                story(f"https://a.example/{n}", mention(f"Mara Lind{chr(97 + n % 26)}{chr(97 + n // 26)}"))
                for n in range(30)
            ),
        )
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    command = [Path(sys.executable).with_name("founderwatch"), "serve", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                urlopen(f"http://127.0.0.1:{port}/-/versions.json", timeout=5).read()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < until, process.stderr.read()
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.long
def test_nobody_finds_the_database_locked(desk):
    stop, done, troubles = threading.Event(), {}, []

    def repeatedly(what):
        def run():
            number = done[what.__name__] = 0
            try:
                with closing(Store("founderwatch.db")) as store:
                    while not stop.is_set():
                        what(store, number)
                        number = done[what.__name__] = number + 1
            except Exception as error:
                troubles.append(f"{what.__name__}: {type(error).__name__}: {error}")

        return threading.Thread(target=run)

    def crawl(store, number):
        time.sleep(0.02)  # the model needs longer for a story
        store.save(story(f"https://b.example/{number}", mention(f"Jo Par{chr(97 + number % 26)}"), days=number), 0.5)

    def review(store, number):
        event = store.db.execute(
            "select id from events where merged_into is null order by random() limit 1"
        ).fetchone()[0]
        row = reviews.record(store.db.conn, Verdict("me", ("accept", "reject")[number % 2], event))
        reviews.undo(store.db.conn, row, "me")

    def rule(store, number):
        one, other = store.db.execute(
            "select id from events where merged_into is null and id in (select event from mentions) order by random() limit 2"
        ).fetchall()
        with contextlib.suppress(rulings.RulingError):  # the crawl has just moved it
            rulings.undo(store.db.conn, rulings.merge(store.db.conn, one[0], other[0], "me").ruling, "me")

    def keep_house(store, number):
        drop_texts(store.db, timedelta(days=60), most=10)
        erasure.erase(store.db, f"Nadia Oyelar{chr(97 + number % 26)}")
        CliRunner().invoke(main, ["backup", f"copy{number}.db", "--quiet"], catch_exceptions=False)

    def read(store, number):
        try:
            urlopen(desk + PAGES[number % len(PAGES)], timeout=30).read()
        except HTTPError as error:
            raise RuntimeError(re.sub(r"<[^>]*>|\s+", " ", error.read().decode())[:500]) from error

    workers = [repeatedly(what) for what in (crawl, review, rule, keep_house, read)]
    for worker in workers:
        worker.start()
    until = time.monotonic() + LONGEST
    while min(done.values()) < ROUNDS and not troubles and time.monotonic() < until:
        time.sleep(0.1)
    stop.set()
    for worker in workers:
        worker.join(60)
    assert troubles == [], done
    assert min(done.values()) >= ROUNDS, done
    with closing(Store("founderwatch.db")) as store:
        assert store.db.execute("pragma integrity_check").fetchone() == ("ok",)
        assert store.db.execute("select count(*) from articles").fetchone()[0] == 30 + done["crawl"]
