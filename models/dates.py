"""Resolves the story's words for a time ("early last year", 今年5月) to a range of days.

Words for years and months are read here, because a range is wanted and not a guessed day; all the rest is
dateparser's.
"""

from __future__ import annotations

import re
import warnings
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime

import dateparser

_MONTHS = {
    name: number
    for number, names in enumerate(
        "january jan;february feb;march mar;april apr;may;june jun;july jul;august aug;september sept sep;"
        "october oct;november nov;december dec".split(";"),
        1,
    )
    for name in names.split()
}
_MONTH = re.compile(r"\b(" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?", re.I)
_YEAR = re.compile(r"(?<!\d)(19[5-9]\d|20\d\d)(?!\d)")
_NUMBERS = {w: n for n, w in enumerate("one two three four five six seven eight nine ten".split(), 1)} | {"a": 1, "an": 1}
_HAN_NUMBERS = {c: n for n, c in enumerate("一二三四五六七八九十", 1)} | {"两": 2, "兩": 2}
_AGO = re.compile(r"(\d+|[a-z]+|[一二三四五六七八九十两兩])\s*(?:(?:more than|over|about)\s*)?(years?|months?|年|个月|個月)\s*(?:ago|earlier|多?以?前)", re.I)
_HAN_MONTH = re.compile(r"(\d{1,2}|十[一二]?|[一二三四五六七八九])月(?:份|底|初)?(?:(\d{1,2})[日号])?")
_HAN_YEARS = {"今年": 0, "去年": -1, "前年": -2, "大前年": -3}
_PARTS = (
    (re.compile(r"\b(early|beginning|start)\b|初|上旬|年头", re.I), (1, 4)),
    (re.compile(r"\b(mid|middle|summer)\b|年中", re.I), (5, 8)),
    (re.compile(r"\b(late|end)\b|年底|年末|岁末", re.I), (9, 12)),
    (re.compile(r"first quarter|\bQ1\b|一季度|spring", re.I), (1, 3)),
    (re.compile(r"second quarter|\bQ2\b|二季度", re.I), (4, 6)),
    (re.compile(r"third quarter|\bQ3\b|三季度", re.I), (7, 9)),
    (re.compile(r"fourth quarter|\bQ4\b|四季度", re.I), (10, 12)),
)


@dataclass(frozen=True, slots=True)
class DateRange:
    """First and last day that the words allow."""

    start: date
    end: date


def resolve(words: str | None, published: datetime) -> DateRange | None:
    """The range that the words name, seen from the day of publication; None where they name none."""
    if not words or not words.strip():
        return None
    text = words.strip()[:120].casefold()
    today = published.date()
    year = _year(text, today)
    if month := _HAN_MONTH.search(text):
        number = _han_number(month[1])
        if 1 <= number <= 12:
            return _month(year, number, int(month[2] or 0), today)
    if month := _MONTH.search(text):
        day = re.search(rf"{month[0]}\s*(\d{{1,2}})(?:st|nd|rd|th)?\b|\b(\d{{1,2}})(?:st|nd|rd|th)?\s*{month[0]}", text)
        return _month(year, _MONTHS[month[1].casefold()], int(day[1] or day[2]) if day else 0, today)
    if year is not None:
        first, last = next((part for pattern, part in _PARTS if pattern.search(text)), (1, 12))
        return DateRange(date(year, first, 1), date(year, last, monthrange(year, last)[1]))
    if ago := _AGO.search(text):
        amount = _han_number(ago[1]) if ago[1] in _HAN_NUMBERS else int(ago[1]) if ago[1].isdigit() else _NUMBERS.get(ago[1], 0)
        if 0 < amount < 80:
            if ago[2].startswith(("month", "个", "個")):
                months = today.year * 12 + today.month - 1 - amount
                return _month(months // 12, months % 12 + 1, 0, today)
            return DateRange(date(today.year - amount, 1, 1), date(today.year - amount, 12, 31))
    with warnings.catch_warnings():  # dateparser's own use of ambiguous formats
        warnings.simplefilter("ignore")
        found = dateparser.parse(
            text,
            languages=["en", "zh"],
            settings={"RELATIVE_BASE": published.replace(tzinfo=None), "PREFER_DATES_FROM": "past", "REQUIRE_PARTS": []},
        )
    return DateRange(found.date(), found.date()) if found else None


def _year(text: str, today: date) -> int | None:
    if match := _YEAR.search(text):
        return int(match[1])
    for word in sorted(_HAN_YEARS, key=len, reverse=True):
        if word in text:
            return today.year + _HAN_YEARS[word]
    if re.search(r"\b(last|previous) year\b", text):
        return today.year - 1
    if re.search(r"\b(this year|earlier this year)\b", text):
        return today.year
    return None


def _month(year: int | None, month: int, day: int, today: date) -> DateRange:
    if year is None:  # a bare month is the nearest: the next month is still ahead, any other has been
        ahead = (month - today.month) % 12
        year = today.year + (month < today.month) if 0 < ahead <= 1 else today.year - (month > today.month)
    last = monthrange(year, month)[1]
    if 1 <= day <= last:
        return DateRange(date(year, month, day), date(year, month, day))
    return DateRange(date(year, month, 1), date(year, month, last))


def _han_number(text: str) -> int:
    if text.isdigit():
        return int(text)
    if text.startswith("十"):
        return 10 + _HAN_NUMBERS.get(text[1:], 0)
    return _HAN_NUMBERS.get(text, 0)
