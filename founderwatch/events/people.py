"""One key for the forms of a person's name: 周畅, Zhou Chang and Chang Zhou share it.

A shared key says that two names may be one person's; founderwatch.events.merge then asks employer and time.
"""

from __future__ import annotations

import re
import unicodedata

from pypinyin import lazy_pinyin

from models.persons import name_parts

_HAN = re.compile(r"[\u3400-\u9fff]+")
_SUFFIXES = frozenset(["jr", "sr", "ii", "iii", "iv", "phd", "md", "mba"])
_COMPOUND_SURNAMES = frozenset(
    re.findall(
        "..",
        "欧阳歐陽诸葛諸葛司马司馬上官司徒东方東方皇甫慕容端木令狐公孙公孫轩辕尉迟夏侯独孤南宫长孙宇文澹台东郭",
    )
)
# As surnames these are read in another way than as words.
_SURNAMES = {
    "曾": "zeng", "单": "shan", "單": "shan", "解": "xie", "仇": "qiu", "查": "zha", "翟": "zhai", "区": "ou", "盖": "ge",
    "乐": "yue", "覃": "qin", "朴": "piao", "种": "chong", "黑": "he", "繁": "po", "尉迟": "yuchi",
}  # fmt: skip
_SYLLABLE = re.compile(
    r"(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:[iu]?ang?|u?eng?|ing?|i?ong|un|i?ao|u?ai|[iu]a|ei|ui|i?u|ou|uo|[iu]e|er|[aeiou])"
)


def person_key(name: str | None) -> str | None:
    """The name in Latin letters, without accents, in whichever order sorts first; None without a name.

    A Chinese given name is one word in most outlets and two in some, so words are joined before they are compared.
    """
    if not name:
        return None
    parts = name_parts(name)
    if "·" not in name and _HAN.search(name):
        words = _of_han("".join(_HAN.findall("".join(parts))))
    elif _HAN.search(name):
        words = ["".join(lazy_pinyin(re.sub(r"\W", "", name)))]
    else:
        words = _of_latin([p for p in map(_plain, parts) if p])
    letters = [_plain(w) for w in words if w]
    if not any(letters):
        return None
    return min("".join(letters), "".join(reversed(letters)))


def _of_han(name: str) -> list[str]:
    """Surname and given name of a Chinese name, in pinyin."""
    length = 2 if name[:2] in _COMPOUND_SURNAMES or len(name) == 4 else 1
    surname = name[:length]
    return [_SURNAMES.get(surname) or "".join(lazy_pinyin(surname)), "".join(lazy_pinyin(name[length:]))]


def _of_latin(words: list[str]) -> list[str]:
    """The words of a name that nearly every outlet prints."""
    while len(words) > 2 and words[-1] in _SUFFIXES:
        words = words[:-1]
    if len(words) == 3 and all(_SYLLABLE.fullmatch(w) for w in words):
        return [words[0], words[1] + words[2]]  # Zhou Jing Ren is Zhou Jingren
    # A middle name or initial is written by one outlet and left out by the next.
    return [words[0], words[-1]] if len(words) > 2 and len(words[-1]) > 1 else words


def _plain(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    letters = "".join(c for c in decomposed if c.isalnum())
    return re.sub(r"^([ln])(?:v|yu)(?=e?$)", r"\1u", letters)  # 吕 is Lv, Lyu, Lü and Lu
