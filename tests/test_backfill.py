"""`founderwatch backfill`: real archives, real worker processes, real model, real database."""

import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

from founderwatch.backfill import run
from tests.archives import GOLD, NEWSROOM, newsroom, record, write

SOURCES = NEWSROOM / "sources.toml"
SITES = ("http://127.0.0.1:18801/", "http://127.0.0.1:18803/")  # harborwire, xinchao
COMMAND = [sys.executable, "-m", "founderwatch", "backfill"]


def backfill(*arguments, **options):
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=280, check=False, **options)


def rows(database, sql):
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(sql)]


def told(database):
    """What the database says of the world, without the times at which it learnt it."""
    return [
        rows(database, f"select {columns} from {table} order by {columns}")
        for table, columns in (
            ("articles", "url, source, title, body, language, published, first_seen_at"),
            ("events", "id, person, kind, status, employer, score, flagged"),
            ("mentions", "person, kind, status, employer, evidence"),
            ("bad_records", "file, position, stage, reason"),
        )
    ]


@pytest.fixture(scope="module")
def pages():
    """What two sites serve, one in each language; of the stories in which nobody founds anything only a few."""
    ordinary = [g["url"] for g in GOLD if not g["flag"]]
    left_out = {url for n, url in enumerate(ordinary) if n % 4}
    return [p for p in newsroom() if _address(p).startswith(SITES) and _address(p) not in left_out]


def _address(page):
    return page.split(b"WARC-Target-URI: ")[1].split(b"\r\n")[0].decode()


@pytest.fixture(scope="module")
def archive(tmp_path_factory, pages):
    return write(tmp_path_factory.mktemp("archive") / "news.warc.gz", pages)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, archive):
    """A database into which the archive was read in one go, with what the command said."""
    database = tmp_path_factory.mktemp("whole") / "founderwatch.db"
    return database, backfill(archive, "--sources", SOURCES, "--db", database, "--workers", 1)


def test_finds_the_founders_of_an_archive(whole):
    database, said = whole
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("1 files read, ") and " flagged" in said.stdout
    stored = {row["url"] for row in rows(database, "select url from articles")}
    flagged = {g["url"] for g in GOLD if g["flag"] and g["site"] in ("harborwire", "xinchao")}
    assert flagged - stored == set()
    assert len(rows(database, "select * from flagged")) >= 0.8 * len(
        {e["person"] for g in GOLD if g["url"] in flagged for e in g["events"]}
    )


def test_a_story_is_as_old_as_its_archive(whole):
    database, _ = whole
    assert {row["first_seen_at"][:10] for row in rows(database, "select first_seen_at from articles")} == {"2026-07-06"}
    assert {row["source"] for row in rows(database, "select source from articles")} <= {"harborwire", "xinchao"}


def test_what_was_read_is_not_read_again(whole, archive):
    database, _ = whole
    before = told(database)
    again = backfill(archive, "--sources", SOURCES, "--db", database, "--workers", 1)
    assert again.returncode == 0
    assert again.stdout.startswith("1 files read (1 read before), 0 pages")
    assert told(database) == before


def test_goes_on_after_a_kill_and_ends_the_same(tmp_path, whole, archive):
    database = tmp_path / "founderwatch.db"
    script = "from founderwatch.backfill import run; run.SPAN = 8000; from founderwatch.cli import run; run()"
    arguments = [archive, "--sources", SOURCES, "--db", database, "--workers", 1]
    killed = subprocess.Popen([sys.executable, "-c", script, "backfill", *map(str, arguments)], start_new_session=True)
    place = "select position, pages from backfills where position > 0"
    until = time.monotonic() + 120
    while not (database.exists() and _asked(database, place)) and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    [stood] = rows(database, place)
    assert 0 < stood["position"] < archive.stat().st_size
    assert rows(database, "select finished_at from backfills") == [{"finished_at": None}]
    resumed = subprocess.run(
        [sys.executable, "-c", script, "backfill", *map(str, arguments)], check=False, capture_output=True, text=True
    )
    assert resumed.returncode == 0, resumed.stderr
    pages = int(resumed.stdout.split(" pages")[0].split(", ")[-1])
    assert 0 < pages == rows(database, "select pages from backfills")[0]["pages"] - stood["pages"]
    assert told(database) == told(whole[0])


def _asked(database, sql):
    try:
        return rows(database, sql)
    except sqlite3.Error:
        return []


def test_a_second_back_fill_into_one_database_ends_at_once(tmp_path, archive):
    database = tmp_path / "founderwatch.db"
    with FileLock(f"{database}.backfill.lock"):
        said = backfill(archive, "--db", database)
    assert said.returncode == 75
    assert "another backfill is using" in said.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing-*.warc.gz"], "no such file, folder or pattern: nothing-*.warc.gz"),
        (["{archive}", "--since", "soon"], "since must be a span"),
        (["{archive}", "--languages", "english"], "--languages takes codes such as en,zh"),
        (["{archive}", "--workers", "0"], "--workers"),
        ([], "Missing argument"),
    ],
)
def test_wrong_usage_ends_with_2(here, archive, arguments, words):
    said = backfill(*[a.format(archive=archive) for a in arguments], cwd=here)
    assert said.returncode == 2
    assert words in said.stderr


def test_a_damaged_archive_gives_what_it_has(tmp_path, pages):
    """Every kind of damage at once, in three files; one of them is no archive at all."""
    told_story = next(p for p in pages if "/story/nvidia-robotics-chief" in _address(p))
    members = [gzip.compress(p) for p in pages[:3]]
    lying = record("http://broken.example/1", b"<p>short</p>", length=90_000)
    data = members[0] + members[1][:200] + gzip.compress(lying) + gzip.compress(told_story)
    (tmp_path / "damaged.warc.gz").write_bytes(data)
    (tmp_path / "cut.warc.gz").write_bytes(members[0] + members[1][:-40])
    (tmp_path / "page.warc.gz").write_bytes(b"<html>no archive</html>")
    database = tmp_path / "founderwatch.db"
    said = backfill(tmp_path, "--db", database, "--workers", 1)
    assert said.returncode == 1
    assert "cut.warc.gz: the file ends within this record" in said.stderr
    assert "page.warc.gz: not a WARC file" in said.stderr
    assert len(rows(database, "select * from flagged where employer like '%Nvidia%'")) == 1
    reasons = {
        Path(r["file"]).name: r["reason"]
        for r in rows(database, "select file, reason from bad_records where stage = 'read'")
    }
    assert set(reasons) == {"damaged.warc.gz", "cut.warc.gz"}
    ended = {Path(r["file"]).name: r["finished_at"] for r in rows(database, "select file, finished_at from backfills")}
    assert ended["damaged.warc.gz"] and not ended["cut.warc.gz"]
    # What was still being written when it was read is read on when it has grown.
    (tmp_path / "cut.warc.gz").write_bytes(b"".join(members))
    (tmp_path / "page.warc.gz").unlink()
    assert backfill(tmp_path, "--db", database, "--workers", 1).returncode == 0


def test_only_files_that_cannot_be_read_end_with_3(tmp_path):
    (tmp_path / "a.warc.gz").write_bytes(b"nonsense")
    assert backfill(tmp_path / "a.warc.gz", "--db", tmp_path / "founderwatch.db").returncode == 3


def test_since_until_and_languages_choose(tmp_path, archive):
    database = tmp_path / "founderwatch.db"
    said = backfill(
        archive, "--db", database, "--workers", 1, "--since", "2026-07-03", "--until", "2026-07-04", "--languages", "zh"
    )
    assert said.returncode == 0, said.stderr
    stored = rows(database, "select distinct language, substr(published, 1, 10) as day from articles")
    assert stored and {s["language"] for s in stored} == {"zh"}
    assert {s["day"] for s in stored} - {None} == {"2026-07-03"}  # what has no date may well be of those days


def test_all_keeps_every_article(tmp_path, pages):
    french = (
        "<html lang='fr'><body><article><h1>Une rentrée</h1><p>" + "Les enfants reprennent le chemin de l'école. " * 30
    )
    plain = (
        "<html lang='en'><body><article><h1>A walk</h1><p>" + "The path along the river is dry again this week. " * 30
    )
    records = [record(f"http://site{n}.example/story", text.encode()) for n, text in enumerate((french, plain))]
    archive = write(tmp_path / "two.warc.gz", records)
    for options, languages in (((), []), (("--all",), ["en", "fr"]), (("--all", "--languages", "en"), ["en"])):
        database = tmp_path / f"{len(options)}.db"
        assert backfill(archive, "--db", database, "--workers", 1, *options).returncode == 0
        assert [r["language"] for r in rows(database, "select language from articles order by language")] == languages


def test_another_question_reads_again(tmp_path, whole):
    assert run.SPAN > 1000  # the others make it small in processes of their own
    questions = rows(whole[0], "select asked from backfills")
    assert json.loads(questions[0]["asked"]) | {"model": ""} == {
        "all": False,
        "languages": ["en", "zh"],
        "model": "",
        "since": None,
        "sources": str(SOURCES.resolve()),
        "until": None,
    }
