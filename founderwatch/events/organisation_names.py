"""What is left of an organisation's name once case, accents, script variants and legal forms are taken off."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from founderwatch.events.characters import simplified

HAN = re.compile(r"[\u3400-\u9fff]")
_TOKENS = re.compile(r"[\u3400-\u9fff]+|[^\W_\u3400-\u9fff]+")
LONGEST = 200  # characters of a name that are looked at

_PLAIN = str.maketrans({"&": " and ", "’": "'", "ß": "ss", "ø": "o", "ł": "l"})

# What may follow a name without naming anything else.
_LEGAL = frozenset(
    re.findall(
        r"\w+",
        "inc incorporated ltd limited llc lp llp corp corporation co company plc gmbh ag sa nv bv ab oy asa kk pte pty"
        " group holding holdings and",
    )
)
_TRADE = frozenset(["technology", "technologies", "tech"])
_LEGAL_HAN = re.compile(r"(?:(?:股份)?有限(?:责任)?公司|公司|集团|控股|股份)$")
_TRADE_HAN = re.compile(r"(?:科技|技术)$")
_PLACE_HAN = re.compile(
    r"^(?:中国|北京|上海|深圳|广州|杭州|南京|武汉|成都|苏州|合肥|天津|重庆|浙江|广东|江苏|香港)市?(?=..)"
)


def tokens(name: str) -> list[str]:
    """The runs of Chinese characters and the other words of a name, in one spelling."""
    text = name[:LONGEST]
    if text.isascii():
        text = text.replace("&", " and ")  # what _PLAIN would do, in a third of the time
    else:
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).translate(_PLAIN)
        text = simplified(text)
    text = text.casefold()
    if "'" in text:
        text = re.sub(r"'s\b", "", text).replace("'", "")
    return _TOKENS.findall(text)


def key(name: str) -> str:
    """The name as it is looked up: in one spelling, and without spaces, which outlets put as they like (Open AI)."""
    return "".join(tokens(name))


def forms(words: list[str]) -> Iterator[str]:
    """The keys of a name: as it stands, then ever barer, until only what names it is left."""
    words = list(words)
    if len(words) > 1 and words[0] == "the":
        yield "".join(words)
        del words[0]
    yield "".join(words)
    for endings, endings_han in ((_LEGAL, _LEGAL_HAN), (_TRADE, _TRADE_HAN)):
        while (barer := _without(words, endings, endings_han)) is not None:
            words = barer
            yield "".join(words)


def without_place(form: str) -> str:
    """A Chinese key without the city or province that a registered name begins with."""
    return _PLACE_HAN.sub("", form)


def _without(words: list[str], endings: frozenset[str], endings_han: re.Pattern[str]) -> list[str] | None:
    """The words without the ending of the last one, unless nothing names the organisation then."""
    if not words:
        return None
    *rest, last = words
    found = endings_han.search(last)
    if found and (rest or found.start() > 1):
        return [*rest, last[: found.start()]] if found.start() else rest
    if not rest or last not in endings:
        return None
    # "Of Technology" and "and Technology" belong to what they follow.
    return None if endings is _TRADE and rest[-1] in ("of", "and") else rest
