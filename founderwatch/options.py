"""Options that commands share, and what they open."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from founderwatch import config as configuration
from founderwatch import logs, status
from founderwatch.config import Config, ConfigError


def common(function):
    """Adds --db, --config and --quiet; the command receives a Config as `config`, and `quiet`."""

    @click.option(
        "--db", type=click.Path(dir_okay=False, path_type=Path), help="The database (default: the configured one)."
    )
    @click.option("--config", "config_file", type=click.Path(path_type=Path), help="The configuration file.")
    @click.option("--quiet", is_flag=True, help="Print nothing but results and errors.")
    @functools.wraps(function)
    def with_config(*args, db, config_file, quiet, **kwargs):
        try:
            config = configuration.load(config_file)
        except ConfigError as error:
            fail(status.USAGE, str(error))
        logs.hide(config.secrets)
        if db:
            config = config.with_option("database", db, "--db")
        return function(*args, config=config, quiet=quiet, **kwargs)

    return with_config


reviewing = click.option(
    "--reviewer", default="local user", show_default=True, help="Who says so, as it is written down."
)


def fail(code: int, message: str) -> None:
    """Says what went wrong and ends with a status."""
    click.echo(f"founderwatch: {message}", err=True)
    sys.exit(code)


def open_registry(config: Config, path: Path | None = None):
    """The registry in the file given, alone; else the configured one under the user's own. Mistakes end with 2."""
    from spiders.sources import RegistryError, lay, read

    try:
        return read(path) if path else lay(config.sources, config.own_sources)
    except RegistryError as error:
        fail(status.USAGE, str(error))


@contextmanager
def locked(config: Config, command: str = "crawl") -> Iterator[None]:
    """Holds the database's lock, which a crash releases; ends with status 75 where another run has it.

    A back-fill and a rescan have locks of their own: they take hours and days, and the crawl goes on meanwhile.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(f"{config.database}.lock" if command == "crawl" else f"{config.database}.{command}.lock")
    try:
        config.database.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        fail(status.BUSY, f"another {command} is using {config.database}; nothing was done")
    except OSError as error:
        fail(status.FAILED, f"{config.database} cannot be used: {error.strerror or error}")
    with lock:
        yield


def open_reader(config: Config):
    """The configured model, ready to judge; ends with status 3 where it cannot be loaded."""
    from models.encoder import Encoder, ModelError
    from models.story import StoryReader

    try:
        encoder = Encoder(config.model)
        encoder.session  # noqa: B018  (loads the weights now, so that a damaged file is told before any work)
        return StoryReader(encoder, config.alarms_per_1000)
    except ModelError as error:
        fail(status.FAILED, str(error))


def open_store(config: Config):
    """The configured database; ends with status 3 where it cannot be used, with 2 where the organisations cannot."""
    from founderwatch.database.store import DatabaseError, Store
    from founderwatch.events import organisations

    try:
        organisations.use(config.organisations)
    except organisations.OrganisationsError as error:
        fail(status.USAGE, str(error))
    try:
        return Store(config.database)
    except DatabaseError as error:
        fail(status.FAILED, str(error))


def existing(config: Config) -> Path:
    """The file of the configured database; ends with status 3 where there is none yet."""
    if not config.database.exists():
        fail(status.FAILED, f"{config.database} does not exist yet; `founderwatch crawl` makes it")
    return config.database


def open_existing(config: Config):
    """The configured database, where there is one already; ends with status 3 where there is none."""
    existing(config)
    return open_store(config)


__all__ = [
    "Config",
    "common",
    "existing",
    "fail",
    "locked",
    "open_existing",
    "open_reader",
    "open_registry",
    "open_store",
    "reviewing",
]
