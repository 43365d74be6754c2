"""`founderwatch config`: shows the configuration and where each value came from, and makes a sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from secrets import token_urlsafe

import click

from founderwatch.alerts.channel import Channel
from founderwatch.alerts.keys import written
from founderwatch.alerts.limits import Limits
from founderwatch.archive.limits import Keeping
from founderwatch.config import SECRETS, Config
from founderwatch.options import common
from founderwatch.render import as_json, safe

_WIDEST = 60


@click.group("config")
def command():
    """Show the configuration and where each value came from; make a sign-in.

    \b
    Example:  founderwatch config show
              founderwatch config password
    """


@command.command("password")
@click.option(
    "--env", "in_env", is_flag=True, help="As lines for a file of the environment, such as a container's .env."
)
@common
def password(*, in_env, config, quiet):
    """Ask for a password and print the lines that let `serve` ask for it, with a new secret.

    The password itself is in neither of them.

    \b
    Example:  founderwatch config password
              founderwatch config password --env >> .env
    """
    from datasette_auth_passwords.utils import hash_password

    given = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    for key, value in {"password_hash": hash_password(given), "secret": token_urlsafe(32)}.items():
        click.echo(f"FOUNDERWATCH_{key.upper()}='{value}'" if in_env else f'{key} = "{value}"')


@command.command("show")
@click.option("--json", "in_json", is_flag=True, help="Print one JSON object.")
@common
def show(*, in_json, config, quiet):
    """Show each value, and where it came from: file and line, environment, option or default. Secrets are not shown.

    \b
    Example:  founderwatch config show
    """
    if in_json:
        shown = {key: {"value": _value(key, config), "from": config.place(key)} for key in Config.names()}
        click.echo(as_json(shown, indent=2))
        return
    if not quiet:
        click.echo(f"file: {safe(str(config.origin)) if config.origin else 'none (`founderwatch init` writes one)'}")
    rows = list(_rows(config))
    names = max(len(name) for name, _, _ in rows)
    width = min(max(len(safe(value)) for _, value, _ in rows), _WIDEST)
    for name, value, place in rows:
        click.echo(f"{safe(name):<{names}} {safe(value):<{width}}  {safe(place)}")


def _rows(config: Config) -> Iterator[tuple[str, str, str]]:
    """Name, value and place of each key; a table takes a row for each of its keys."""
    for key in Config.names():
        value, place = _value(key, config), config.place(key)
        if key == "alert":
            for table in value:
                where = config.place(f"alert.{table['name']}")
                yield from ((f"alert.{table['name']}.{k}", _words(v), where) for k, v in table.items() if k != "name")
            if value:
                continue
        if isinstance(value, dict):
            yield from ((f"{key}.{name}", _words(v), place) for name, v in value.items())
        else:
            yield key, _words(value), place


def _value(key: str, config: Config) -> object:
    """A value as JSON holds it; secrets are left out."""
    value = getattr(config, key)
    if key in SECRETS and value is not None:
        return "(set)"
    if key == "alert":
        return [{**_table(one), "url": "(set)" if one.holds_secrets else one.url} for one in value]
    if key in ("watchdog", "archive"):
        return _table(value)
    if key == "keep_texts":
        return written(value)
    return value if value is None or isinstance(value, float) else str(value)


def _table(table: Channel | Limits | Keeping) -> dict[str, object]:
    return {field.name: _cell(getattr(table, field.name), table) for field in fields(table)}


def _cell(value: object, table: Channel | Limits | Keeping) -> object:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, timedelta) or (isinstance(table, Limits | Keeping) and not isinstance(value, bool)):
        return written(value)
    return value if value is None or isinstance(value, str | float | bool) else str(value)


def _words(value: object) -> str:
    if value is None or value == []:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
