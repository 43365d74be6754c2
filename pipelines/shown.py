"""Reads the time of publication that a page shows to its readers: 3小时前, 昨天 14:20, 2026年7月5日, "July 5, 2026 8:30 PM ET"."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import dateparser
from lxml.html import HtmlElement

_LONGEST = 80  # characters of an element that holds a time and little else
_MOST = 12  # elements that are looked at
_CLOCK = r"(?:\s*(?:at|,|，|·|\||星期.|周.)?\s*(?:(?:上午|下午|晚上|凌晨|中午)\s*)?\d{1,2}[:：]\d{2}(?:[:：]\d{2})?(?:\s*[ap]\.?m\.?)?)?"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_TIME = re.compile(
    rf"(?P<whole>20\d\d\s*[年./-]\s*\d{{1,2}}\s*[月./-]\s*\d{{1,2}}日?{_CLOCK}"
    rf"|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+20\d\d{_CLOCK}|\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH},?\s+20\d\d{_CLOCK})"
    rf"|(?P<yearless>(?<!\d)\d{{1,2}}月\d{{1,2}}日{_CLOCK}|(?<![\d-])\d{{1,2}}-\d{{1,2}}\s+\d{{1,2}}:\d{{2}})"
    rf"|(?P<ago>刚刚|剛剛|\d+\s*(?:秒|分钟|分鐘|小时|小時|天|周|週)前|(?:今天|昨天|前天|昨日|今日){_CLOCK}"
    rf"|\b(?:\d+|an?|one)\s*(?:min(?:ute)?s?|hours?|hrs?|h|m|days?|d)\s+ago\b|\b(?:yesterday|today){_CLOCK})",
    re.IGNORECASE,
)
_ZONE = re.compile(
    r"^\s*\(?(?P<name>E[SD]?T|P[SD]?T|C[SD]T|M[SD]T|GMT|UTC|BST|CEST|CET|HKT|SGT|IST|JST|北京时间)\b", re.IGNORECASE
)
_ZONES = {
    "E": ZoneInfo("America/New_York"), "P": ZoneInfo("America/Los_Angeles"), "CS": ZoneInfo("America/Chicago"),
    "CD": ZoneInfo("America/Chicago"), "M": ZoneInfo("America/Denver"), "G": UTC, "U": UTC, "B": ZoneInfo("Europe/London"),
    "CE": ZoneInfo("Europe/Paris"), "H": ZoneInfo("Asia/Hong_Kong"), "S": ZoneInfo("Asia/Singapore"),
    "I": ZoneInfo("Asia/Kolkata"), "J": ZoneInfo("Asia/Tokyo"), "北": ZoneInfo("Asia/Shanghai"),
}  # fmt: skip
_NAMED = (
    "//*[contains(@class,'time') or contains(@class,'date') or contains(@class,'pub') or contains(@class,'Time') or contains(@class,'Date')"
    " or contains(@id,'time') or contains(@id,'date') or contains(@id,'pub') or self::time or contains(@class,'meta') or contains(@class,'info')"
    " or contains(@class,'byline') or contains(@class,'source')]"
)
_ELSEWHERE = "ancestor::nav or ancestor::aside or ancestor::footer or ancestor::li or ancestor::form"
# A picture's caption tells when it was taken, a site's footer since when there has been a site.
_OF_ELSE = "ancestor-or-self::figure or ancestor-or-self::figcaption or contains(@class,'caption') or ancestor-or-self::footer[not(ancestor::article)]"
_SENTENCE = re.compile(r"[.!?。！？]\W*$")


def shown(tree: HtmlElement, zone: timezone, fetched_at: datetime) -> datetime | None:
    """The first time beside the headline; None where the page shows none. `zone` is for times that name no other.

    A sentence may tell of any day: the text's own first lines are no by-line.
    """
    short = f"[string-length(normalize-space()) < {_LONGEST}][not({_OF_ELSE})]"
    beside = tree.xpath(f"//h1/following::*[position() < 25]{short}")
    named = tree.xpath(f"{_NAMED}{short}[not({_ELSEWHERE})]")
    for node in (*beside[:_MOST], *named[:_MOST]):
        text = " ".join(node.text_content().split())
        match = _TIME.search(text)
        if match is None or _SENTENCE.search(text[match.end() :]):
            continue
        if found := moment_shown(text, zone, fetched_at):
            return found
    return None


def moment_shown(text: str, zone: timezone, fetched_at: datetime) -> datetime | None:
    """The time in a few words, in UTC; None where there is none, or one that cannot be true."""
    match = _TIME.search(text)
    if match is None:
        return None
    words, named = match[0], _ZONE.match(text[match.end() :])
    there = _zone(named["name"]) if named else zone
    now = fetched_at.astimezone(there)
    if match["yearless"]:
        words = f"{now.year}-{words}" if "-" in words else f"{now.year}年{words}"
    settings = {"RELATIVE_BASE": now.replace(tzinfo=None), "PREFER_DATES_FROM": "past", "DATE_ORDER": "YMD"}
    try:
        found = dateparser.parse(words.replace("：", ":"), languages=["zh", "zh-Hant", "en"], settings=settings)
    except (ValueError, OverflowError):
        return None
    if found is None:
        return None
    found = found.replace(tzinfo=there)
    if match["yearless"] and found > now + timedelta(days=1):
        found = found.replace(year=found.year - 1)
    found = found.astimezone(UTC)
    return found if found.year >= 1990 and found < fetched_at + timedelta(days=2) else None


def is_time(text: str) -> bool:
    """Whether a line says no more than when."""
    match = _TIME.search(text)
    return match is not None and not re.search(r"\w", text[: match.start()] + _ZONE.sub("", text[match.end() :]))


def _zone(name: str):
    upper = name.upper()
    return (
        next((zone for start, zone in _ZONES.items() if len(start) == 2 and upper.startswith(start)), None)
        or _ZONES[upper[0]]
    )
