"""Whose mention is it: joins the names in one story to persons.

"Zhou" is Zhou Chang, "周畅（Zhou Chang）" is one person, and of two people who share a surname the bare surname
goes to the one whom the story is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*\.?")
_TITLES = frozenset(["mr", "mrs", "ms", "miss", "dr", "prof", "professor", "sir", "dame", "lord", "madam"])
_NICKNAME = frozenset(["()", "（）", '""', "“”", "''", "‘’"])
_MIXED = re.compile(r"[A-Z][a-z'’\-]+ [\u3400-\u9fff]{1,2}")  # an English first name before a Chinese surname
_TWO = re.compile(r"([^·]+·.+?)[和与與及]([^·]+·.+)?", re.DOTALL)
_ADDRESS = ("先生", "女士", "博士", "教授", "老师", "总", "院士")


@dataclass(frozen=True, slots=True)
class NameMention:
    """A person's name at `text[start:end]`; `weight` is how surely it is said to leave, 0 to 1."""

    start: int
    end: int
    text: str
    weight: float = 0.0


@dataclass(slots=True)
class Person:
    mentions: list[NameMention] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The fullest form of the name, without a title; of equally full ones the commonest, then the first.

        A foreign name that the story gives in both scripts, 杰西·霍尔布鲁克（Jesse Holbrook）, is the original one: of
        transliterations there are many.
        """
        counts: dict[str, int] = {}
        for mention in self.mentions:
            counts[mention.text] = counts.get(mention.text, 0) + 1

        def fullness(text: str) -> tuple[int, ...]:
            return (*_fullness(name_parts(text)), -len(text), counts[text])

        fullest = max(counts, key=fullness)
        if _is_transliterated(fullest) and (originals := [text for text in counts if not HAN.search(text)]):
            return max(originals, key=fullness)
        return fullest

    @property
    def weight(self) -> float:
        return max(m.weight for m in self.mentions)


def name_parts(name: str) -> tuple[str, ...]:
    """The comparable parts of a name: lower-case words without titles, or single Han characters."""
    if HAN.search(name):
        bare = name
        for word in _ADDRESS:
            if len(bare) > len(word) and bare.endswith(word):
                bare = bare.removesuffix(word)
        return tuple(bare)
    words = [w.strip(".").removesuffix("'s").removesuffix("’s").casefold() for w in _WORD.findall(name)]
    return tuple(w for w in words if w not in _TITLES) or tuple(words)


def is_part(short: tuple[str, ...], full: tuple[str, ...]) -> bool:
    """Whether a shorter form can stand for a longer name: a surname, a given name, with an initial."""
    if not short or len(short) > len(full):
        return False
    if all(HAN.match(part) for part in full):  # 王明 is not 王小明, but 小明 and 王 are
        return short in (full[: len(short)], full[-len(short) :])
    rest = list(full)
    for part in short:
        match = next((r for r in rest if r == part or (len(part) == 1 and r.startswith(part))), None)
        if match is None:
            return False
        rest = rest[rest.index(match) + 1 :]
    return True


def join(mentions: Sequence[NameMention], text: str) -> list[Person]:
    """Groups mentions to persons, in the order of their first full naming."""
    ordered = sorted(_whole(mentions, text), key=lambda m: (*(-n for n in _fullness(name_parts(m.text))), m.start))
    people: list[Person] = []
    for mention in ordered:
        parts = name_parts(mention.text)
        fits = [p for p in people if is_part(parts, name_parts(p.name)) or parts == name_parts(p.name)]
        if fits:
            max(fits, key=lambda p: (round(p.weight * (mention.weight > 0.5), 1), len(p.mentions))).mentions.append(
                mention
            )
        else:
            people.append(Person([mention]))
    return sorted(_join_scripts(people, text), key=lambda p: min(m.start for m in p.mentions))


def _whole(mentions: Sequence[NameMention], text: str) -> list[NameMention]:
    """Puts together what is one name: Yuhuan (Toby) Wei, Daniel "Danny" Holt, Lucas 郝."""
    names: list[NameMention] = []
    for mention in sorted(mentions, key=lambda m: m.start):
        names.append(mention)
        if len(names) >= 3 and _has_nickname(*names[-3:], text):
            names[-3:] = [_joined(names[-3:], text)]
        elif len(names) >= 2 and _MIXED.fullmatch(text, names[-2].start, mention.end):
            names[-2:] = [_joined(names[-2:], text)]
    return names


def _has_nickname(first: NameMention, nick: NameMention, last: NameMention, text: str) -> bool:
    between = text[first.end : nick.start].strip() + text[nick.end : last.start].strip()
    return between in _NICKNAME and nick.start - first.end <= 2 and last.start - nick.end <= 2


def _joined(mentions: Sequence[NameMention], text: str) -> NameMention:
    start, end = mentions[0].start, mentions[-1].end
    return NameMention(start, end, text[start:end], max(m.weight for m in mentions))


def _is_transliterated(name: str) -> bool:
    """Whether a name in Chinese characters is a foreign one."""
    return bool(HAN.search(name)) and "·" in name


def _fullness(parts: tuple[str, ...]) -> tuple[int, int]:
    return len(parts), sum(map(len, parts))


def _join_scripts(people: list[Person], text: str) -> list[Person]:
    """Joins a name and its form in another script that follows in brackets: 周畅（Zhou Chang）, Hamish 晏（晏海铭）.

    Between commas stand different people as a rule: Sanjay Ghemawat、黄国乐、Oriol Vinyals.
    """
    joined = list(people)
    for one in people:
        for other in people:
            if one is other or one not in joined or other not in joined:
                continue
            if any(
                0 < b.start - a.end <= 2
                and text[a.end : b.start].strip() in ("(", "（", "/")
                and text[b.end : b.end + 1] in (")", "）", "/")
                and _scripts(a.text) != _scripts(b.text)
                for a in one.mentions
                for b in other.mentions
            ):
                one.mentions += other.mentions
                joined.remove(other)
    return joined


def _scripts(name: str) -> tuple[bool, bool]:
    """Whether a name has Chinese characters, and whether it has other letters."""
    return bool(HAN.search(name)), any(c.isalpha() and not HAN.match(c) for c in name)


def parted(text: str) -> Iterator[tuple[int, int]]:
    """Where the names stand in what was tagged as one: 丹尼尔·霍尔特和安娜·科瓦奇 are two, 大和·田中 is one.

    What joins two transliterated names may also stick to the first alone.
    """
    found = _TWO.fullmatch(text)
    if not found:
        yield 0, len(text)
        return
    yield found.span(1)
    if found[2]:
        yield found.span(2)
