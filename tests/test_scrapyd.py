"""A real scrapyd takes the deployment, runs its spider, and fills the database."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from filelock import FileLock

from tests.newsroom.server import serve

pytest.importorskip("scrapyd", reason="needs scrapyd: pip install -e '.[scrapyd]'")
pytest.importorskip("scrapyd_client", reason="needs scrapyd-client: pip install -e '.[scrapyd]'")

ROOT = Path(__file__).parents[1]
LONGEST = 300  # seconds


@contextmanager
def scrapyd(folder: Path):
    """A running scrapyd with the project deployed; gives what asks it."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    (folder / "scrapyd.conf").write_text(f"[scrapyd]\nhttp_port = {port}\npoll_interval = 0.2\n")
    environment = {name: value for name, value in os.environ.items() if name != "FOUNDERWATCH_CONFIG"}
    environment["PYTHONPATH"] = str(ROOT)

    def ask(path: str, **form: str) -> dict:
        data = urlencode(form).encode() if form else None
        with urlopen(f"http://127.0.0.1:{port}/{path}", data, timeout=LONGEST) as answer:
            return json.load(answer)

    with open(folder / "said", "w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "scrapyd"], cwd=folder, env=environment, stdout=said, stderr=said
        )
    try:
        until = time.monotonic() + LONGEST
        while True:
            try:
                ask("daemonstatus.json")
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < until, (folder / "said").read_text()
                time.sleep(0.2)
        shutil.copytree(ROOT / "deploy", folder / "deploy", ignore=lambda _, names: set(names) - {"scrapy.cfg"})
        config = folder / "deploy/scrapy.cfg"
        config.write_text(config.read_text().replace(":6800", f":{port}"))
        deploy = [sys.executable, "-m", "scrapyd_client.deploy"]
        done = subprocess.run(
            deploy, cwd=folder / "deploy", env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 and '"status": "ok"' in done.stdout, done.stdout + done.stderr
        yield ask
    finally:
        process.terminate()
        process.wait(30)


def finished(ask, folder: Path, job: str) -> str:
    """Waits for a job; gives its log."""
    until = time.monotonic() + LONGEST
    while job not in {one["id"] for one in ask("listjobs.json?project=founderwatch")["finished"]}:
        assert time.monotonic() < until, "the job does not end"
        time.sleep(0.5)
    return (folder / f"logs/founderwatch/news/{job}.log").read_text(encoding="utf-8")


@pytest.mark.long
def test_a_job_fills_the_database_and_stays_out_of_a_crawls_way(tmp_path):
    with serve(ports=0) as newsroom, scrapyd(tmp_path) as ask:
        (tmp_path / "sources.toml").write_text(newsroom.sources(), encoding="utf-8")
        assert "news" in ask("listspiders.json?project=founderwatch")["spiders"]
        job = {"project": "founderwatch", "spider": "news", "sources": "sources.toml", "only": "stackledger,xinchao"}
        with FileLock(tmp_path / "founderwatch.db.lock"):
            log = finished(ask, tmp_path, ask("schedule.json", **job)["jobid"])
            assert "another crawl is using" in log and not (tmp_path / "founderwatch.db").exists()
        log = finished(ask, tmp_path, ask("schedule.json", **job)["jobid"])
    with closing(sqlite3.connect(tmp_path / "founderwatch.db")) as database:
        people = {person for (person,) in database.execute("select person from flagged")}
        sources = database.execute("select source, count(*) from articles group by source order by source").fetchall()
        titles = dict(database.execute("select name, title from sources"))
    assert "Lin Wanqing" in people, log
    assert [name for name, _ in sources] == ["stackledger", "xinchao"] and min(n for _, n in sources) >= 10
    assert titles["stackledger"] == "Stack Ledger"
