"""`founderwatch alert`: shows the channels and what waits in them, tries them, sends what is due."""

from __future__ import annotations

import sys
from contextlib import closing

import click

from founderwatch import status
from founderwatch.options import Config, common, fail, open_existing
from founderwatch.render import as_json, safe

_STATES = {"waiting": "waits", "sending": "under way", "sent": "sent", "cancelled": "cancelled"}
_HOW = "write an [[alert]] table in founderwatch.toml (`founderwatch init` writes an example)"


@click.group("alert")
def command():
    """Tell people of departures: show, try and send.

    \b
    Example:  founderwatch alert test
              founderwatch alert list
    """


@command.command("list")
@click.option("--last", default=20, show_default=True, type=click.IntRange(min=0), help="How many alerts to show.")
@click.option("--json", "in_json", is_flag=True, help="Print one JSON object.")
@common
def show(*, last, in_json, config, quiet):
    """Show how each channel does, and the last alerts.

    \b
    Example:  founderwatch alert list --last 50
    """
    from founderwatch.database.outbox import Outbox

    with closing(open_existing(config)) as store:
        outbox = Outbox(store.db.conn)
        states, alerts = outbox.channels(), outbox.latest(last)
    channels = [_channel(one.name, states.get(one.name), configured=True) for one in config.alert]
    left = sorted(set(states) - {one.name for one in config.alert})
    channels += [_channel(name, states[name], configured=False) for name in left if states[name]["waiting"]]
    if in_json:
        click.echo(as_json({"channels": channels, "alerts": alerts}, indent=2))
        return
    if not channels:
        click.echo(f"No channel: {_HOW}.")
    for one in channels:
        click.echo(f"{safe(one['name']):<16} {one['waiting']} waiting, {one['sent']} sent  {safe(_condition(one))}")
    if alerts and channels:
        click.echo("")
    for row in alerts:
        about = row["about"] or row["event"] or "(no name)"
        told = f"{row['made_at'][:16]}  {row['channel']:<12} {_STATES[row['state']]:<10} {about}, {row['status']}"
        click.echo(safe(told + (f"  ({row['tries']} tries; {row['error']})" if row["error"] else "")))


def _channel(name: str, state: dict | None, configured: bool) -> dict:
    names = ("waiting", "sent", "failures", "error", "failed_at", "retry_at", "sent_at", "opened_at")
    return {"name": name, "configured": configured, **{n: (state or {"waiting": 0, "sent": 0}).get(n) for n in names}}


def _condition(channel: dict) -> str:
    if not channel["configured"]:
        return "no longer in the configuration: what waits there is never sent"
    if channel["error"]:
        return f"failed {channel['failures']} times, last at {channel['failed_at']}: {channel['error']}; next try after {channel['retry_at']}"
    if channel["sent_at"]:
        return f"last at {channel['sent_at']}"
    if channel["opened_at"] is None:
        return "begins to tell at the end of the first crawl"
    return "nothing was sent yet"


@command.command("test")
@click.argument("names", nargs=-1, metavar="[CHANNEL] ...")
@click.option("--print", "only_print", is_flag=True, help="Print the messages, and send nothing.")
@common
def test(*, names, only_print, config, quiet):
    """Send a sample to every channel, or to those named, and tell of each whether it was taken.

    \b
    Example:  founderwatch alert test
              founderwatch alert test desk --print
    """
    from founderwatch.alerts import samples

    channels = _chosen(config, names)
    failed = 0
    for channel in channels:
        sample = samples.sample(channel, config.desk)
        if only_print:
            click.echo(f"To: {safe(channel.name)}\nSubject: {sample.title}\n\n{sample.body}\n")
            continue
        reason = samples.send(channel, sample)
        failed += bool(reason)
        if reason:
            click.echo(f"founderwatch: {safe(channel.name)}: failed: {safe(reason)}", err=True)
        elif not quiet:
            click.echo(f"{safe(channel.name)}: sent")
    if failed:
        sys.exit(status.PARTLY if failed < len(channels) else status.FAILED)


@command.command("send")
@common
def send(*, config, quiet):
    """Send what is due now, without a crawl: after `scan --save`, or where something waits.

    \b
    Example:  founderwatch alert send
    """
    _chosen(config, ())
    _send(config, quiet)


@command.command("retry")
@click.argument("names", nargs=-1, metavar="[CHANNEL] ...")
@common
def retry(*, names, config, quiet):
    """Try all channels that failed, or those named, at once, whatever time they are left alone for.

    \b
    Example:  founderwatch alert retry desk
    """
    _send(config, quiet, [channel.name for channel in _chosen(config, names)])


def _send(config: Config, quiet: bool, retried: list[str] | None = None) -> None:
    from datetime import UTC, datetime

    from founderwatch.alerts.sender import Busy, Sender

    open_existing(config).close()  # tells what is wrong with it
    try:
        sender = Sender(config)
    except Busy as error:
        fail(status.BUSY, f"{error}; nothing was done")
    with closing(sender):
        if retried is not None:
            sender.outbox.retry(retried, datetime.now(UTC))
        sender.collect()
        sender.outbox.open_channels(datetime.now(UTC))
        sender.finish()
    report = sender.report
    for name, reason in report.failed.items():
        click.echo(f"founderwatch: {safe(name)}: {safe(reason)}; it is tried again later", err=True)
    if not quiet:
        click.echo(f"{report.sent} sent, {len(report.failed)} channels failed")
    if report.failed:
        sys.exit(status.PARTLY if report.sent else status.FAILED)


def _chosen(config: Config, names: tuple[str, ...]) -> list:
    if not config.alert:
        fail(status.USAGE, f"there is no channel: {_HOW}")
    known = {channel.name: channel for channel in config.alert}
    for name in names:
        if name not in known:
            fail(status.USAGE, f"there is no channel {safe(name)}; there are: {safe(', '.join(known))}")
    return [known[name] for name in names] if names else list(config.alert)
