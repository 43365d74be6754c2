"""`founderwatch rescan`: reads stored stories again under the present extractor and model."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from founderwatch import status
from founderwatch.options import Config, common, existing, fail, locked, open_reader, open_registry, open_store
from founderwatch.progress import progress
from founderwatch.render import as_json, safe
from spiders.entries import oldest

_MOST_MESSAGES = 12


@click.command("rescan")
@click.option("--since", metavar="30d", help="Only stories published since then: a span or a date (default: all).")
@click.option("--only", multiple=True, metavar="NAME", help="Only stories of this source; may be given several times.")
@click.option("--model", metavar="PATH", help="Judge by this model (default: the configured one).")
@click.option("--dry-run", is_flag=True, help="Change nothing: read again in a copy, and say what would change.")
@click.option("--json", "in_json", is_flag=True, help="Print one JSON object.")
@common
def command(*, since, only, model, dry_run, in_json, config, quiet):
    """Extract and judge stored stories again, and say which departures that gains and loses.

    \b
    The pages that were kept are read; where one is gone, the stored text. What people have judged and ruled
    stays. After an interruption, the same command goes on where it was.
    \b
    Example:  founderwatch rescan --since 1y --dry-run
              founderwatch rescan --only 36kr --model my-model
    """
    try:
        asked_since = oldest(since) if since else None
    except ValueError as error:
        fail(status.USAGE, str(error))
    if model:
        config = config.with_option("model", model, "--model")
    existing(config)
    with _database(config, dry_run) as used:
        store = open_store(used)
        known = {row[0] for row in store.db.execute("select distinct source from articles where source is not null")}
        known |= {source.name for source in open_registry(config).sources}
        if wrong := [name for name in only if name not in known]:
            store.close()
            fail(status.USAGE, f"no source is called {', '.join(map(repr, wrong))} (`founderwatch sources list`)")
        from founderwatch.database.captures import Asked, count
        from founderwatch.rescan import Rescan, readers

        reader = open_reader(config)
        asked = Asked(since, asked_since, tuple(sorted(set(only))))
        made = (config.archive_folder, reader, config.model, config.alarms_per_1000, count(store.db, asked))
        with readers(*made) as read, progress("reading again", quiet or in_json) as on_progress:
            run = Rescan(store, read, asked, reader.encoder.version, reader.threshold, on_progress)
            stopped = False
            try:
                run.run()
            except KeyboardInterrupt:
                stopped = True
        store.close()
    _say(run.report, quiet, in_json, dry_run, stopped)
    sys.exit(_status(run.report, stopped))


@contextmanager
def _database(config: Config, dry_run: bool) -> Iterator[Config]:
    """The database, locked against a second rescan; for a dry run a copy that is thrown away."""
    if not dry_run:
        with locked(config, "rescan"):
            yield config
        return
    from founderwatch.database.backup import backup
    from founderwatch.database.store import DatabaseError

    try:
        folder = tempfile.TemporaryDirectory(prefix=".founderwatch-rescan-", dir=config.database.parent)
    except OSError as error:
        fail(status.FAILED, f"no copy can be made in {config.database.parent}: {error.strerror or error}")
    with folder as made:
        copy = Path(made) / config.database.name
        try:
            backup(config.database, copy)
        except DatabaseError as error:
            fail(status.FAILED, str(error))
        yield config.with_option("database", copy, "--dry-run")


def _status(report, stopped: bool) -> int:
    troubles = len(report.failed) + len(report.damaged)
    if report.stories and len(report.failed) == report.stories:
        return status.FAILED
    return status.PARTLY if troubles or stopped else status.DONE


def _say(report, quiet: bool, in_json: bool, dry_run: bool, stopped: bool) -> None:
    """The departures gained and lost, then one summary line; what went wrong always, on standard error."""
    for messages, table in ((report.failed, "could not be judged"), (report.damaged, "were read from the stored text")):
        for message in messages[:_MOST_MESSAGES]:
            click.echo(f"founderwatch: {safe(message)}", err=True)
        if len(messages) > _MOST_MESSAGES:
            click.echo(f"founderwatch: … and {len(messages) - _MOST_MESSAGES} more {table}", err=True)
    if in_json:
        click.echo(as_json(_as_data(report, dry_run, stopped), indent=2))
    else:
        for word, rows, colour in (("gained", report.gained, "green"), ("lost", report.lost, "red")):
            for event, row in rows.items():
                click.echo(f"{click.style(f'{word:<7}', fg=colour)} {_line(event, row)}")
        for event, words in report.changed.items():
            click.echo(f"changed {_who(report.same[event])}  {safe('; '.join(words))}  {event}")
        if not quiet:
            click.echo(_summary(report, dry_run))
    if stopped:
        click.echo(
            f"founderwatch: stopped: {report.left} stories are left; "
            + ("nothing was changed" if dry_run else "the same command goes on there"),
            err=True,
        )


def _line(event: str, row: dict) -> str:
    goal = row["venture"] or row["focus"]
    parts = [_who(row) + (f" → {safe(goal)}" if goal else ""), row["status"], row["first_reported_by"], event]
    said = f"\n        “{safe(row['evidence'])}”" if row["evidence"] else ""
    return "  ".join(safe(part) for part in parts if part) + said


def _who(row: dict) -> str:
    return " · ".join(safe(part) for part in (row["person"] or "(no name)", row["role"], row["employer"]) if part)


def _summary(report, dry_run: bool) -> str:
    before = f" ({report.resumed} before an interruption)" if report.resumed else ""
    new = f"; {report.new} stories could be read for the first time" if report.new else ""
    overtaken = f"; {report.overtaken} were left to a crawl that changed them meanwhile" if report.overtaken else ""
    told = f", {len(report.changed)} of them told otherwise" if report.changed else ""
    return (
        f"{'dry run, nothing was changed: ' if dry_run else ''}{report.stories} stories read again{before},"
        f" {report.from_pages} from kept pages and {report.from_text} from stored text:"
        f" {len(report.gained)} departures gained, {len(report.lost)} lost, {len(report.same)} the same{told}{new}{overtaken}"
    )


def _as_data(report, dry_run: bool, stopped: bool) -> dict:
    def rows(found: dict[str, dict]) -> list[dict]:
        return [{"event": event, **row} for event, row in found.items()]

    return {
        "stories": report.stories,
        "from_pages": report.from_pages,
        "from_text": report.from_text,
        "new": report.new,
        "left": report.left,
        "gained": rows(report.gained),
        "lost": rows(report.lost),
        "same": len(report.same),
        "changed": report.changed,
        "dry_run": dry_run,
        "stopped": stopped,
    }
