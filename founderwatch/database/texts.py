"""The titles and bodies of articles, and the full-text index that must be told of each change."""

from __future__ import annotations

from sqlite_utils import Database

from founderwatch.database import search

Text = tuple[str, str]  # title and body


def enter(db: Database, article: int, text: Text) -> None:
    """Enters an article's text in the index."""
    _index(db, article, text)


def leave(db: Database, article: int, text: Text) -> None:
    """Takes out of the index exactly what was entered: anything else would damage it."""
    _index(db, article, text, "delete")


def replace(db: Database, article: int, old: Text, new: Text) -> None:
    """Gives an article another text, in the table and in the index."""
    leave(db, article, old)
    db.execute("delete from likenesses where article = ?", [article])
    db.execute("update articles set title = ?, body = ? where id = ?", [*new, article])
    enter(db, article, new)


def _index(db: Database, article: int, text: Text, command: str | None = None) -> None:
    columns, values = ("articles_fts, ", [command]) if command else ("", [])
    db.execute(
        f"insert into articles_fts ({columns}rowid, title, body) values ({'?, ' if command else ''}?, ?, ?)",
        [*values, article, *map(search.indexed, text)],
    )
