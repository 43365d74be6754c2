"""`founderwatch init`: writes a configuration to start from."""

from __future__ import annotations

import os
from pathlib import Path

import click

from founderwatch import status
from founderwatch.options import common, fail

_DEFAULT = Path(__file__).parents[1] / "default.toml"


@click.command("init")
@click.argument("file", type=click.Path(path_type=Path), default="founderwatch.toml")
@common
def command(*, file, config, quiet):
    """Write a configuration in which every key is explained: founderwatch.toml, or FILE. An old one is never overwritten.

    \b
    Example:  founderwatch init
              founderwatch init /etc/founderwatch.toml
    """
    text = _DEFAULT.read_text(encoding="utf-8")
    try:
        # Passwords and addresses of channels may come to stand in it: nobody else is to read them.
        with open(file, "x", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as new:
            try:
                new.write(text)
                new.flush()
            except OSError:
                file.unlink()  # half a file would stand in the way of the next attempt
                raise
    except FileExistsError:
        fail(status.USAGE, f"{file} is there already; it was left as it is")
    except OSError as error:
        fail(status.FAILED, f"{file} cannot be written: {error.strerror or error}")
    if not quiet:
        click.echo(f"{file} is written; set `contact` in it before you crawl live sites")
