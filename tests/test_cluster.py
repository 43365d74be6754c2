"""A back-fill on a local Ray: the rows of one process, also when a worker is killed half-way; and the merging of Parquet."""

import os
import signal
import subprocess
import sys
import time

import pytest

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
psutil = pytest.importorskip("psutil")


from click.testing import CliRunner  # noqa: E402

from founderwatch.backfill import parts  # noqa: E402
from founderwatch.backfill.judge import Bad, Outcome  # noqa: E402
from founderwatch.cli import main  # noqa: E402
from founderwatch.items import Page  # noqa: E402
from tests.archives import EPOCH, NEWSROOM, newsroom, write  # noqa: E402
from tests.judged import mention, story  # noqa: E402
from tests.test_backfill import backfill, told  # noqa: E402


def merge(*arguments):
    return CliRunner().invoke(main, ["import", *map(str, arguments)])


def outcome(*urls):
    found = Outcome()
    for position, url in enumerate(urls):
        page = Page(url, "wire", b"", EPOCH)
        told_story = story(url, mention("Zhou Chang", when="in May"), title=f"周畅 leaves {url}")
        found.stories.append((position, told_story.grown(page=page, notes=("teaser",))))
    found.bad.append(Bad(99, "https://news.example/bad", "extract", "no text found"))
    found.counts["pages"] = 7
    return found


@pytest.fixture
def part(tmp_path):
    """A file as an actor writes it."""
    path = tmp_path / "parts" / "part.parquet"
    path.parent.mkdir()
    pq.write_table(
        parts.table(0, "/a.warc.gz", 0, 100, outcome("https://news.example/1", "https://news.example/2")), path
    )
    return path


def test_parquet_holds_a_story_as_it_was(part):
    [read] = parts.read([str(part.parent)])
    made = outcome("https://news.example/1", "https://news.example/2")
    assert list(read.stories) == made.stories
    assert (list(read.bad), read.pages) == (made.bad, 7)
    assert parts.done(str(part.parent)) == {("/a.warc.gz", 0, 100)}


def test_import_merges_and_saying_it_twice_changes_nothing(tmp_path, part):
    database = tmp_path / "founderwatch.db"
    first = merge(part.parent, "--db", database)
    assert (first.exit_code, first.stdout) == (0, "1 archives, 7 pages, 2 new, 2 flagged, 1 bad records\n")
    before = told(database)
    # A piece that was done twice, as after a worker's death, is the same piece.
    pq.write_table(pq.read_table(part), part.with_name("again.parquet"))
    assert merge(part.parent, "--db", database).exit_code == 0
    assert told(database) == before and len(before[0]) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.set_column(0, "format", pa.array([0] * len(t), pa.int32())), "an older founderwatch"),
        (lambda t: t.set_column(0, "format", pa.array([9] * len(t), pa.int32())), "a newer founderwatch"),
        (lambda t: t.select(["title"]), "not written by"),
    ],
)
def test_another_versions_files_are_refused_with_what_to_do(tmp_path, part, change, words):
    pq.write_table(change(pq.read_table(part)), part)
    said = merge(part, "--db", tmp_path / "founderwatch.db")
    assert said.exit_code == 3
    assert words in said.stderr


def test_what_is_no_parquet_is_told(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"nonsense")
    said = merge(tmp_path / "a.parquet", "--db", tmp_path / "founderwatch.db")
    assert said.exit_code == 3 and "a.parquet: cannot be read" in said.stderr
    (tmp_path / "empty").mkdir()
    assert "no Parquet file there" in merge(tmp_path / "empty", "--db", tmp_path / "founderwatch.db").stderr


def test_columns_that_an_older_file_lacks_are_empty(part):
    table = pq.read_table(part)
    pq.write_table(table.drop_columns(["site_name", "notes"]), part)
    [read] = parts.read([str(part)])
    assert [s.notes for _, s in read.stories] == [(), ()]


SMALL = "from founderwatch.backfill import cluster; cluster.SPAN = 8000; from founderwatch.cli import run; run()"


SITES = (b"http://127.0.0.1:18801/", b"http://127.0.0.1:18803/")  # one in each language


@pytest.mark.soak
@pytest.mark.long
def test_a_cluster_that_loses_a_worker_finds_what_one_process_finds(tmp_path):
    pytest.importorskip("ray")
    pages = [p for p in newsroom() if p.split(b"WARC-Target-URI: ")[1].startswith(SITES)]
    chosen = [write(tmp_path / "news.warc.gz", pages[:60]), "--sources", NEWSROOM / "sources.toml"]
    alone = tmp_path / "alone.db"
    assert backfill(*chosen, "--db", alone, "--workers", 1).returncode == 0
    folder = tmp_path / "parts"
    arguments = [sys.executable, "-c", SMALL, "backfill", *chosen, "--engine", "ray", "--workers", 2, "--out", folder]
    running = subprocess.Popen(list(map(str, arguments)), stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    try:
        killed = _kill_an_actor(running, folder)
        _, errors = running.communicate(timeout=120)
    finally:
        running.kill()  # where it has ended, nothing happens
    assert running.returncode == 0, errors
    assert killed, "no actor was there to be killed"
    together = tmp_path / "together.db"
    assert merge(folder, "--db", together).exit_code == 0
    assert told(together) == told(alone)
    assert told(together)[0], "nothing was found"
    # What is there already is not done again.
    before = sorted(folder.rglob("*.parquet"))
    again = subprocess.run(list(map(str, arguments)), capture_output=True, text=True, check=False, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert sorted(folder.rglob("*.parquet")) == before


def _kill_an_actor(process, folder):
    """Kills one of the processes that read as soon as the first piece is done."""
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        actors = [
            p for p in psutil.Process(process.pid).children(recursive=True) if p.name().startswith("ray::MapWorker")
        ]
        if actors and any(folder.rglob("*.parquet")):
            os.kill(actors[0].pid, signal.SIGKILL)
            return True
        time.sleep(0.1)
    return False
