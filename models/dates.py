"""Resolves the story's words for a time ("early last year", 今年5月) to a range of days.

Only words that name a time are resolved: "after seven years", "recently" and 近日 give nothing, because a wrong
date would make an old departure of a new one.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta

_MONTH_NAMES = (
    "january|jan", "february|feb", "march|mar", "april|apr", "may", "june|jun", "july|jul", "august|aug",
    "september|sept|sep", "october|oct", "november|nov", "december|dec",
)  # fmt: skip
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split("|")}
_MONTH = re.compile(r"\b(" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?")
_HAN_MONTH = re.compile(r"(\d{1,2}|十[一二]?|[一二三四五六七八九])月(?:份|底|初)?(?:(\d{1,2})[日号])?")
_NEAR_MONTH = re.compile(r"\b(last|previous|this|next) month\b|([上本这這当當下])[个個]?月(?:(\d{1,2})[日号])?")
_NEAR_WEEK = re.compile(
    r"\b(last|previous|this|next) week\b|([上本这這下])[个個]?(?:周|週|星期|礼拜)([一二三四五六日天])?"
)
_SHIFTS = {"last": -1, "previous": -1, "上": -1, "next": 1, "下": 1}  # all others: the present one
_ISO = re.compile(r"(?<!\d)((?:19|20)\d\d)[-/.](0?[1-9]|1[0-2])[-/.]([0-2]?\d|3[01])(?!\d)")
_DECADE = re.compile(r"\b((?:19|20)\d0)s\b")
_YEAR = re.compile(r"(?<!\d)(19[5-9]\d|20\d\d)(?!\d)")
# In running text a bare number may count anything.
_YEAR_IN_TEXT = re.compile(
    r"(?:\b(?:in|since|of|from|until|by|during|early|late|mid|" + "|".join(_MONTHS) + r")[ -]|\d, )"
    r"(19[5-9]\d|20\d\d)(?![\d,]\d|\d| (?:employees|people|staff|engineers))|(?<!\d)(19[5-9]\d|20\d\d)\s?年"
)
# A year in which somebody came to the employer, got a post there, or was born: none in which anybody left.
_ARRIVAL = re.compile(
    r"\b(?:join|hire|arriv|recruit|graduat|born|enrol|started at|promot|appoint|named|became|took over)\w*\b[^.;!?]{0,60}?\b(?:19|20)\d\d\b|\bsince (?:19|20)\d\d\b"
    r"|(?:19|20)\d\d\s?年\s?(?:\d+\s?月)?\s?(?:\d+\s?日)?[初底末春夏秋冬]?[^,。;!?\d]{0,8}?(?:加入|入职|加盟|进入|毕业|出生|以来|至今|任|晋升|起)"
)
_YEARS = (
    (re.compile(r"大前年"), -3),
    (re.compile(r"前年"), -2),
    (re.compile(r"\b(?:last|previous) year\b|去年"), -1),
    (re.compile(r"\bthis year\b|今年"), 0),
    (re.compile(r"\bnext year\b|明年"), 1),
)
# Parts of a year, as first and last month; where no year is named, only what needs none counts.
_PARTS = (
    (re.compile(r"first quarter|\bq1|(?<=年)q1|一季度"), (1, 3)),
    (re.compile(r"second quarter|\bq2|(?<=年)q2|二季度"), (4, 6)),
    (re.compile(r"third quarter|\bq3|(?<=年)q3|三季度"), (7, 9)),
    (re.compile(r"fourth quarter|\bq4|(?<=年)q4|四季度"), (10, 12)),
    (re.compile(r"first half|上半年"), (1, 6)),
    (re.compile(r"second half|下半年"), (7, 12)),
    (re.compile(r"\bspring\b|春[天季]"), (3, 5)),
    (re.compile(r"\bsummer\b|夏[天季]"), (6, 8)),
    (re.compile(r"\b(?:autumn|fall)\b|秋[天季]"), (9, 11)),
    (re.compile(r"年初|年头"), (1, 4)),
    (re.compile(r"年中"), (5, 8)),
    (re.compile(r"\byear[- ]end\b|年底|年末|岁末"), (9, 12)),
)
_PARTS_OF_NAMED = (
    (re.compile(r"\b(?:early|beginning|start)\b|初(?!创)"), (1, 4)),
    (re.compile(r"\b(?:mid|middle)\b"), (5, 8)),
    (re.compile(r"\b(?:late|end)\b|[底末]"), (9, 12)),
)
_EARLIER = re.compile(r"\bearlier\b|\bso far\b|早些时候|以来")
_AGO = re.compile(
    r"(\d+|[a-z]+|[一二三四五六七八九十两兩半]+)\s*"
    r"(decades?|years?|months?|weeks?|days?|年|个月|個月|周|週|星期|天|日)\s*(?:ago\b|earlier\b|多?以?前)"
)
_WORDS = ("a|an|one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBERS = {word: n for n, words in enumerate(_WORDS, 1) for word in words.split("|")}
_HAN_NUMBERS = {c: n for n, c in enumerate("一二三四五六七八九", 1)} | {"两": 2, "兩": 2}
_DAYS = (
    (re.compile(r"\byesterday\b|昨[天日晚]"), -1),
    (re.compile(r"\b(?:today|tonight|this morning)\b|今[天日晚晨早]"), 0),
    (re.compile(r"\btomorrow\b|明[天日]"), 1),
    (re.compile(r"前天"), -2),
)
_WEEKDAYS = {d: n for n, d in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))}
_WEEKDAY = re.compile(r"(?:\b(last|next) )?\b(" + "|".join(_WEEKDAYS) + r")\b|(?:周|週|星期|礼拜)([一二三四五六日天])")
_DAY_OF_MONTH = re.compile(r"(?<!\d)(\d{1,2})[日号]")


@dataclass(frozen=True, slots=True)
class DateRange:
    """First and last day that the words allow."""

    start: date
    end: date


def resolve(words: str | None, published: datetime) -> DateRange | None:
    """The range that the words name, seen from the day of publication; None where they name none."""
    text = unicodedata.normalize("NFKC", (words or "").strip()[:120]).casefold()
    today = published.date()
    try:
        return next(filter(None, (rule(text, today) for rule in _RULES)), None)
    except (ValueError, OverflowError):  # a day or year that no calendar has
        return None


def latest_year(text: str, published: datetime, arrivals: bool = False) -> DateRange | None:
    """The latest year up to the publication that a text names as a time ("in 2009", 2009年); None where it names none.

    Years in which somebody joined, or since which somebody is there, count only among `arrivals`.
    """
    normal = unicodedata.normalize("NFKC", text).casefold()
    if not arrivals:
        normal = _ARRIVAL.sub(" ", normal)
    years = [int(m[1] or m[2]) for m in _YEAR_IN_TEXT.finditer(normal)]
    latest = max((year for year in years if year <= published.year), default=None)
    return _months(latest, 1, 12) if latest else None


def _whole_date(text: str, today: date) -> DateRange | None:
    iso = _ISO.search(text)
    return _month(int(iso[1]), int(iso[2]), int(iso[3]), today) if iso else None


def _decade(text: str, today: date) -> DateRange | None:
    decade = _DECADE.search(text)
    return DateRange(date(int(decade[1]), 1, 1), date(int(decade[1]) + 9, 12, 31)) if decade else None


def _named_month(text: str, today: date) -> DateRange | None:
    year = _year(text, today)
    if (month := _HAN_MONTH.search(text)) and 1 <= _number(month[1]) <= 12:
        return _month(year, int(_number(month[1])), int(month[2] or 0), today)
    if month := _MONTH.search(text):
        name = re.escape(month[0])
        day = re.search(rf"{name}\s*(\d{{1,2}})(?:st|nd|rd|th)?\b|\b(\d{{1,2}})(?:st|nd|rd|th)?\s*{name}", text)
        return _month(year, _MONTHS[month[1]], int(day[1] or day[2]) if day else 0, today)
    return None


def _year_or_part(text: str, today: date) -> DateRange | None:
    year, part = _year(text, today), _first(_PARTS, text)
    if year is None:
        if part is None:
            return None
        # "In the fourth quarter", told in February, is that of the year before; "last summer" is over.
        past = part[1] >= today.month if "last " in text else part[0] - today.month > 6
        return _months(today.year - past, *part)
    found = _months(year, *(part or _first(_PARTS_OF_NAMED, text) or (1, 12)))
    if _EARLIER.search(text) and found.start <= today < found.end:
        return DateRange(found.start, today)
    return found


def _near_month(text: str, today: date) -> DateRange | None:
    month = _NEAR_MONTH.search(text)
    return _month_before(today, -_SHIFTS.get(month[1] or month[2], 0), int(month[3] or 0)) if month else None


def _ago(text: str, today: date) -> DateRange | None:
    ago = _AGO.search(text)
    amount, unit = (_number(ago[1]), ago[2]) if ago else (0, "")
    if not 0 < amount < 100:
        return None
    if unit[0] in "m个個" or amount < 1:
        return _month_before(today, int(amount) if amount >= 1 else 6)
    if unit[0] in "w周週星":
        return _week(today - timedelta(weeks=int(amount)))
    if unit.startswith(("day", "天", "日")):
        return _day(today - timedelta(days=int(amount)))
    return _months(today.year - int(amount) * (10 if unit.startswith("decade") else 1), 1, 12)


def _near_week(text: str, today: date) -> DateRange | None:
    week = _NEAR_WEEK.search(text)
    if week is None:
        return None
    found = _week(today + timedelta(weeks=_SHIFTS.get(week[1] or week[2], 0)))
    return _day(found.start + timedelta(days=_han_weekday(week[3]))) if week[3] else found


def _weekday(text: str, today: date) -> DateRange | None:
    weekday = _WEEKDAY.search(text)
    if weekday is None:
        return None
    back = (today.weekday() - (_WEEKDAYS[weekday[2]] if weekday[2] else _han_weekday(weekday[3]))) % 7
    if weekday[1] == "next":
        return _day(today + timedelta(days=7 - back))
    return _day(today - timedelta(days=7 if weekday[1] and not back else back))


def _near_day(text: str, today: date) -> DateRange | None:
    shift = _first(_DAYS, text)
    if shift is not None:
        return _day(today + timedelta(days=shift))
    day = _DAY_OF_MONTH.search(text)
    return _month_before(today, int(int(day[1]) > today.day), int(day[1])) if day else None


# The first that finds something decides.
_RULES = (_whole_date, _decade, _named_month, _year_or_part, _near_month, _ago, _near_week, _weekday, _near_day)


def _year(text: str, today: date) -> int | None:
    if match := _YEAR.search(text):
        return int(match[1])
    shift = _first(_YEARS, text)
    return None if shift is None else today.year + shift


def _month(year: int | None, month: int, day: int, today: date) -> DateRange:
    if year is None:  # a bare month is the nearest: the next month is still ahead, any other has been
        ahead = (month - today.month) % 12
        year = today.year + (month < today.month) if 0 < ahead <= 1 else today.year - (month > today.month)
    if 1 <= day <= monthrange(year, month)[1]:
        return _day(date(year, month, day))
    return _months(year, month, month)


def _month_before(today: date, back: int, day: int = 0) -> DateRange:
    months = today.year * 12 + today.month - 1 - back
    return _month(months // 12, months % 12 + 1, day, today)


def _months(year: int, first: int, last: int) -> DateRange:
    return DateRange(date(year, first, 1), date(year, last, monthrange(year, last)[1]))


def _week(day: date) -> DateRange:
    monday = day - timedelta(days=day.weekday())
    return DateRange(monday, monday + timedelta(days=6))


def _day(day: date) -> DateRange:
    return DateRange(day, day)


def _number(text: str) -> float:
    """The number that a word or Chinese numeral below a hundred says; 0 where it says none."""
    if text.isdigit():
        return int(text)
    if text == "半":
        return 0.5
    tens, ten, ones = text.rpartition("十")
    if ten:
        return 10 * _HAN_NUMBERS.get(tens, 1 if not tens else 0) + _HAN_NUMBERS.get(ones, 0)
    return _HAN_NUMBERS.get(text, _NUMBERS.get(text, 0))


def _han_weekday(character: str) -> int:
    return 6 if character in "日天" else "一二三四五六".index(character)


def _first(rules, text: str):
    return next((value for pattern, value in rules if pattern.search(text)), None)
