"""Which organisation a name as written in a story means, and whether two employers may be one.

The table (organisations.txt, and a user's own file) knows names in both scripts and what is a unit of what. An
organisation that it does not know goes by its own name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path

from pypinyin import lazy_pinyin

from founderwatch.events import organisation_table
from founderwatch.events.organisation_names import HAN, LONGEST, forms, tokens, without_place
from founderwatch.events.organisation_table import Organisation, OrganisationsError

_MOST_MARKS = 4
_LONGEST_NAME = 40  # characters of a key that a known name may take up at the head of another
_BRACKETS = re.compile(r"[(（\[【]([^()（）\[\]【】]*)[)）\]】]")
_OF = re.compile(r"\s*[,，]\s*|\s+at\s+|\s+of\s+(?:the\s+)?", re.IGNORECASE)
# Words for a part of an organisation: a known name with such words is a unit of it.
_PART = frozenset(
    re.findall(
        r"\w+",
        "ai lab labs laboratory research team unit division department dept group center centre office school college"
        " faculty institute business studio studios arm subsidiary engineering cloud"
        " china asia apac europe emea us usa uk india japan korea singapore america americas international global",
    )
)
_PART_HAN = re.compile(
    r"(?:部|部门|组|团队|实验室|研究院|研究所|研究中心|中心|学院|学系|系|所|院|线|业务|事业群|事业部|分公司|子公司|分院|分校|总部|bg|bu"
    r"|lab|中国|亚太|亚洲|欧洲|北美|美国|日本|国际|全球)$"
)
# What many organisations' names share says nothing about their being one.
_NOISE = frozenset(
    re.findall(
        r"\w+",
        "the of and at for in group holding holdings inc ltd llc co corp corporation company technologies technology tech lab labs"
        " laboratory cloud ai university college institute school academy research science sciences bank capital ventures"
        " venture partners fund motors auto robotics software systems network networks media digital global international"
        " china chinese american european asia national state new team unit division health medical pharma therapeutics bio"
        " biotech biosciences biologics genomics pharmaceuticals healthcare care clinic hospital life foundation institution"
        " energy power fusion solar battery batteries water oil gas mining steel metals materials chemicals chemical electric"
        " electronics semiconductor semiconductors microsystems devices photonics optics quantum computing computer"
        " computers data dynamics analytics intelligence learning vision machines space aerospace aviation airlines defense defence"
        " logistics freight transport mobility automotive vehicles insurance finance financial credit payments pay securities"
        " investment investments equity asset management advisors consulting solutions services service industries industrial"
        " manufacturing products foods food brands retail fashion beauty homes property properties estate hotels travel"
        " games game gaming entertainment pictures films film music sports news press publishing radio tv television"
        " communications telecom mobile wireless internet online web apps app platform platforms interactive design studio"
        " studios innovation innovations enterprises enterprise security cyber cybersecurity agriculture education training",
    )
)


class Agreement(Enum):
    """What two names of employers say about each other."""

    AGREE = "one organisation, or one a unit of the other"
    CONTRADICT = "two organisations"
    UNKNOWN = "cannot be told"


_own: Path | None = None


def use(path: Path | None) -> None:
    """Names a user's own file, read on top of the packaged table; OrganisationsError tells its mistakes."""
    global _own  # noqa: PLW0603  (one table a process, as one configuration)
    if path != _own:
        _table_with(path)
        _own = path
        resolve.cache_clear()
        compare.cache_clear()
        marks.cache_clear()


@lru_cache(maxsize=8192)
def resolve(written: str | None) -> Organisation | None:
    """The organisation that a name means; None where no letter is left of it."""
    name = (written or "").strip()[:LONGEST]
    words = tokens(name)
    if not words:
        return None
    # The table has no names of one letter: they would turn up everywhere.
    alone = _listed(f"{name} Corp") if len("".join(words)) == 1 else None
    return alone or _listed(name) or _part_of(name, words) or _unlisted(name)


def is_unit(one: str | None, other: str | None) -> bool:
    """Whether one name means a unit of the organisation that the other means."""
    unit, organisation = resolve(one), resolve(other)
    return unit is not None and organisation in unit.parents


@lru_cache(maxsize=8192)
def compare(one: str | None, other: str | None) -> Agreement:
    """What two employers as written say about each other: units of one parent may be either."""
    first, second = resolve(one), resolve(other)
    if first is None or second is None:
        return Agreement.UNKNOWN
    if first == second or first in second.parents or second in first.parents:
        return Agreement.AGREE
    if first.top == second.top:
        return Agreement.UNKNOWN
    if first.top.listed and second.top.listed:
        return Agreement.CONTRADICT
    unlisted = not first.top.listed and not second.top.listed
    if not marks(one) & marks(other):
        # An unknown company may have a name of its own in the other script; a known one has it in the table.
        if unlisted and bool(HAN.search(one)) != bool(HAN.search(other)):
            return Agreement.UNKNOWN
        touch = any(_touch(a, b) for a in {one, *first.names} for b in {other, *second.names})
        return Agreement.UNKNOWN if touch else Agreement.CONTRADICT
    # A listed organisation has its names in the table: one that only begins like it may be another (Meta Materials).
    in_two_scripts = bool(HAN.search(one)) != bool(HAN.search(other))
    return Agreement.AGREE if unlisted and (in_two_scripts or _contains(one, other)) else Agreement.UNKNOWN


@lru_cache(maxsize=8192)
def marks(name: str | None) -> frozenset[str]:
    """Words under which an organisation is filed: two names that share none are not known to be related.

    The head of its parents for one that the table knows; else the words that name it, Chinese ones in pinyin, since that
    is what a young company's English name often is.
    """
    found = resolve(name)
    if found is None:
        return frozenset()
    if found.top.listed:
        return frozenset([found.top.key])
    words = tokens(name.strip()[:LONGEST])
    head = _head(words[1:] if words[0] == "the" and len(words) > 1 else words)
    own = {_sound(without_place(_barest(name)))} if HAN.search(name) else sorted(_naming(name))[:_MOST_MARKS]
    return frozenset([*([head.top.key] if head else ()), *(f"~{word}" for word in own)])


def related(one: str | None, other: str | None) -> bool:
    """Whether two employers share a part of their names, or a parent, and nothing contradicts their being one."""
    return bool(marks(one) & marks(other)) and same_organisation(one, other)


def same_organisation(one: str | None, other: str | None) -> bool:
    """Whether two employers may be one: nothing contradicts it."""
    return compare(one, other) is not Agreement.CONTRADICT


def answers_to(name: str, asked: str) -> bool:
    """Whether an organisation is the one that is asked for; that nothing contradicts it is not enough here."""
    return compare(name, asked) is Agreement.AGREE


def is_meant(name: str | None, asked: str) -> bool:
    """Whether a person who asks for an employer means this one: the name holds the words, or answers to them."""
    return bool(name) and (asked.casefold() in name.casefold() or answers_to(name, asked))


def _table() -> Mapping[str, Organisation]:
    return _table_with(_own)


_table_with = cache(organisation_table.load)


def _listed(name: str) -> Organisation | None:
    """The organisation that a whole name means, with or without legal forms and what stands in brackets."""
    outside = _BRACKETS.sub(" ", name)
    table = _table()
    for candidate in dict.fromkeys([name, outside, *_BRACKETS.findall(name)]):
        keys = list(forms(tokens(candidate)))
        for key in (*keys, *map(without_place, keys)):
            if key in table:
                return table[key]
    return None


def _part_of(name: str, words: list[str]) -> Organisation | None:
    """A unit named after its parent (华为车BU, the AI lab of Stanford University); the table may know it by its own name."""
    found = _at_head(name, words[1:] if words[0] == "the" else words)
    if found:
        return found
    for cut in _OF.finditer(name):
        parent = _listed(name[cut.end() :])
        if parent:
            unit = _listed(name[: cut.start()])
            if unit and parent in unit.parents:
                return unit
            if _is_part(tokens(name[: cut.start()])):
                return _unlisted(name, parent)
    return None


def _at_head(name: str, words: list[str]) -> Organisation | None:
    """What a name means that begins with a known one."""
    parent, end = _longest_head(words)
    if parent is None:
        return None
    rest = tokens(re.sub("^(?:旗下的?|的)", "", _from(words, end)))
    unit = _listed("".join(rest))
    if unit and parent in unit.parents:
        return unit
    return _unlisted(name, parent) if _is_part(rest) else None


def _head(words: list[str]) -> Organisation | None:
    """The known organisation with which a name begins."""
    return _longest_head(words)[0]


def _longest_head(words: list[str]) -> tuple[Organisation | None, int]:
    """The known organisation with the longest name with which a name begins, and where that ends."""
    joined = "".join(words)
    starts, ends = set(), 0
    for word in words:
        # Chinese is written without spaces: a name may end after any character.
        starts |= set(range(ends + 1, ends + len(word))) if HAN.match(word) else set()
        ends += len(word)
        starts.add(ends)
    for end in sorted((e for e in starts if 1 < e < len(joined) and e <= _LONGEST_NAME), reverse=True):
        if parent := _table().get(joined[:end]):
            return parent, end
    return None, 0


def _from(words: list[str], end: int) -> str:
    """The words after so many characters."""
    rest = []
    for word in words:
        if end < len(word):
            rest.append(word[max(end, 0) :])
        end -= len(word)
    return " ".join(rest)


def _is_part(words: list[str]) -> bool:
    return bool(words) and (words[0] in _PART or words[-1] in _PART or bool(_PART_HAN.search(words[-1])))


def _unlisted(name: str, parent: Organisation | None = None) -> Organisation:
    return Organisation(_barest(name), name, (name,), parent, listed=False)


def _barest(name: str) -> str:
    return list(forms(tokens(name)))[-1]


def _touch(one: str, other: str) -> bool:
    """Whether two names in one script share a word that names them, or one Chinese name is a part of the other."""
    if bool(HAN.search(one)) != bool(HAN.search(other)):
        return False
    return _contains(one, other) if HAN.search(one) else bool(_naming(one) & _naming(other))


def _contains(one: str, other: str) -> bool:
    """Whether of two names that share something one is a part of the other."""
    if HAN.search(one) or HAN.search(other):
        one, other = _barest(one), _barest(other)
        return one in other or other in one
    words, others = _naming(one), _naming(other)
    return words <= others or others <= words


def _sound(name: str) -> str:
    """The pinyin of the two characters by which a Chinese company goes, the words of a mixed name as they are."""
    return "".join(lazy_pinyin(name[:2])) if HAN.match(name) else name


def _naming(name: str) -> set[str]:
    """The words of a name that name it; all of them where none does."""
    words = set(tokens(name))
    return words - _NOISE or words


__all__ = [
    "Agreement",
    "Organisation",
    "OrganisationsError",
    "answers_to",
    "compare",
    "is_meant",
    "is_unit",
    "marks",
    "related",
    "resolve",
    "same_organisation",
    "use",
]
