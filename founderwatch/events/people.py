"""Whether two written names may be one person's: 周畅, Zhou Chang, Chang Zhou, Chou Ch'ang and Dr Zhou.

Names alone decide nothing: they say how alike they are, and founderwatch.events.merge asks the more of employer, role and
time, the weaker the likeness.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice, product
from pathlib import Path

from pypinyin import Style, lazy_pinyin, pinyin
from rapidfuzz.distance import DamerauLevenshtein

from founderwatch.events import transliteration
from founderwatch.events.characters import simplified
from models.persons import name_parts

_HAN = re.compile(r"[\u3400-\u9fff]+")
_SUFFIXES = frozenset(["jr", "sr", "ii", "iii", "iv", "phd", "md", "mba"])
_DEGREE = re.compile(r",?\s+(?:ph\.?\s?d|m\.?d|m\.?b\.?a)\.?\s*$", re.IGNORECASE)
_COMPOUND_SURNAMES = frozenset(
    re.findall(
        "..",
        "欧阳诸葛司马上官司徒东方皇甫慕容端木令狐公孙轩辕尉迟夏侯独孤南宫长孙宇文澹台东郭西门申屠呼延万俟单于鲜于闻人",
    )
)
# As surnames these are read in another way than as words; further readings are the careless ones.
_SURNAMES = {
    "曾": "zeng ceng", "单": "shan dan", "解": "xie jie", "仇": "qiu chou", "查": "zha cha", "翟": "zhai di", "区": "ou qu",
    "盖": "ge gai", "乐": "yue le", "覃": "qin tan", "朴": "piao pu park", "种": "chong", "黑": "he", "繁": "po", "缪": "miao mou",
    "召": "shao", "褚": "chu", "秘": "bi", "尉迟": "yuchi weichi", "长孙": "zhangsun changsun", "万俟": "moqi", "单于": "chanyu",
    "澹台": "tantai",
}  # fmt: skip
_SYLLABLE = re.compile(
    r"(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:[iu]?ang?|u?eng?|ing?|i?ong|un|i?ao|u?ai|[iu]a|ei|ui|i?u|ou|uo|[iu]e|er|[aeiou])"
)
_INITIAL = re.compile(r"[zcs]h|.")
_CONSONANTS = re.compile(r"(?!(?:ng|ly|sy|vy)$)[^\W\d_aeiou]{2,3}")  # JP, TJ: initials; Ng is a surname
_MOST_READINGS = 24
_DOUBLE = re.compile(r"[^\W\d_]{3,}-[A-ZÀ-ÖØ-Þ][^\W\d_]{2,}\s*$")  # Brandvold-Lie, not Ji-hoon
# Words before a surname that some outlets write apart, or large, or not at all.
_PARTICLES = frozenset(["van", "von", "den", "der", "ten", "ter", "zu", "dos", "del", "della", "de", "da", "di", "du", "la", "le", "al", "el", "bin", "ibn"])  # fmt: skip
_CERTAIN_PARTICLES = frozenset(
    ["van", "von", "den", "der", "ten", "ter", "zu", "dos", "del", "della"]
)  # no surnames themselves
_LEAST_LETTERS = 4  # of a word in which one letter may be wrong: Wei and Wen are two names

SAME = "same"  # one name in one spelling, whatever its script and order
SPELLING = "spelling"  # the same name if one is spelt in another way than pinyin, or read otherwise
SOUND = "sound"  # one transliterates the other into Chinese
SHORT = "short"  # one is a surname alone, or has an initial
SLIP = "slip"  # one may be the other, misspelt or under an English first name


@dataclass(frozen=True, slots=True)
class Name:
    """A written name, taken apart. `keys` are all readings, `key` the usual one; `words` are surname and given name in no
    certain order, or one word."""

    key: str
    keys: frozenset[str]
    words: tuple[str, ...]
    han: str | None = None  # the characters, simplified
    middle: str = ""  # first letter of a middle name
    sounds: tuple[str, ...] = ()  # how the words of a name that is not Chinese sound
    transliterated: bool = False
    surnames: tuple[str, ...] = ()  # in pinyin, of a Chinese name under an English first name: Tony Zhao
    covers: bool = False  # three words or more, of which other forms may leave out one or the other

    @property
    def is_short(self) -> bool:
        return len(self.words) == 1 or self.initial is not None

    @property
    def initial(self) -> int | None:
        """Which of the words is an initial."""
        return next((at for at, word in enumerate(self.words) if len(self.words) == 2 and len(word) == 1), None)


def person_key(name: str | None) -> str | None:
    """The name in Latin letters, without accents, in whichever order sorts first; None without a name."""
    parsed = parse(name)
    return parsed.key if parsed else None


@lru_cache(65536)
def parse(name: str | None) -> Name | None:
    """Takes a name apart; None where it holds no letters."""
    if not name:
        return None
    name = _DEGREE.sub("", name)
    if "·" not in name and _HAN.search(name):
        return _of_han(simplified("".join(_HAN.findall("".join(name_parts(name))))))
    if _HAN.search(name):  # a foreign name in Chinese characters
        return _of_foreign([part for part in (re.sub(r"\W", "", part) for part in simplified(name).split("·")) if part])
    written = [part for word in name_parts(name) for part in re.sub(r"^(al|el)-", r"\1 ", word).split() if _plain(part)]
    return _of_latin(written, bool(_DOUBLE.search(name))) if written else None


def alike(one: Name, other: Name) -> str | None:
    """How alike two names are: SAME, SPELLING, SHORT, SLIP, or None for two people's names."""
    if len(one.words) == 1 or len(other.words) == 1:
        return SHORT if _shortens(one, other) or _shortens(other, one) else None
    if clash(one, other):
        return SLIP if one.han and one.key == other.key else None  # 周畅 and 周唱 sound alike
    if one.key == other.key:
        return SAME
    if one.keys & other.keys:
        return SPELLING
    if one.is_short or other.is_short:
        return SHORT if _shortens(one, other) or _shortens(other, one) else None
    if one.transliterated or other.transliterated:
        return SOUND if _sounds_like(one, other) else None
    if _misspelt(one.words, other.words):
        return SLIP
    return SLIP if _anglicised(one, other) or _anglicised(other, one) else None


def clash(one: Name, other: Name) -> bool:
    """Whether two names cannot both be right, however alike: other characters, another middle name."""
    return bool(one.han and other.han and one.han != other.han) or bool(
        one.middle and other.middle and one.middle != other.middle
    )


def halves(name: Name) -> list[str]:
    """Keys that a name shares with its misspellings and with its form with an initial: a word, the other's first letter."""
    if len(name.words) == 1:
        return []
    if name.initial is not None:
        return [f"{name.words[1 - name.initial]}|{name.words[name.initial]}"]
    one, other = name.words
    return [f"{one}|{other[0]}", f"{other}|{one[0]}"]


def near(name: Name) -> list[str]:
    """Keys of forms that are not quite the same name: misspelt, with an initial, a surname alone, transliterated, anglicised."""
    if len(name.words) == 1:
        return [f"{name.words[0]}|"]
    keys = [*halves(name), *name.words, *(f"{surname}|" for surname in name.surnames)]
    if name.han:
        keys.append(f"{name.words[0]}|*")
    if name.sounds:
        keys += [_heard(name, True)] + [_heard(name, False)] * name.transliterated
    return keys


def filed(name: Name) -> set[str]:
    """All keys by which reports of the same person look for it: a word alone stands with a bar behind it."""
    if len(name.words) == 1:
        return set(name.keys)
    whole = [f"{word}|" for word in name.words] + [f"{surname}|*" for surname in name.surnames]
    return {*name.keys, *halves(name), *whole, *([_heard(name, name.transliterated)] if name.sounds else [])}


def _heard(name: Name, transliterated: bool) -> str:
    first = "".join(sound[:1] or "-" for sound in name.sounds)
    return f"{'~' if transliterated else ':'}{first}"


def _of_han(name: str) -> Name | None:
    """Surname and given name of a Chinese name, in pinyin; one character is a surname alone."""
    if not name:
        return None
    length = 2 if name[:2] in _COMPOUND_SURNAMES or len(name) == 4 else 1
    surname, given = name[:length], name[length:]
    usual = _SURNAMES.get(surname, "").split() or ["".join(lazy_pinyin(surname))]
    words = tuple(word for word in (_plain(usual[0]), _plain("".join(lazy_pinyin(given)))) if word)
    surnames = [*usual, "".join(lazy_pinyin(surname))]
    readings = ("".join(r) for r in product(*pinyin(given, style=Style.NORMAL, heteronym=True)))
    others = (_joined(_plain(s), _plain(g)) for g in islice(readings, 4) for s in surnames)
    key = _joined(*words)
    return Name(key, frozenset([key, *(others if given else ())]), words, han=name)


def _of_foreign(parts: list[str]) -> Name | None:
    """A foreign name in Chinese characters, its parts divided by dots."""
    spoken = [tuple(map(_plain, lazy_pinyin(part))) for part in parts]
    words = [word for syllables in spoken if (word := "".join(syllables))]
    if not words:
        return None
    key = "".join(words)
    sounds = tuple(transliteration.of_pinyin(part) for part in (spoken[0], spoken[-1])) if len(words) > 1 else ()
    return Name(key, frozenset([key]), tuple([words[0], *words[1:][-1:]]), sounds=sounds, transliterated=True)


def _of_latin(written: list[str], double: bool = False) -> Name:
    """The words of a name that nearly every outlet prints, and what a spelling other than pinyin may stand for."""
    while len(written) > 2 and _plain(written[-1]) in _SUFFIXES:
        written = written[:-1]
    if len(written) > 1 and all(word in _CERTAIN_PARTICLES for word in written[:-1]):
        written = written[-1:]  # Van den Berg alone is a surname
    elif len(written) > 2:
        written = [written[0], *(w for w in written[1:-1] if w not in _PARTICLES), written[-1]]
    keys = {_joined(*pair) for pair in _covered(written, double)}
    words = [_plain(word) for word in written]
    middle = ""
    if len(words) == 3 and all(_SYLLABLE.fullmatch(w) for w in words):
        words = [words[0], words[1] + words[2]]  # Zhou Jing Ren is Zhou Jingren
    elif len(words) > 2 and len(words[-1]) == 1:
        words = words[:2]  # Zhou C. Y.
    elif len(words) > 2:
        # A middle name or initial is written by one outlet and left out by the next.
        words, middle = [words[0], words[-1]], words[1][0]
    if len(words) == 2:
        words = [w[0] if _CONSONANTS.fullmatch(w) else w for w in words]
    key = _joined(*words)
    readings = frozenset([key, *keys, *islice(_readings(written), _MOST_READINGS)])
    full = len(words) == 2 and min(map(len, words)) > 1
    surnames = _chinese_surnames(words) if full else ()
    sounds = tuple(map(transliteration.of_latin, words)) if full and not _is_chinese(words) else ()
    return Name(
        key, readings, tuple(words), middle=middle, sounds=sounds, surnames=surnames, covers=len(written) > 2 or double
    )


def _covered(written: list[str], double: bool) -> Iterator[tuple[str, str]]:
    """The shorter forms that a name of many parts may have elsewhere: under a maiden name, a nickname, one of two surnames."""
    first, *rest = map(_plain, written)
    if double and len(rest) == 1:
        yield from ((first, _plain(part)) for part in written[-1].split("-"))
    if len(rest) == 1:
        yield from ((formal, rest[0]) for formal in _romanised()["nicknames"].get(first, ()))
    if len(rest) > 1 and len(rest[0]) > 2 and not _SYLLABLE.fullmatch(rest[0]):
        yield first, rest[0]


def _is_chinese(words: list[str]) -> bool:
    """Whether one of two words is a Chinese surname and the other can be a Chinese given name."""
    known = _romanised()["surnames"]
    return any((_SYLLABLE.fullmatch(a) or a in known) and _syllables(b) for a, b in (words, words[::-1]))


def _chinese_surnames(words: list[str]) -> tuple[str, ...]:
    """The surname, in pinyin, of a name whose other word cannot be a Chinese given name."""
    first, last = words
    if _syllables(first) or not (_SYLLABLE.fullmatch(last) or last in _romanised()["surnames"]):
        return ()
    return tuple(
        dict.fromkeys([*_romanised()["surnames"].get(last, ()), *([last] if _SYLLABLE.fullmatch(last) else [])])
    )


def _readings(written: list[str]) -> Iterator[str]:
    """Keys in pinyin of a Chinese name in another romanisation, or with an English first name before it."""
    known = _romanised()["surnames"]
    if len(written) == 3:  # Jean Luc Fabre is Jean-Luc Fabre
        yield _joined(_plain(written[0] + written[1]), _plain(written[2]))
    orders = [(written[0], written[1:]), (written[-1], written[:-1])]
    if len(written) > 2 and _plain(written[0]) not in known and not _SYLLABLE.fullmatch(_plain(written[0])):
        # Joe Tsai Chung-hsin is Joe Tsai and Tsai Chung-hsin; but Linda E. Carter is no Linda E., and Mary Lou Carter no Mary Lou.
        if all(_syllables(_plain(part)) for word in written[2:] for part in word.split("-")):
            yield _joined(_plain(written[0]), _plain(written[1]))
        orders = [(written[1], written[2:])]
        if _SYLLABLE.fullmatch(_plain(written[1])):
            yield _joined(_plain(written[1]), "".join(map(_plain, written[2:])))
    for surname, given in orders:
        surnames = known.get(_plain(surname))
        syllables = [s for word in given for part in word.split("-") for s in _syllables(_plain(part))]
        if surnames and 1 <= len(syllables) <= 3:
            for parts in product(surnames, *(_pinyin_of(s) for s in syllables)):
                yield _joined(parts[0], "".join(parts[1:]))


def _syllables(word: str) -> list[str]:
    """A word of a given name in syllables: chunghsin is chung hsin; nothing where it is no Chinese one."""
    if not word or _pinyin_of(word):
        return [word] * bool(word)
    for end in range(len(word) - 1, 0, -1):
        if _pinyin_of(word[:end]) and (rest := _syllables(word[end:])):
            return [word[:end], *rest]
    return []


@lru_cache(4096)
def _pinyin_of(syllable: str) -> list[str]:
    """The pinyin that a syllable of a given name may stand for, the surest first."""
    found = _romanised()["given"].get(syllable, []) + _wade_giles().get(syllable, [])
    return list(dict.fromkeys(found + ([syllable] if _SYLLABLE.fullmatch(syllable) else [])))


@cache
def _romanised() -> dict[str, dict[str, list[str]]]:
    tables = tomllib.loads((Path(__file__).parent / "romanised.toml").read_text(encoding="utf-8"))
    return {table: {word: values.split() for word, values in rows.items()} for table, rows in tables.items()}


@cache
def _wade_giles() -> dict[str, list[str]]:
    """Wade-Giles syllables without their apostrophes, which newspapers leave out, with their pinyin."""
    table: dict[str, list[str]] = {}
    characters = "".join(map(chr, range(0x4E00, 0x9FA6)))
    pairs = zip(lazy_pinyin(characters, style=Style.WADEGILES), lazy_pinyin(characters), strict=True)
    for giles, usual in sorted(set(pairs)):
        syllable = giles.replace("'", "").replace("v", "u")
        if _plain(usual) not in table.setdefault(syllable, []):
            table[syllable].append(_plain(usual))
    return table


def _shortens(short: Name, full: Name) -> bool:
    """Whether one is a word of the other, or such a word with the initial of the other word."""
    if len(short.words) == 1:
        return short.words[0] in full.words
    if short.initial is None or full.is_short:
        return False
    word, letter = short.words[1 - short.initial], short.words[short.initial]
    return any(full.words[at] == word and full.words[1 - at].startswith(letter) for at in (0, 1))


def _misspelt(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one word agrees and in the other a letter is wrong, or one surname stands for another: Zhang, Zhou."""
    for here, there in product((0, 1), repeat=2):
        a, b = one[1 - here], other[1 - there]
        if one[here] != other[there] or a[0] != b[0] or min(len(a), len(b)) < _LEAST_LETTERS:
            continue
        if DamerauLevenshtein.distance(a, b, score_cutoff=1) <= 1:
            return True
        both = _SYLLABLE.fullmatch(a) and _SYLLABLE.fullmatch(b) and _SYLLABLE.match(one[here])
        if both and _INITIAL.match(a)[0] == _INITIAL.match(b)[0] and _INITIAL.match(a)[0] in ("zh", "ch", "sh"):
            return True
    return False


def _sounds_like(one: Name, other: Name) -> bool:
    """Whether of two names, one at least transliterated, each word may be the other's."""
    both = zip(one.sounds, other.sounds, strict=False)
    return bool(one.sounds and other.sounds) and all(a and b and transliteration.alike(a, b) for a, b in both)


def _anglicised(one: Name, other: Name) -> bool:
    """Whether one may be the other, in characters, under an English first name."""
    return bool(other.han and other.words[0] in one.surnames)


def _joined(*words: str) -> str:
    # A Chinese given name is one word in most outlets and two in some, so words are joined before they are compared.
    return min("".join(words), "".join(reversed(words)))


def _plain(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word).casefold()
    letters = "".join(c for c in unicodedata.normalize("NFKD", decomposed) if c.isalnum())
    return re.sub(r"^([ln])(?:v|yu)(?=e?$)", r"\1u", letters)  # 吕 is Lv, Lyu, Lü and Lu
