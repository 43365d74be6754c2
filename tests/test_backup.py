"""Backup, restore and vacuum on real files: in use, damaged, newer, and where there is no room."""

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from filelock import FileLock

from founderwatch import status
from founderwatch.cli import main
from founderwatch.database.backup import check
from founderwatch.database.store import Store
from tests.judged import counts, mention, saved, story


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    folder = tmp_path / "a b 100% 新"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("FOUNDERWATCH_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    return folder


@pytest.fixture
def rows(here):
    with closing(Store("founderwatch.db")) as store:
        saved(store, *(story(f"https://a.example/{n}", mention(f"Mara Lind{'abcdefghij'[n]}")) for n in range(10)))
        return counts(store)


def run(*arguments):
    return CliRunner().invoke(main, [str(a) for a in arguments])


def contents(path):
    with closing(Store(path)) as store:
        return counts(store)


def files(here):
    """Every file but SQLite's own helpers, which a reader leaves behind, and the lock."""
    return {p.name: p.read_bytes() for p in here.iterdir() if not p.name.endswith((".lock", "-wal", "-shm"))}


def newer(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("insert into _sqlite_migrations values (99, 'founderwatch', '999_later', '2030-01-01')")
        connection.commit()


def damaged(path):
    text = bytearray(path.read_bytes())
    text[8192:20480] = b"\x5a" * 12288
    path.write_bytes(text)


# Backup


def test_a_backup_is_one_whole_file(here, rows):
    found = run("backup", "copy.db")
    assert (found.exit_code, found.stderr) == (status.DONE, "")
    assert "checked" in found.stdout
    assert sorted(files(here)) == ["copy.db", "founderwatch.db"]
    assert not list(here.glob("copy.db-*"))
    assert contents("copy.db") == rows
    assert run("backup", "--quiet").output == ""
    assert len(list(here.glob("founderwatch.db.backup-*Z"))) == 1


def test_a_backup_while_another_process_writes_is_of_one_moment(here, rows):
    stop = threading.Event()
    wrote = []

    def write():
        with closing(Store("founderwatch.db")) as store:
            while not stop.is_set():
                store.save(story(f"https://b.example/{len(wrote)}", mention("Jo Park")), 0.5)
                wrote.append(1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            assert run("backup", f"copy{number}.db").exit_code == status.DONE
    finally:
        stop.set()
        writer.join()
    assert wrote
    for number in range(3):
        check(Path(f"copy{number}.db"))
        found = contents(f"copy{number}.db")
        assert found["articles"] == found["assessments"] == found["mentions"] >= rows["articles"]


def test_no_file_is_overwritten(here, rows):
    Path("copy.db").write_text("precious")
    for target in ("copy.db", "founderwatch.db"):
        before = files(here)
        found = run("backup", target)
        assert (found.exit_code, "is there already" in found.stderr) == (status.FAILED, True)
        assert files(here) == before


@pytest.mark.parametrize("harm", [damaged, newer, lambda path: path.write_text("Dear friend,\n" * 999)])
def test_a_database_that_is_not_whole_is_not_backed_up(here, rows, harm):
    harm(here / "founderwatch.db")
    before = files(here)
    found = run("backup", "copy.db")
    assert found.exit_code == status.FAILED
    assert found.stderr.startswith("founderwatch: founderwatch.db ")
    assert files(here) == before


def test_without_a_database_or_a_folder_nothing_is_made(here):
    assert "founderwatch.db: no such file" in run("backup").stderr
    assert list(here.iterdir()) == []
    Store("founderwatch.db").close()
    found = run("backup", "missing/copy.db")
    assert found.exit_code == status.FAILED
    assert "missing" in found.stderr


def limited(size, *arguments):
    """The command on a disk that takes files of so many bytes."""
    script = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size})); from founderwatch.cli import run; run()"
    return subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [["backup", "copy.db"], ["restore", "good.db"]], ids=" ".join)
def test_a_full_disk_leaves_all_as_it_was(here, rows, arguments):
    assert run("backup", "good.db").exit_code == status.DONE
    before = files(here)
    found = limited(50_000, *arguments)
    assert found.returncode == status.FAILED
    assert len(found.stderr.splitlines()) == 1, found.stderr
    assert "cannot be copied" in found.stderr
    assert files(here) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder_is_told(here, rows):
    Path("ro").mkdir(mode=0o555)
    assert run("backup", "ro/copy.db").exit_code == status.FAILED


# Restore


def test_a_restored_database_is_the_backup_and_the_old_one_is_kept(here, rows):
    run("backup", "good.db")
    with closing(Store("founderwatch.db")) as store:
        store.save(story("https://late.example/1", mention("Jo Park")), 0.5)
        later = counts(store)
    found = run("restore", "good.db")
    assert found.exit_code == status.DONE, found.output
    assert contents("founderwatch.db") == rows != later
    [kept] = here.glob("founderwatch.db.before-restore-*Z")
    assert str(kept.name) in found.stdout
    assert contents(kept) == later
    assert contents("good.db") == rows


def test_a_database_whose_last_writer_was_killed_is_kept_with_what_it_wrote(here, rows):
    run("backup", "good.db")
    script = (
        "import os; from founderwatch.database.store import Store; s = Store('founderwatch.db');"
        "s.db['runs'].insert({'command': 'killed', 'started_at': 'x'}); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", script], check=False)
    assert (here / "founderwatch.db-wal").stat().st_size
    assert run("restore", "good.db").exit_code == status.DONE
    assert contents("founderwatch.db") == rows
    [kept] = here.glob("founderwatch.db.before-restore-*Z")
    assert contents(kept)["runs"] == rows["runs"] + 1


@pytest.mark.parametrize("harm", [damaged, lambda path: path.write_text("Dear friend,\n" * 999)])
def test_a_damaged_database_is_replaced(here, rows, harm):
    run("backup", "good.db")
    harm(here / "founderwatch.db")
    (here / "founderwatch.db-wal").write_bytes(b"old log")
    assert run("restore", "good.db").exit_code == status.DONE
    assert contents("founderwatch.db") == rows
    assert len(list(here.glob("founderwatch.db.before-restore-*Z"))) == 1


def test_a_missing_database_is_made(here, rows):
    run("backup", "good.db")
    (here / "founderwatch.db").unlink()
    assert run("restore", "good.db").exit_code == status.DONE
    assert contents("founderwatch.db") == rows


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (damaged, "is damaged"),
        (newer, "newer founderwatch (999_later): upgrade"),
        (lambda path: path.write_text("Dear friend,\n" * 999), "is damaged or no database"),
        (lambda path: path.write_bytes(path.read_bytes()[:9000]), "is damaged"),
        (lambda path: path.write_bytes(b""), "is no founderwatch database"),
        (Path.unlink, "no such file"),
    ],
)
def test_a_bad_backup_is_refused_and_the_database_left_alone(here, rows, harm, message):
    run("backup", "bad.db")
    harm(here / "bad.db")
    before = files(here)
    found = run("restore", "bad.db")
    assert found.exit_code == status.FAILED
    assert message in found.stderr
    assert files(here) == before


def test_another_programs_database_is_no_backup(here, rows):
    with closing(sqlite3.connect("other.db")) as connection:
        connection.execute("create table notes (text)")
    assert "other.db is no founderwatch database" in run("restore", "other.db").stderr


def test_nothing_is_restored_or_vacuumed_under_a_crawl_or_over_an_open_desk(here, rows):
    run("backup", "good.db")
    with FileLock("founderwatch.db.lock"):
        assert run("restore", "good.db").exit_code == run("vacuum").exit_code == status.BUSY
        assert run("backup", "during.db").exit_code == status.DONE
    with closing(Store("founderwatch.db")) as store:
        found = run("restore", "good.db")
        assert (found.exit_code, "founderwatch serve" in found.stderr) == (status.BUSY, True)
        assert counts(store) == rows
    assert run("restore", "founderwatch.db").exit_code == status.USAGE


# Vacuum


def test_vacuum_gives_space_back_and_loses_nothing(here, rows):
    with closing(Store("founderwatch.db")) as store:
        store.db["filler"].insert_all({"text": "x" * 1000} for _ in range(2000))
        store.db["filler"].drop()
    large = (here / "founderwatch.db").stat().st_size
    with closing(sqlite3.connect("founderwatch.db")) as reader:
        reader.execute("select * from flagged").fetchall()
        found = run("vacuum")
    assert found.exit_code == status.DONE, found.output
    assert (here / "founderwatch.db").stat().st_size < large / 2
    assert contents("founderwatch.db") == rows
    check(Path("founderwatch.db"))


def test_vacuum_makes_no_database(here):
    assert run("vacuum").exit_code == status.FAILED
    assert list(here.iterdir()) == []
