"""The `founderwatch` command: a group whose commands are loaded when they are called."""

from __future__ import annotations

import importlib
import os
import sqlite3
import sys
from importlib.metadata import version

import click

from founderwatch import logs, status

_COMMANDS = {
    "scan": "Judge stories without a crawl: addresses, files, standard input.",
    "crawl": "Read all sources and store what is new.",
    "backfill": "Read archives: years of news in hours.",
    "rescan": "Read stored stories again under a new extractor or model.",
    "import": "Merge what a cluster's back-fill wrote.",
    "events": "List the departures found.",
    "show": "Tell one departure's whole story.",
    "watch": "Watch people and companies of your own.",
    "merge": "Rule that events are one departure.",
    "split": "Rule that some reports of an event tell of another departure.",
    "rulings": "List merges and splits, and take them back.",
    "serve": "Open the database in the browser: read, search, review.",
    "alert": "Tell people of departures: show, try and send.",
    "schedule": "Let cron or systemd start the crawl.",
    "doctor": "Tell what is well, what is not, and what to do.",
    "backup": "Copy the database while it is in use.",
    "restore": "Put a backup in the database's place.",
    "vacuum": "Give unused space of the database back.",
    "erase": "Forget a person who asks for it.",
    "init": "Write a configuration to start from.",
    "config": "Show the configuration, and where each value came from.",
    "calibrate": "Move the threshold to the precision you want, by your reviews.",
    "export-training": "Write reviewed stories as passages for training.",
    "sources": "Show, check and extend the registry of sources.",
    "evaluate": "Measure the model on gold stories.",
    "corpus": "Check and count the labelled corpus.",
    "train": "Fine-tune the model on the corpus.",
}


class _LazyGroup(click.Group):
    """Imports a command's module only when it is called: most need a second for libraries that others do not."""

    def list_commands(self, ctx):
        return list(_COMMANDS)

    def get_command(self, ctx, name):
        if name not in _COMMANDS:
            return None
        return importlib.import_module(f"founderwatch.commands.{name.replace('-', '_')}").command

    def format_commands(self, ctx, formatter):
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("founderwatch"), prog_name="founderwatch")
@click.option(
    "--log-json",
    is_flag=True,
    envvar="FOUNDERWATCH_LOG_JSON",
    help="Say what happens as JSON Lines, for machines. Or: FOUNDERWATCH_LOG_JSON=1.",
)
@click.pass_context
def main(context, log_json):
    """Finds executives, engineers and researchers who leave to found a start-up.

    \b
    Exit status: 0 done, 1 done in part, 2 wrong usage or configuration,
    3 failed, 75 another run holds the lock.
    """
    for lines in logs.begin(context.invoked_subcommand or "", log_json):
        context.call_on_close(lines.end)


def run() -> None:
    """The console script's entry: known errors become one line and a status."""
    # Known to nothing else: which errors mean what belongs to the interface.
    try:
        main(standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(status.USAGE)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except sqlite3.Error as error:
        click.echo(f"founderwatch: the database failed: {error}", err=True)
        sys.exit(status.FAILED)
    except BrokenPipeError:  # who read the output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(status.PARTLY)
    except OSError as error:  # no room, no handles left
        click.echo(f"founderwatch: the machine gave up: {error}", err=True)
        sys.exit(status.FAILED)
