"""`founderwatch backfill`: reads archives of years of news."""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

import click

from founderwatch import status
from founderwatch.options import common, fail, locked, open_reader, open_registry, open_store
from founderwatch.progress import bytes_progress
from founderwatch.render import safe
from spiders.entries import oldest

_MOST_MESSAGES = 12
_LONGEST = 1800.0  # seconds for a piece of an archive, before its pages are tried one by one
LIFETIME = 500  # pieces after which a worker is replaced, whatever its libraries have hoarded
_LANGUAGE = re.compile(r"[a-z]{2,3}")


@click.command("backfill")
@click.argument("paths", nargs=-1, required=True, metavar="PATH|URL|GLOB ...")
@click.option("--since", metavar="10y", help="Leave out older stories: a span such as 30d or 10y, or a date.")
@click.option("--until", metavar="DATE", help="Leave out newer stories; a date is included.")
@click.option("--languages", metavar="en,zh", help="Only stories in these (default: en,zh; with --all every one).")
@click.option(
    "--sources", type=click.Path(dir_okay=False, path_type=Path), help="Only stories of this registry's sources."
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes that read (default: one a core).")
@click.option(
    "--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True, help="What runs the processes."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False),
    help="With ray: write Parquet there, for `founderwatch import`, and no database.",
)
@click.option(
    "--all", "everything", is_flag=True, help="Keep every article, not only those that may tell of a founding."
)
@common
def command(*, paths, since, until, languages, sources, workers, engine, out, everything, config, quiet):
    """Read WARC archives: CC-NEWS, our own, those of wget and Browsertrix.

    A folder stands for the archives in it. What was read before is not read again, and after an interruption
    reading goes on where it was.

    \b
    Example:  founderwatch backfill archive/
              founderwatch backfill 'CC-NEWS-2024*.warc.gz' --since 2024-01-01 --workers 8
    """
    from founderwatch.backfill.files import Reach, find

    try:
        moments = oldest(since) if since else None, newest(until) if until else None
    except ValueError as error:
        fail(status.USAGE, str(error))
    wanted = _languages(languages, everything)
    registry = open_registry(config, sources)
    files, missing = find(paths)
    if missing:
        fail(status.USAGE, f"no such file, folder or pattern: {', '.join(missing)}; nothing was done")
    from founderwatch.backfill.judge import Asked, Judge  # the model's libraries: seconds
    from founderwatch.backfill.run import Backfill
    from pipelines.workers import Workers
    from spiders.guard import endpoints

    reach = Reach(endpoints(a for source in registry.sources for a in source.addresses), config.contact)
    asked = Asked(*moments, wanted, registry.sources, sources is not None, everything, reach)
    made = (asked, config.model, config.alarms_per_1000)
    if out is not None and engine != "ray":
        fail(status.USAGE, "--out goes with --engine ray")
    if engine == "ray":
        _on_a_cluster(files, made, workers, out, config, quiet)
    with locked(config, "backfill"):
        reader, store = open_reader(config), open_store(config)
        question = {
            "since": since,
            "until": until,
            "languages": wanted,
            "sources": str(sources.resolve()) if sources else None,
            "all": everything,
            "model": reader.encoder.version,
        }
        with (
            Workers(Judge, made, workers, _LONGEST, LIFETIME) as pool,
            bytes_progress(quiet) as on_progress,
        ):
            run = Backfill(store, reader.threshold, pool, json.dumps(question, sort_keys=True), reach, on_progress)
            report = run.run(files)
        store.close()
    _say(report, quiet)
    if report.problems:
        sys.exit(status.PARTLY if report.read or report.known or report.counts["pages"] else status.FAILED)


def _on_a_cluster(files, made, workers, out, config, quiet) -> NoReturn:
    """Reads with Ray, and merges the results where nobody asked for the files alone."""
    try:
        from founderwatch.backfill import cluster, parts
    except ImportError:
        fail(status.USAGE, "--engine ray needs Ray: pip install 'founderwatch[cluster]'")
    from founderwatch.backfill.run import Report, Writer

    folder = out or f"{config.database}.parts"
    with locked(config, "backfill"):
        reader = open_reader(config)
        report = Report(problems=cluster.run(files, made, folder, workers))
        report.read = [file for file in files if file not in report.problems]
        if out is None:
            store = open_store(config)
            writer = Writer(store, reader.threshold)
            for part in parts.read([folder]) if parts.done(folder) else ():
                report.counts += writer.store(part.file, part.stories, list(part.bad))
                report.counts["pages"] += part.pages
                report.counts["candidates"] += sum(s.assessment is not None for _, s in part.stories)
            store.close()
    _say(report, quiet)
    sys.exit(status.DONE if not report.problems else status.PARTLY if report.read else status.FAILED)


def newest(text: str) -> datetime:
    """The moment from which on stories are left out; a bare date is a whole day, which still counts."""
    moment = oldest(text)
    return moment + timedelta(days=1) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text.strip()) else moment


def _languages(text: str | None, everything: bool) -> tuple[str, ...]:
    if text is None:
        return () if everything else ("en", "zh")
    wanted = tuple(dict.fromkeys(word.strip().lower() for word in text.split(",") if word.strip()))
    wrong = [word for word in wanted if not _LANGUAGE.fullmatch(word)]
    if wrong or not wanted:
        fail(status.USAGE, f"--languages takes codes such as en,zh, not {text!r}")
    return wanted


def _say(report, quiet: bool) -> None:
    """One summary line; what could not be read always, on standard error."""
    for file, problem in list(report.problems.items())[:_MOST_MESSAGES]:
        click.echo(f"founderwatch: {safe(problem if problem.startswith(file) else f'{file}: {problem}')}", err=True)
    if len(report.problems) > _MOST_MESSAGES:
        more = len(report.problems) - _MOST_MESSAGES
        click.echo(f"founderwatch: … and {more} more, in the table `backfills`", err=True)
    if quiet:
        return
    counts = report.counts
    known = f" ({len(report.known)} read before)" if report.known else ""
    click.echo(
        f"{len(report.read) + len(report.known)} files read{known}, {counts['pages']} pages, {counts['candidates']} candidates,"
        f" {counts['stored']} new, {counts['flagged']} flagged, {counts['bad']} bad records"
    )
