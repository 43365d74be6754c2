"""`founderwatch sources`: shows the registry of sources."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from founderwatch import status
from founderwatch.options import common, fail
from spiders.sources import RegistryError, load


@click.group("sources")
def command():
    """Show the registry of sources.

    \b
    Example:  founderwatch sources list
    """


@command.command("list")
@click.option(
    "--sources",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The registry (default: the configured one).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@common
def list_sources(path, as_json, config, quiet):
    """List the sources and their channels; a registry with mistakes names each with its line.

    \b
    Example:  founderwatch sources list --sources my-sources.toml
    """
    try:
        registry = load(path or config.sources)
    except RegistryError as error:
        fail(status.USAGE, str(error))
    if as_json:
        rows = [
            {"name": s.name, "title": s.title, "home": s.home, "language": s.language, "kind": s.kind,
             "feeds": list(s.feeds), "sitemaps": list(s.sitemaps), "listings": list(s.listings)}
            for s in registry
        ]  # fmt: skip
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table()
    for column in ("name", "title", "language", "kind", "channels"):
        table.add_column(column)
    for s in registry:
        channels = "\n".join((*s.feeds, *s.sitemaps, *s.listings))
        table.add_row(*map(Text, (s.name, s.title, s.language, s.kind, channels)))
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    if not quiet:
        click.echo(f"{len(registry)} sources, {sum(s.language == 'zh' for s in registry)} of them Chinese")
