"""The words of the desk: titles, descriptions, facets and queries, from metadata.toml and queries.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from weakref import WeakKeyDictionary

_FOLDER = Path(__file__).parent
# What Datasette may ask for by key; for any other key it would copy and search all our words in vain, several
# times for every table on a page (permissions).
_KEYS = {None, "databases", "queries", "title", "description"}

_ours: WeakKeyDictionary = WeakKeyDictionary()  # Datasette → names of its founderwatch databases


def adopt(datasette, database: str) -> None:
    """Marks a database as one of ours."""
    _ours.setdefault(datasette, []).append(database)


def ours(datasette) -> list[str]:
    """The names of a Datasette's founderwatch databases."""
    return _ours.get(datasette, [])


def is_ours(datasette, database: str | None) -> bool:
    return database in ours(datasette)


@cache
def words() -> dict:
    """Titles and descriptions of the database, its tables and views."""
    return tomllib.loads((_FOLDER / "metadata.toml").read_text(encoding="utf-8"))


@cache
def queries() -> dict[str, dict]:
    """The canned queries, in the order in which they are shown."""
    return tomllib.loads((_FOLDER / "queries.toml").read_text(encoding="utf-8"))


def for_hook(datasette, key: str | None) -> dict:
    """Datasette's metadata; a fresh copy each time, since Datasette merges the user's own into it."""
    names = ours(datasette)
    if not names or key not in _KEYS:
        return {}
    top = {"title": words()["title"], "description": words()["description"]}
    return top | {"databases": {name: _copy(_database()) for name in names}}


@cache
def for_page(language: str) -> dict:
    """What the pages list, in one language: the views first, with what they are for."""
    tables = {name: _in(language, told) for name, told in words()["tables"].items()}
    return {
        **_in(language, {key: value for key, value in words().items() if key != "tables"}),
        "views": {name: table for name, table in tables.items() if table.get("view")},
        "tables": tables,
        "queries": {name: _in(language, told) for name, told in queries().items()},
    }


def _in(language: str, told: dict) -> dict:
    """Title and description in a language; what is not told in it stays in English."""
    there = {key: told[f"{key}_{language}"] for key in ("title", "description") if f"{key}_{language}" in told}
    return told | there


@cache
def _database() -> dict:
    asked = {name: query | {"hide_sql": True} for name, query in queries().items()}
    return {
        "title": words()["title"],
        "description": words()["description"],
        "tables": words()["tables"],
        "queries": asked,
    }


def _copy(value):
    return {k: _copy(v) for k, v in value.items()} if isinstance(value, dict) else value
