"""Examines an installation: each check gives one verdict, with what to do where something is not well."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path

import sqlite_utils
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from founderwatch.alerts.channel import Channel, ChannelError
from founderwatch.alerts.transport import Transport
from founderwatch.config import Config
from founderwatch.database.backup import check, read_only
from founderwatch.database.migrations import migrations
from founderwatch.database.outbox import Outbox
from founderwatch.database.store import DatabaseError

_ILL = ("failing", "blocked", "paused", "thin")  # verdicts of the view source_health
OK, ATTENTION, UNUSABLE = "ok", "attention", "unusable"

_SILENT = timedelta(hours=24)  # a crawl that should come every few minutes has not come
_LONG = timedelta(hours=3)  # no crawl takes so long
_DRIFT = timedelta(minutes=5)
_LEAST_FREE, _LITTLE_FREE = 50_000_000, 1_000_000_000  # bytes
_MOST_FAILING = 0.2  # of the sources: a few are always out of order
_MOST_NAMES = 8


@dataclass(frozen=True)
class Verdict:
    """What one check found, and what to do about it."""

    check: str
    level: str
    found: str
    advice: str = ""


def examine(config: Config, now: datetime | None = None) -> list[Verdict]:
    """All verdicts, in the order in which troubles are best mended."""
    now = now or datetime.now(UTC)
    verdicts = [python(), packages(), model(config), database(config)]
    if config.database.is_file() and verdicts[-1].level != UNUSABLE:
        with closing(read_only(config.database)) as connection:
            held = _held(config)
            verdicts += [clock(connection, now), lock(connection, held, now), runs(connection, held, now)]
            verdicts += [sources(connection), alerts(config, connection)]
    return [*verdicts, archive(config), disk(config), permissions(config)]


def python() -> Verdict:
    """The interpreter against what founderwatch says that it needs."""
    told = f"{sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}"
    wanted = metadata("founderwatch")["Requires-Python"]
    if not SpecifierSet(wanted).contains(".".join(map(str, sys.version_info[:3]))):
        return Verdict("python", UNUSABLE, told, f"founderwatch needs Python {wanted}")
    return Verdict("python", OK, told)


def packages() -> Verdict:
    """The installed packages against what founderwatch says that it needs."""
    wanted = [need for text in requires("founderwatch") or () if not (need := Requirement(text)).marker or need.marker.evaluate({"extra": ""})]  # fmt: skip
    wrong = []
    for need in wanted:
        try:
            if not need.specifier.contains(found := version(need.name), prereleases=True):
                wrong.append(f"{need.name} is {found}, not {need.specifier}")
        except PackageNotFoundError:
            wrong.append(f"{need.name} is missing")
    if wrong:
        return Verdict(
            "packages", UNUSABLE, "; ".join(wrong), f"{sys.executable} -m pip install --upgrade founderwatch"
        )
    return Verdict("packages", OK, f"founderwatch {version('founderwatch')} and all {len(wanted)} that it needs")


def model(config: Config) -> Verdict:
    """The weights against the checksum that stands beside them."""
    folder = Path(config.model)
    if not folder.exists() and len(folder.parts) == 2 and not folder.is_absolute():
        return Verdict("model", OK, f"{config.model}, from the hub, which checks it")
    mend = "install founderwatch anew, or set `model` in the configuration"
    try:
        told = json.loads((folder / "config.json").read_text(encoding="utf-8"))["founderwatch"]
        with (folder / "model.onnx").open("rb") as weights:
            digest = hashlib.file_digest(weights, "sha256").hexdigest()
    except OSError as error:
        return Verdict("model", UNUSABLE, f"{error.filename}: {error.strerror}", mend)
    except (ValueError, KeyError, TypeError):
        return Verdict("model", UNUSABLE, f"{folder / 'config.json'} is no founderwatch model's", mend)
    if "sha256" not in told:
        return Verdict("model", ATTENTION, f"{folder} has no checksum", "`founderwatch train` writes one")
    if digest != told["sha256"]:
        return Verdict("model", UNUSABLE, f"{folder / 'model.onnx'} is not the file that config.json tells of", mend)
    return Verdict("model", OK, f"{told.get('version', 'unnamed')}, checksum right")


def database(config: Config) -> Verdict:
    """Whether the file is a whole founderwatch database of a version that is known."""
    path = config.database
    if not path.exists():
        return Verdict("database", ATTENTION, f"{path} does not exist yet", "`founderwatch crawl` makes it")
    try:
        check(path)
    except DatabaseError as error:
        advice = (
            "upgrade founderwatch" if "newer" in str(error) else "`founderwatch restore` a backup, or name another --db"
        )
        return Verdict("database", UNUSABLE, str(error), advice)
    with closing(read_only(path)) as connection:
        db = sqlite_utils.Database(connection)
        schema, pending = max(m.name for m in migrations.applied(db)), migrations.pending(db)
    if pending:
        return Verdict("database", ATTENTION, f"{path} has the schema {schema}", "the next crawl brings it up to date")
    return Verdict("database", OK, f"{path}: whole, {path.stat().st_size / 1e6:.1f} MB, schema {schema}")


def clock(connection: sqlite3.Connection, now: datetime) -> Verdict:
    """The clock against the last run: time does not go back."""
    last = connection.execute("select max(started_at) from runs").fetchone()[0]
    if last and datetime.fromisoformat(last) > now + _DRIFT:
        return Verdict(
            "clock", ATTENTION, f"it is {_time(now)}, but a run began at {last}", "set the clock (timedatectl)"
        )
    return Verdict("clock", OK, _time(now))


def lock(connection: sqlite3.Connection, held: bool, now: datetime) -> Verdict:
    """Whether a run has the lock, and for how long."""
    if not held:
        return Verdict("lock", OK, "free")
    began = connection.execute("select started_at from runs where finished_at is null order by id desc").fetchone()
    if began and now - datetime.fromisoformat(began[0]) > _LONG:
        return Verdict(
            "lock", ATTENTION, f"held since {began[0]}", "end that crawl, and give it a limit: `crawl --for 1h`"
        )
    return Verdict("lock", OK, "held by a run" + (f" since {began[0]}" if began else ""))


def runs(connection: sqlite3.Connection, held: bool, now: datetime) -> Verdict:
    """When a crawl last ended, and whether the last ones were broken off."""
    last = connection.execute(
        "select finished_at, found, new, failed from runs where command = 'crawl' and finished_at is not null order by id desc"
    ).fetchone()
    install = "`founderwatch schedule install` lets cron do it"
    if last is None:
        return Verdict("runs", ATTENTION, "no crawl has ended yet", install)
    told = f"the last crawl ended at {last[0]}: {last[1]} stories named, {last[2]} new, {last[3]} failed"
    if now - datetime.fromisoformat(last[0]) > _SILENT:
        return Verdict("runs", ATTENTION, told, f"none for a day: look at the schedule and its mails; {install}")
    ends = [row[0] for row in connection.execute("select finished_at from runs order by id desc limit 10")]
    broken = sum(end is None for end in ends[1 if held else 0 :])
    if broken:
        return Verdict(
            "runs",
            ATTENTION,
            f"{told}; {broken} of the last {len(ends)} runs were broken off",
            "look for kills, lack of memory, restarts",
        )
    return Verdict("runs", OK, told)


def sources(connection: sqlite3.Connection) -> Verdict:
    """How many sources of the last crawls are in order."""
    rows = connection.execute("select name, verdict from source_health where verdict <> 'never crawled'").fetchall()
    ill = [name for name, verdict in rows if verdict in _ILL]
    told = f"{len(rows) - len(ill)} of {len(rows)} in order"
    if ill:
        told += f"; not: {', '.join(ill[:_MOST_NAMES])}{' …' if len(ill) > _MOST_NAMES else ''}"
    if len(ill) > _MOST_FAILING * len(rows):
        return Verdict("sources", ATTENTION, told, "look at the network, and at the view source_health for the reasons")
    return Verdict("sources", OK, told)


def alerts(config: Config, connection: sqlite3.Connection) -> Verdict:
    """Whether each channel can be used, and took what it was last given."""
    if not config.alert:
        return Verdict("alerts", OK, "no channel is configured (an [[alert]] table tells you first)")
    ill = {channel.name: why for channel in config.alert if (why := _unusable(channel))}
    known = connection.execute("select 1 from sqlite_master where name = 'alert_channels'").fetchone()
    states = Outbox(connection).channels() if known else {}
    failing = {name: states[name]["error"] for name in states if states[name]["error"]}
    ill = {channel.name: failing[channel.name] for channel in config.alert if channel.name in failing} | ill
    waiting = sum(states[channel.name]["waiting"] for channel in config.alert if channel.name in states)
    told = f"{len(config.alert) - len(ill)} of {len(config.alert)} channels in order, {waiting} alerts waiting"
    if ill:
        told += "; " + "; ".join(f"{name}: {why}" for name, why in ill.items())
        return Verdict("alerts", ATTENTION, told, "`founderwatch alert test` tries them, `alert retry` does not wait")
    return Verdict("alerts", OK, told)


def _unusable(channel: Channel) -> str | None:
    try:
        Transport(channel)
    except ChannelError as error:
        return str(error)
    return None


def archive(config: Config) -> Verdict:
    """The pages that are kept: where, how many bytes, and whether more can be written."""
    folder = config.archive_folder
    if not config.archive.keep:
        return Verdict("archive", OK, "no pages are kept, as configured")
    if not folder.exists():
        return Verdict("archive", OK, f"{folder} does not exist yet; a crawl makes it")
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return Verdict("archive", ATTENTION, f"{folder} cannot be written: no pages are kept", "chown or chmod it")
    sizes = [file.stat().st_size for file in folder.glob("*.warc.gz")]
    told = f"{sum(sizes) / 1e6:.1f} MB in {len(sizes)} files in {folder}"
    # A file is deleted in one piece, so the limit is passed a little before it is.
    if config.archive.size and sum(sizes) > config.archive.size + 2 * config.archive.file_size:
        return Verdict("archive", ATTENTION, told, "beyond its limit: look why crawls do not thin it")
    return Verdict("archive", OK, told)


def disk(config: Config) -> Verdict:
    """Free space where the database is; a backup or vacuum needs as much as the database has."""
    folder = next(path for path in config.database.absolute().parents if path.is_dir())
    free = shutil.disk_usage(folder).free
    size = config.database.stat().st_size if config.database.is_file() else 0
    told = f"{free / 1e9:.1f} GB free in {folder}"
    if free < _LEAST_FREE:
        return Verdict("disk", UNUSABLE, told, "make room: nothing more can be stored")
    if free < max(_LITTLE_FREE, 2 * size):
        return Verdict("disk", ATTENTION, told, "make room: old backups, `founderwatch vacuum`")
    return Verdict("disk", OK, told)


def permissions(config: Config) -> Verdict:
    """What must be writable is, and secrets are for the owner alone."""
    path = config.database
    for needed in (path, Path(f"{path}.lock"), path.absolute().parent):
        if needed.exists() and not os.access(needed, os.W_OK):
            return Verdict(
                "permissions", UNUSABLE, f"{needed} cannot be written", f"chown or chmod it for user {os.getuid()}"
            )
    if config.secret_places and config.origin.stat().st_mode & 0o077:
        return Verdict(
            "permissions", ATTENTION, f"others can read the secrets in {config.origin}", f"chmod 600 {config.origin}"
        )
    return Verdict(
        "permissions", OK, "database and folder can be written" if path.exists() else "the folder can be written"
    )


def _held(config: Config) -> bool:
    """Whether a run has the lock; a lock file alone says nothing."""
    try:
        with open(f"{config.database}.lock", "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
