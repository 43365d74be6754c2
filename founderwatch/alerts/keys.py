"""Checks the keys of a configuration table; a mistake names its key and says what would be right."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from datetime import timedelta

_SPAN = re.compile(r"([1-9][0-9]{0,4})([mhdw])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_SIZE = re.compile(r"([1-9][0-9]{0,5}) ?([MGT]B)")
_BYTES = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
_OFF = "off"


class KeyMistake(ValueError):
    """A key that is unknown or has a wrong value."""

    def __init__(self, key: str, message: str):
        super().__init__(message)
        self.key = key


def known(table: Mapping, names: Collection[str]) -> None:
    """Refuses a key that is none of these."""
    for key in table:
        if key not in names:
            near = difflib.get_close_matches(key, names, 1)
            raise KeyMistake(key, "unknown key" + (f"; did you mean {near[0]}?" if near else ""))


def text(table: Mapping, key: str) -> str:
    """A text that says something."""
    value = table[key]
    if not isinstance(value, str) or not value.strip():
        raise KeyMistake(key, f"must be a text, not {value!r}")
    return value.strip()


def texts(table: Mapping, key: str, allowed: Collection[str] = ()) -> tuple[str, ...]:
    """A list of texts, each one of those allowed."""
    values = table[key]
    if not isinstance(values, list) or not values or not all(isinstance(v, str) and v.strip() for v in values):
        raise KeyMistake(key, f"must be a list of texts, not {values!r}")
    for value in values:
        if allowed and value not in allowed:
            raise KeyMistake(key, f"{value!r} is none of {', '.join(allowed)}")
    return tuple(value.strip() for value in values)


def one_of(table: Mapping, key: str, allowed: Collection[str]) -> str:
    """A text that is one of those allowed."""
    if table[key] not in allowed:
        raise KeyMistake(key, f"must be {' or '.join(allowed)}, not {table[key]!r}")
    return table[key]


def number(table: Mapping, key: str, least: float, most: float) -> float:
    """A number within limits."""
    value = table[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise KeyMistake(key, f"must be a number from {least:g} to {most:g}, not {value!r}")
    return float(value)


def truth(table: Mapping, key: str) -> bool:
    """true or false."""
    if not isinstance(table[key], bool):
        raise KeyMistake(key, f"must be true or false, not {table[key]!r}")
    return table[key]


def span(table: Mapping, key: str) -> timedelta:
    """A length of time such as 90m, 12h, 7d or 2w."""
    value = table[key]
    match = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise KeyMistake(key, f"must be a length of time such as 90m, 12h, 7d or 2w, not {value!r}")
    return int(match[1]) * _UNITS[match[2]]


def span_or_off(table: Mapping, key: str) -> timedelta | None:
    """A length of time, or None for "off"."""
    return None if table[key] == _OFF else span(table, key)


def size(table: Mapping, key: str, also: str = "") -> int:
    """A number of bytes such as 500MB or 20GB."""
    value = table[key]
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise KeyMistake(key, f"must be a size such as 500MB or 20GB{also}, not {value!r}")
    return int(match[1]) * _BYTES[match[2]]


def size_or_off(table: Mapping, key: str) -> int | None:
    """A number of bytes such as 500MB or 20GB, or None for "off"."""
    return None if table[key] == _OFF else size(table, key, ', or "off"')


def written(value: timedelta | int | None) -> str:
    """A length of time, or a number of bytes, as a file says it."""
    if value is None:
        return _OFF
    if isinstance(value, timedelta):
        unit = next(name for name in ("d", "h", "m") if value % _UNITS[name] == timedelta(0))
        return f"{value // _UNITS[unit]}{unit}"
    unit = next(name for name in ("TB", "GB", "MB") if value % _BYTES[name] == 0)
    return f"{value // _BYTES[unit]}{unit}"
