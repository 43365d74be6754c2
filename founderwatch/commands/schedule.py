"""`founderwatch schedule`: lets cron or systemd start the crawl."""

from __future__ import annotations

import os
from pathlib import Path

import click

from founderwatch import status
from founderwatch.options import Config, common, fail
from founderwatch.schedule import crontab, timer
from founderwatch.schedule.job import MINUTES, Job, ScheduleError

_every = click.option(
    "--every", type=click.Choice(list(MINUTES)), default="5m", show_default=True, help="How often to crawl."
)
_with = click.option(
    "--with",
    "program",
    type=click.Choice(["crontab", "systemd"]),
    default="crontab",
    show_default=True,
    help="Who starts the crawl: the user's crontab, or a systemd user timer.",
)


@click.group("schedule")
def command():
    """Let cron or systemd start the crawl.

    \b
    Example:  founderwatch schedule install --every 15m
    """


@command.command("print")
@_every
@_with
@common
def show(*, every, program, config, quiet):
    """Print what `install` would write, and change nothing.

    \b
    Example:  founderwatch schedule print --with systemd
    """
    job = _job(config, every)
    if program == "crontab":
        click.echo(crontab.block(job), nl=False)
        return
    for name, text in timer.units(job).items():
        click.echo(f"# {_units() / name}\n{text}")


@command.command("install")
@_every
@_with
@common
def install(*, every, program, config, quiet):
    """Write the schedule, in place of an older one for the same database; nothing else is touched.

    \b
    Example:  founderwatch schedule install --every 5m
              founderwatch schedule install --with systemd
    """
    job = _job(config, every)
    try:
        changed = crontab.install(job) if program == "crontab" else timer.install(job, _units())
    except ScheduleError as error:
        fail(status.FAILED, str(error))
    if quiet:
        return
    click.echo(f"{config.database}: a crawl every {every} by {program}" + ("" if changed else " (as before)"))
    if program == "systemd":
        click.echo("A user's timers run only while the user is signed in, unless you say: loginctl enable-linger")


@command.command("remove")
@_with
@common
def remove(*, program, config, quiet):
    """Take this database's schedule out again; nothing else is touched.

    \b
    Example:  founderwatch schedule remove
    """
    job = _job(config, "15m")
    try:
        removed = crontab.remove(job) if program == "crontab" else timer.remove(job, _units())
    except ScheduleError as error:
        fail(status.FAILED, str(error))
    if not quiet:
        click.echo(
            f"{config.database}: " + ("no more crawls by " if removed else "there was no schedule in ") + program
        )


def _job(config: Config, every: str) -> Job:
    try:
        return Job(_absolute(config.database), config.origin and _absolute(config.origin), MINUTES[every])
    except ScheduleError as error:
        fail(status.USAGE, str(error))


def _units() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"


def _absolute(path: Path) -> Path:
    """The one spelling by which a block is found again."""
    return Path(os.path.abspath(path))
