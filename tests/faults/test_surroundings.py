"""The machine lets the program down: no room, no right to write, no handles, no network, a wrong clock, damaged files."""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import sqlite3
import subprocess
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from founderwatch.database.backup import backup
from founderwatch.database.store import DatabaseError, Store
from models.encoder import WEIGHTS, Encoder, ModelError
from tests.faults.command import founderwatch
from tests.faults.content import content, differences
from tests.judged import THRESHOLD, mention, story
from tests.mockserver import Handler, Server

pytestmark = [pytest.mark.long, pytest.mark.soak]

BIG = "It was a long day, and nobody left. " * 800


def stored_well(path):
    """The file is whole, and each story that it names is there in full."""
    found = content(path)
    return len(found["articles"])


def known_addresses(path):
    """Of the eleven stories that the site names, near copies of one source may be one article; each has its address."""
    return len({row[0] for row in content(path)["addresses"] if "/story/" in row[0]})


@contextmanager
def small_disk(folder: Path, size: str):
    """A file system of its own with so little room."""
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, check=False
    ).returncode:
        pytest.skip("this needs the right to mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=False)


def remount(folder, options):
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


class Site(Handler):
    """A feed of good stories; once `server.silent_after` requests were answered, the network is gone."""

    def do_GET(self):
        if len(self.server.asked) >= self.server.silent_after:
            self.close_connection = True
            self.connection.close()
            return
        super().do_GET()


@pytest.fixture
def site(here):
    """A site with two stories on its feed, a registry of it and an empty configuration."""
    server = Server(3)
    server.RequestHandlerClass = Site
    server.silent_after = 10**9
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    registry = (
        f'[[source]]\nname = "good"\nhome = "{server.base}/"\nlanguage = "en"\nfeeds = ["{server.base}/feed/good"]\n'
    )
    registry += (
        f'[[source]]\nname = "list"\nhome = "{server.base}/l"\nlanguage = "en"\nlistings = ["{server.base}/list/1"]\n'
    )
    (here / "sources.toml").write_text(registry)
    yield server
    server.shutdown()
    server.server_close()


CRAWL = ("crawl", "--sources", "sources.toml")


def titles(path):
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute("select url from articles")}


# No room


def write_until_full(path):
    number = 0
    with closing(Store(path)) as store:
        try:
            while number < 2000:
                store.save(
                    story(f"https://a.example/{number}", mention("Mara Lindqvist"), body=f"{number} {BIG}"), THRESHOLD
                )
                number += 1
        except sqlite3.OperationalError as error:
            assert "full" in str(error) or "disk" in str(error)
            return number
    pytest.fail("the disk was never full")


def test_a_full_disk_loses_nothing_that_was_stored_and_work_goes_on_when_there_is_room(tmp_path):
    with small_disk(tmp_path / "disk", "3m") as disk:
        path = disk / "founderwatch.db"
        stored = write_until_full(path)
        assert stored > 3 and stored_well(path) == stored
        told = founderwatch("backup", "--db", path)
        assert told.returncode == 3 and "founderwatch: " in told.stderr
        assert not [p for p in disk.iterdir() if "part" in p.name or "backup" in p.name]
        told = founderwatch("doctor", "--db", path)
        assert told.returncode == 3 and "make room" in told.stdout
        remount(disk, "size=30m")
        with closing(Store(path)) as store:
            for number in range(stored + 5):
                store.save(
                    story(f"https://a.example/{number}", mention("Mara Lindqvist"), body=f"{number} {BIG}"), THRESHOLD
                )
        assert stored_well(path) == stored + 5


def test_a_crawl_on_a_full_disk_says_so_and_the_next_one_brings_everything(tmp_path, site):
    with small_disk(tmp_path / "disk", "3m") as disk:
        path = disk / "founderwatch.db"
        write_until_full(path)
        (disk / "filler").write_bytes(b"x" * os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize)
        told = founderwatch(*CRAWL, "--db", path)
        assert told.returncode in (1, 3), told
        assert "full" in told.stderr or "disk" in told.stderr, told.stderr
        (disk / "filler").unlink()
        remount(disk, "size=60m")
        assert founderwatch(*CRAWL, "--db", path).returncode == 0
        assert founderwatch(*CRAWL).returncode == 0, "the same, undisturbed"
        assert titles(path) >= titles("founderwatch.db")


def test_a_limit_on_file_size_is_told_and_costs_no_stored_story(here, site):
    told = founderwatch(*CRAWL, limits={resource.RLIMIT_FSIZE: 200_000})
    assert told.returncode in (1, 3) and "founderwatch: " in told.stderr, told
    assert founderwatch(*CRAWL).returncode == 0
    assert known_addresses("founderwatch.db") >= 11


# No right to write


def test_a_read_only_disk_is_told_and_nothing_is_changed(tmp_path, site):
    with small_disk(tmp_path / "disk", "20m") as disk:
        path = disk / "founderwatch.db"
        with closing(Store(path)) as store:
            store.save(story("https://a.example/1", mention("Mara Lindqvist")), THRESHOLD)
        remount(disk, "ro")
        for command in (CRAWL, ("events",), ("backup",), ("vacuum",), ("erase", "Mara Lindqvist", "--yes")):
            told = founderwatch(*command, "--db", path)
            assert told.returncode == 3, (command, told)
            assert told.stderr.count("\n") == 1 and (
                "cannot be read" in told.stderr
                or "read-only" in told.stderr.lower()
                or "readonly" in told.stderr.lower()
            ), told.stderr
        told = founderwatch("doctor", "--db", path)
        assert told.returncode == 3 and "cannot be written" in told.stdout
        remount(disk, "rw")
        assert stored_well(path) == 1


# No handles


@pytest.mark.parametrize("handles", [20, 28, 40])
def test_few_file_handles_end_in_words_and_lose_nothing(here, site, handles):
    told = founderwatch(*CRAWL, limits={resource.RLIMIT_NOFILE: handles})
    assert told.returncode in (0, 1, 3), told
    if told.returncode:
        assert told.stderr.strip(), "it says why"
    assert founderwatch(*CRAWL).returncode == 0
    assert known_addresses("founderwatch.db") >= 11


# The clock


def test_a_clock_that_was_set_back_hides_no_news(here, site):
    assert founderwatch(*CRAWL, "--only", "good").returncode == 0
    with closing(sqlite3.connect("founderwatch.db")) as connection:
        for table, columns in {
            "runs": ("started_at", "finished_at"),
            "articles": ("first_seen_at",),
            "channels": ("checked_at", "oldest"),
        }.items():
            for column in columns:
                connection.execute(f"update {table} set {column} = replace({column}, '2026-', '2031-')")
        connection.commit()
    told = founderwatch(*CRAWL)
    assert told.returncode == 0, told
    assert known_addresses("founderwatch.db") >= 11
    verdicts = json.loads(founderwatch("doctor", "--json").stdout)
    [clock] = [v for v in verdicts if v["check"] == "clock"]
    assert clock["level"] == "attention" and "timedatectl" in clock["advice"]


# The network


def test_names_that_cannot_be_resolved_are_told_and_asked_again(here):
    Path("sources.toml").write_text(
        '[[source]]\nname = "gone"\nhome = "https://gone.invalid/"\nlanguage = "en"\nfeeds = ["https://gone.invalid/feed"]\n'
    )
    for _ in range(4):  # more often than an address that fails is tried
        told = founderwatch(*CRAWL)
        assert told.returncode == 3
        assert "the host name cannot be resolved" in told.stderr and "nothing could be done" in told.stderr


@pytest.mark.parametrize("answered", [2, 5])
def test_a_network_that_goes_half_way_costs_nothing_in_the_end(here, site, answered):
    site.silent_after = answered
    told = founderwatch(*CRAWL)
    assert told.returncode in (1, 3) and told.stderr
    had = titles("founderwatch.db")
    site.silent_after = 10**9
    assert founderwatch(*CRAWL).returncode == 0
    assert known_addresses("founderwatch.db") >= 11 and had <= titles("founderwatch.db")
    with closing(sqlite3.connect("founderwatch.db")) as connection:
        assert connection.execute("select count(*) from failures").fetchone() == (0,)


def test_a_port_where_nobody_listens(here):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    Path("sources.toml").write_text(
        f'[[source]]\nname = "gone"\nhome = "http://127.0.0.1:{port}/"\nlanguage = "en"\nfeeds = ["http://127.0.0.1:{port}/feed"]\n'
    )
    told = founderwatch(*CRAWL)
    assert told.returncode == 3 and "refuses connections" in told.stderr


# Damaged files


@pytest.fixture
def model(tmp_path):
    shutil.copytree(WEIGHTS, tmp_path / "model")
    return tmp_path / "model"


def test_a_few_wrong_bytes_in_the_model_are_noticed_and_refused(here, model, site):
    weights = model / "model.onnx"
    with weights.open("r+b") as file:
        file.seek(weights.stat().st_size // 2)
        file.write(bytes(8))
    Path("founderwatch.toml").write_text('model = "model"\n')
    for command in (CRAWL, ("scan", "--jsonl", "-")):
        told = founderwatch(*command)
        assert told.returncode == 3 and "model.onnx is damaged" in told.stderr and told.stderr.count("\n") == 1
    told = founderwatch("doctor")
    assert told.returncode == 3 and "is not the file that config.json tells of" in told.stdout


@pytest.mark.parametrize("harm", ["cut", "empty", "gone", "config", "tokenizer"])
def test_other_damage_to_the_model_is_refused(model, harm):
    weights, config = model / "model.onnx", model / "config.json"
    match harm:
        case "cut":
            os.truncate(weights, weights.stat().st_size // 2)
        case "empty":
            os.truncate(weights, 0)
        case "gone":
            weights.unlink()
        case "config":
            config.write_text("{")
        case "tokenizer":
            (model / "tokenizer.json").write_text('{"broken": ')
    with pytest.raises(ModelError) as told:
        Encoder(model).session  # noqa: B018
    assert str(model) in str(told.value)


@pytest.mark.parametrize("where", [0.2, 0.5, 0.8])
def test_a_damaged_database_is_refused_and_restored_from_the_backup(here, site, where):
    path = Path("founderwatch.db")
    assert founderwatch(*CRAWL).returncode == 0
    backup(path, Path("copy.db"))
    expected = content(path)
    data = bytearray(path.read_bytes())
    at = int(len(data) * where) // 4096 * 4096
    data[at : at + 4096 * 3] = b"\x5a" * 4096 * 3
    path.write_bytes(data)
    told = founderwatch(*CRAWL)
    assert told.returncode == 3 and "damaged" in told.stderr and "restore" in told.stderr, told
    assert founderwatch("doctor").returncode == 3
    assert founderwatch("backup").returncode == 3, "no damaged backup takes a good one's place"
    assert founderwatch("restore", "copy.db").returncode == 0
    assert differences(expected, content(path)) == ([], [])
    assert founderwatch(*CRAWL).returncode == 0


@pytest.mark.parametrize("keep", [0, 10, 100, 5000, 0.5])
def test_a_database_that_is_cut_off_is_refused(here, keep):
    path = Path("founderwatch.db")
    with closing(Store(path)) as store:
        for number in range(40):
            store.save(story(f"https://a.example/{number}", mention("Jo Park"), body=BIG), THRESHOLD)
    size = path.stat().st_size
    os.truncate(path, int(keep if keep >= 1 or not keep else size * keep))
    if not keep:
        return Store(path).close()  # an empty file is a new database, as for SQLite itself
    with pytest.raises(DatabaseError, match=r"damaged|no SQLite file"), closing(Store(path)) as store:
        store.look_over(5)


def test_a_look_over_takes_no_longer_than_it_may(here):
    with closing(Store("founderwatch.db")) as store:
        for number in range(300):
            store.save(story(f"https://a.example/{number}", body=f"{number}{BIG}"), THRESHOLD)
        started = time.monotonic()
        store.look_over(0.01)
        assert time.monotonic() - started < 1
