"""What the watchdog takes for a trouble: the [watchdog] table of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta

from founderwatch.alerts import keys


@dataclass(frozen=True)
class Limits:
    """When founderwatch tells of its own troubles; None switches a check off. Sizes are in bytes."""

    silent: timedelta | None = timedelta(hours=24)  # no source has brought anything new for so long
    unusual: bool = True  # many more or fewer flagged stories than usual
    disk_free: int | None = 10**9  # less is free where the database is
    database_size: int | None = None  # the database has grown beyond it
    archive_size: int | None = None


def parse(table: Mapping) -> Limits:
    """Reads the [watchdog] table; KeyMistake tells what is wrong."""
    keys.known(table, [field.name for field in fields(Limits)])
    readers = {
        "silent": keys.span_or_off,
        "unusual": keys.truth,
        "disk_free": keys.size_or_off,
        "database_size": keys.size_or_off,
        "archive_size": keys.size_or_off,
    }
    return Limits(**{key: readers[key](table, key) for key in table})
