"""SQL functions of the desk: search in both languages, and one key for all forms of a name."""

from __future__ import annotations

import re
import sqlite3

from founderwatch.database import search
from founderwatch.events.people import person_key

_SIGNS = {"articles", "articles_fts", "events", "mentions", "flagged", "source_health"}
_AROUND = 80  # characters of an excerpt on each side of the word


def is_ours(connection: sqlite3.Connection) -> bool:
    """Whether a connection leads to a founderwatch database."""
    try:
        return {row[0] for row in connection.execute("select name from sqlite_master").fetchall()} >= _SIGNS
    except sqlite3.Error:
        return False


def register(connection: sqlite3.Connection) -> None:
    """Adds the desk's functions; `escape_fts` is what Datasette's own search boxes call."""
    connection.create_function("search_query", 1, search_query, deterministic=True)
    connection.create_function("escape_fts", 1, search_query, deterministic=True)
    connection.create_function("excerpt", 2, excerpt, deterministic=True)
    connection.create_function("person_key", 1, person_key, deterministic=True)


def search_query(words: str | None) -> str:
    """What MATCH takes for a user's words: all must occur; no words match nothing."""
    return search.query(str(words or ""))


def excerpt(text: str | None, words: str | None) -> str | None:
    """The text around the first of the words that occurs in it, each occurrence in «»; else the beginning."""
    if not text:
        return text
    # Datasette's snippet() would count the pieces of Chinese runs as words, and mark the wrong ones.
    wanted = sorted({w for w in re.findall(r"\w+", str(words or ""))}, key=len, reverse=True)
    found = re.compile("|".join(_bounded(w) for w in wanted), re.IGNORECASE) if wanted else None
    first = found.search(text) if found else None
    start = max(0, first.start() - _AROUND) if first else 0
    end = min(len(text), (first.end() if first else _AROUND) + _AROUND)
    window = text[start:end]
    marked = found.sub(lambda match: f"«{match[0]}»", window) if found else window
    return ("…" if start else "") + marked.replace("\n", " ").strip() + ("…" if end < len(text) else "")


def _bounded(word: str) -> str:
    return rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word)
