"""Deletes the oldest files of the archive; articles, events and reviews are never touched."""

from __future__ import annotations

from pathlib import Path

from founderwatch.archive.folder import delete, outdated
from founderwatch.archive.limits import Keeping
from founderwatch.database.store import Store


def thin(store: Store, folder: Path, keeping: Keeping) -> list[str]:
    """Deletes what is beyond the limits, and gives the names of the files; raises OSError where one cannot be deleted."""
    old = outdated(folder, keeping.age, keeping.size)
    if old:
        # First the database: a page that nothing leads to does no harm, a place that leads nowhere might.
        store.forget_captures(path.name for path in old)
    return [path.name for path in old if delete(path)]
