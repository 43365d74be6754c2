"""`founderwatch calibrate`: moves the threshold to the wanted precision, by the reviewers' verdicts."""

from __future__ import annotations

import os
from pathlib import Path

import click
import tomlkit

from founderwatch import calibration, status
from founderwatch.options import Config, common, fail, open_existing

_KEY = "alarms_per_1000"


@click.command("calibrate")
@click.option(
    "--precision",
    "wanted",
    default=0.9,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True),
    help="How much of what is flagged should be right.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@common
def command(*, wanted, dry_run, config, quiet):
    """Move the threshold to the precision you want, by the verdicts of your reviews.

    Of the events that were judged at the desk, it takes the lowest score from which on so many were right, writes the
    `alarms_per_1000` that belongs to it into the configuration, and flags the stored events anew. It needs twenty verdicts.

    \b
    Example:  founderwatch calibrate --precision 0.95 --dry-run
    """
    from models.encoder import Encoder, ModelError

    try:
        encoder = Encoder(config.model)
    except ModelError as error:
        fail(status.FAILED, str(error))
    store = open_existing(config)
    try:
        judged = calibration.verdicts(store.db.conn)
        found = calibration.steps(judged)
        if not found:
            fail(
                status.FAILED,
                f"{len(judged)} verdicts on events are too few, {calibration.FEWEST} are needed: review some at /-/desk",
            )
        step = calibration.lowest(found, wanted)
        if step is None:
            best = max(found, key=lambda one: one.precision.value)
            fail(
                status.FAILED,
                f"no threshold gives a precision of {wanted:g}: the best is {best.precision.value:.2f} from a score of {best.threshold:.2f} on; nothing was changed",
            )
        alarms = encoder.alarms(step.threshold)
        if not quiet:
            click.echo(_told(step, alarms, encoder.threshold(config.alarms_per_1000)))
        if dry_run:
            return
        path = _write(config, alarms)
        store.rebuild_events(encoder.threshold(alarms))
        if not quiet:
            click.echo(f"{path}: {_KEY} = {alarms:.4g}; the stored events are flagged by it")
    finally:
        store.close()


def _told(step: calibration.Step, alarms: float, now: float) -> str:
    share = step.precision
    return (
        f"from a score of {step.threshold:.3f} on (now {now:.3f}), {share.value:.2f} of {share.judged} judged events were right"
        f" ({share.low:.2f} to {share.high:.2f}), {step.kept} of {step.accepted} accepted ones reach it,"
        f" and about {alarms:.3g} of 1,000 ordinary stories are flagged wrongly"
    )


def _write(config: Config, alarms: float) -> Path:
    """Writes the value into the configuration, whose comments stay; makes one where there is none."""
    path = config.origin or Path("founderwatch.toml")
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8-sig")) if path.exists() else tomlkit.document()
        document[_KEY] = float(f"{max(alarms, 0.001):.4g}")
        draft = path.with_name(f"{path.name}.new")
        draft.write_text(tomlkit.dumps(document), encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        fail(status.FAILED, f"{path} cannot be written: {error.strerror or error}")
    return path
