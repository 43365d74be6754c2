"""The doctor's verdicts on installations that are well, and on others that were harmed on purpose."""

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from filelock import FileLock

from founderwatch import status
from founderwatch.cli import main
from founderwatch.database.store import Store
from spiders.sources import Source

NOW = datetime.now(UTC)
# Stands for the default model, whose checksum takes a moment.
MODEL = {"config.json": '{"founderwatch": {"version": "t", "sha256": "%s"}}', "model.onnx": "weights"}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder with a small model of right checksum and a database with one good crawl."""
    folder = tmp_path / "a b 100% 新"
    (folder / "weights").mkdir(parents=True)
    (folder / "weights/model.onnx").write_text(MODEL["model.onnx"])
    digest = hashlib.sha256(MODEL["model.onnx"].encode()).hexdigest()
    (folder / "weights/config.json").write_text(MODEL["config.json"] % digest)
    (folder / "founderwatch.toml").write_text('model = "weights"\n')
    monkeypatch.chdir(folder)
    monkeypatch.delenv("FOUNDERWATCH_CONFIG", raising=False)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**12, 0, 10**12))
    with closing(Store("founderwatch.db")) as store:
        crawled(store)
    return folder


def crawled(store, failing=(), hours=1):
    names = [f"source{n}" for n in range(10)]
    store.register_sources(Source(n, n, "https://a.example/", "en") for n in names)
    rows = [{"source": n, "channels": 1, "channels_failed": int(n in failing), "message": "gone"} for n in names]
    run = store.start_run("crawl")
    store.finish_run(run, {"found": 3, "new": 2, "failed": 1}, rows)
    began = (NOW - timedelta(hours=hours)).isoformat(timespec="seconds")
    with store.db.conn:
        store.db.execute("update runs set started_at = ?, finished_at = ? where id = ?", [began, began, run])


def changed(statement, *values):
    with closing(sqlite3.connect("founderwatch.db")) as connection, connection:
        connection.execute(statement, values)


def run(*arguments):
    return CliRunner().invoke(main, ["doctor", *map(str, arguments)])


def judged(*arguments):
    """The exit status, and the verdicts that are not good."""
    found = run("--json", *arguments)
    ill = [v for v in json.loads(found.stdout) if v["level"] != "ok"]
    assert all(v["advice"] for v in ill)
    return found.exit_code, {v["check"]: (v["level"], v["found"]) for v in ill}


def test_all_is_well(here):
    before = sorted(p.name for p in here.iterdir())
    found = run()
    assert found.exit_code == status.DONE, found.output
    assert [line.split()[:2] for line in found.stdout.splitlines()] == [
        ["ok", check]
        for check in ("python", "packages", "model", "database", "clock", "lock", "runs", "sources", "alerts", "archive", "disk", "permissions")
    ]  # fmt: skip
    assert run("--quiet").output == ""
    assert judged() == (status.DONE, {})
    assert [p.name for p in sorted(here.iterdir()) if p.suffix not in (".db-wal", ".db-shm")] == before


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (lambda: Path("weights/model.onnx").write_text("weightz"), "is not the file that config.json tells of"),
        (lambda: Path("weights/model.onnx").unlink(), "No such file"),
        (lambda: Path("weights/config.json").write_text("[]"), "is no founderwatch model's"),
        (lambda: Path("weights/config.json").write_bytes(b"\xff{"), "is no founderwatch model's"),
        (lambda: shutil.rmtree("weights"), "No such file"),
    ],
)
def test_a_damaged_model_is_unusable(harm, found):
    harm()
    code, ill = judged()
    assert (code, list(ill)) == (status.FAILED, ["model"])
    assert ill["model"][0] == "unusable" and found in ill["model"][1]


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (lambda: Path("founderwatch.db").write_text("Dear friend,\n" * 999), "is damaged or no database"),
        (lambda: Path("founderwatch.db").write_bytes(Path("founderwatch.db").read_bytes()[:20000]), "is damaged"),
        (lambda: changed("insert into _sqlite_migrations values (99, 'founderwatch', '999_later', 'x')"), "newer"),
        (lambda: changed("drop table runs"), "is no founderwatch database"),
    ],
)
def test_a_database_that_cannot_be_used_is_unusable(harm, found):
    harm()
    code, ill = judged()
    assert (code, list(ill)) == (status.FAILED, ["database"])
    assert found in ill["database"][1]


def test_a_missing_database_wants_attention_and_is_not_made(here):
    assert judged("--db", "new.db") == (
        status.PARTLY,
        {"database": ("attention", "new.db does not exist yet")},
    )
    assert not (here / "new.db").exists()


def test_a_clock_that_was_set_back_is_told():
    changed("update runs set started_at = ?", (NOW + timedelta(days=2)).isoformat(timespec="seconds"))
    code, ill = judged()
    assert (code, list(ill)) == (status.PARTLY, ["clock"])


def test_a_lock_file_is_no_lock_and_a_long_run_is_told():
    Path("founderwatch.db.lock").touch()
    assert judged() == (status.DONE, {})
    with FileLock("founderwatch.db.lock"):
        assert judged() == (status.DONE, {})
        began = (NOW - timedelta(hours=9)).isoformat(timespec="seconds")
        changed("insert into runs (command, started_at) values ('crawl', ?)", began)
        assert judged() == (status.PARTLY, {"lock": ("attention", f"held since {began}")})
    code, ill = judged()
    assert (code, list(ill)) == (status.PARTLY, ["runs"])
    assert "1 of the last 2 runs were broken off" in ill["runs"][1]


def test_a_crawl_that_no_longer_comes_is_told():
    began = (NOW - timedelta(days=2)).isoformat(timespec="seconds")
    changed("update runs set started_at = ?, finished_at = ?", *[began] * 2)
    assert list(judged()[1]) == ["runs"]
    changed("delete from source_runs")
    changed("delete from runs")
    assert judged()[1]["runs"] == ("attention", "no crawl has ended yet")


@pytest.mark.parametrize(("failing", "code"), [(2, status.DONE), (3, status.PARTLY)])
def test_a_few_failing_sources_are_usual_many_are_not(failing, code):
    with closing(Store("founderwatch.db")) as store:
        crawled(store, failing=[f"source{n}" for n in range(failing)])
    assert judged()[0] == code
    assert f"{10 - failing} of 10 in order; not: source0, source1" in run().stdout


def test_a_paused_source_is_not_in_order():
    with closing(Store("founderwatch.db")) as store:
        crawled(store, failing=["source0"])
    at = NOW.isoformat(timespec="seconds")
    changed(
        "insert or replace into timetable values ('source0', 'paused', ?, ?, 0, 12, null, 'refused', ?, 1)", at, at, at
    )
    assert "9 of 10 in order; not: source0" in run().stdout


@pytest.mark.parametrize(("free", "code"), [(10**6, status.FAILED), (10**8, status.PARTLY), (10**10, status.DONE)])
def test_a_full_disk_is_told(monkeypatch, free, code):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**12, 0, free))
    assert judged()[0] == code


def test_secrets_that_others_can_read_are_told(here):
    (here / "founderwatch.toml").write_text('model = "weights"\nsecret = "correct horse battery"\n')
    (here / "founderwatch.toml").chmod(0o644)
    code, ill = judged()
    assert (code, list(ill)) == (status.PARTLY, ["permissions"])
    (here / "founderwatch.toml").chmod(0o600)
    assert judged() == (status.DONE, {})


def test_a_missing_package_is_unusable(monkeypatch):
    from founderwatch import doctor

    monkeypatch.setattr(doctor, "requires", lambda name: ["no-such-package>=1", "click>=99", 'torch; extra == "train"'])
    code, ill = judged()
    assert (code, list(ill)) == (status.FAILED, ["packages"])
    assert "no-such-package is missing; click is" in ill["packages"][1]
    assert "torch" not in ill["packages"][1]


def test_an_archive_beyond_its_limit_and_one_that_is_no_folder(here):
    (here / "founderwatch.toml").write_text('model = "weights"\n[archive]\nsize = "1MB"\nfile_size = "1MB"\n')
    folder = here / "founderwatch.db.archive"
    folder.mkdir()
    (folder / "founderwatch-20260706-00001.warc.gz").write_bytes(b"x" * 2_000_000)
    assert judged() == (status.DONE, {})
    (folder / "founderwatch-20260707-00001.warc.gz").write_bytes(b"x" * 2_000_000)
    code, ill = judged()
    assert code == status.PARTLY and ill["archive"][1].startswith("4.0 MB in 2 files")
    shutil.rmtree(folder)
    folder.write_text("in the way")
    assert "cannot be written" in judged()[1]["archive"][1]
