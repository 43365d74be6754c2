"""Makes text from the web fit for a terminal."""

from __future__ import annotations

import json
import re
import unicodedata

# Control, format (direction among them) and surrogate characters, and separators of lines.
_RULING = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_RULING_IN_JSON = re.compile("[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
# What a spreadsheet would take for a formula, or skip before one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_BREAKS = frozenset("\n\r\t\v\f\x85\u2028\u2029")


def safe(text: str) -> str:
    """The text on one line, without the control and direction characters that could rule a terminal."""
    return "".join(" " if c in _BREAKS else c for c in text if c in _BREAKS or unicodedata.category(c) not in _RULING)


def as_json(value: object, indent: int | None = None) -> str:
    """JSON with readable Chinese, in which what could rule a terminal is escaped: the data stay the same."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _RULING_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def shortened(text: str, width: int) -> str:
    """The text cut to so many characters, with an ellipsis where something is missing."""
    text = safe(text)
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def for_spreadsheet(cell: str) -> str:
    """The cell's text, with a quote in front where a spreadsheet would run it as a formula; numbers stay numbers."""
    return "'" + cell if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell
