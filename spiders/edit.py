"""Changes a registry file of the user's; comments, order and spelling of all the rest stay as they are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from spiders.sources import RegistryError, Source, parse_registry

_HEAD = "Your own sources, laid over those that come with founderwatch; updates do not touch this file."


def add(path: Path, sources: Iterable[Source]) -> None:
    """Appends sources, each a [[source]] table; a file that is not there is made."""
    document = _open(path)
    tables = document.setdefault("source", tomlkit.aot())
    for source in sources:
        table = tomlkit.table() if isinstance(tables, AoT) else tomlkit.inline_table()
        table.update(_row(source))
        if isinstance(table, Table):
            table.trivia.indent = "\n"  # an empty line before each
        tables.append(table)
    _write(path, document)


def disable(path: Path, name: str) -> None:
    """Puts a name into the list of those that a crawl leaves out."""
    document = _open(path)
    names = document.get("disabled")
    if names is None:
        document.add("disabled", tomlkit.array())
        names = document["disabled"]
    if name not in names:
        names.append(name)
    _write(path, document)


def enable(path: Path, name: str) -> None:
    """Takes a name out of that list."""
    document = _open(path)
    names = document.get("disabled", [])
    while name in names:
        names.remove(name)
    _write(path, document)


def _row(source: Source) -> Mapping[str, Any]:
    texts = {key: getattr(source, key) for key in ("name", "title", "home", "language", "country", "kind")}
    channels = {key: list(getattr(source, key)) for key in ("feeds", "sitemaps", "listings")}
    return {key: value for key, value in {**texts, **channels}.items() if value}


def _open(path: Path) -> tomlkit.TOMLDocument:
    try:
        # With its own line ends: what is read in text mode would be written back with others.
        return tomlkit.parse(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        return tomlkit.document().add(tomlkit.comment(_HEAD))
    except OSError as error:
        raise RegistryError([f"{path}: cannot be read: {error.strerror or error}"]) from error


def _write(path: Path, document: tomlkit.TOMLDocument) -> None:
    """Replaces the file in one step, and only by one that can be read again."""
    text = tomlkit.dumps(document)
    parse_registry(text, str(path), may_be_empty=True)
    target = path.resolve()  # a link stays a link
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("wb", dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            file.write(text.encode())
        Path(file.name).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        os.replace(file.name, target)
    except OSError as error:
        raise RegistryError([f"{path}: cannot be written: {error.strerror or error}"]) from error
