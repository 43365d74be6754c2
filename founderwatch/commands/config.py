"""`founderwatch config`: shows the configuration, and where each value came from."""

from __future__ import annotations

import click

from founderwatch.config import SECRETS, Config
from founderwatch.options import common
from founderwatch.render import as_json, safe


@click.group("config")
def command():
    """Show the configuration, and where each value came from.

    \b
    Example:  founderwatch config show
    """


@command.command("show")
@click.option("--json", "in_json", is_flag=True, help="Print one JSON object.")
@common
def show(*, in_json, config, quiet):
    """Show each value, and where it came from: file and line, environment, option or default. Secrets are not shown.

    \b
    Example:  founderwatch config show
    """
    rows = [(key, _shown(key, config), config.place(key)) for key in Config.names()]
    if in_json:
        click.echo(as_json({key: {"value": value, "from": place} for key, value, place in rows}, indent=2))
        return
    if not quiet:
        click.echo(f"file: {safe(str(config.origin)) if config.origin else 'none (`founderwatch init` writes one)'}")
    width = max(len(safe(str(value))) for _, value, _ in rows)
    for key, value, place in rows:
        text = "–" if value is None else safe(str(value))
        click.echo(f"{key:<16} {text:<{width}}  {safe(place)}")


def _shown(key: str, config: Config) -> str | float | None:
    value = getattr(config, key)
    if value is None or isinstance(value, float):
        return value
    return "(set)" if key in SECRETS else str(value)
