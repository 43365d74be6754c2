"""How a foreign name sounds, roughly, whether it is written in Latin letters or transliterated into Chinese.

安德鲁·惠特菲尔德 and Andrew Whitfield have one skeleton of consonants. Vowels say little, l and r are one to a Chinese
ear, and so are voiced and voiceless consonants; r is heard before a vowel only.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

# Groups of letters by the class of their sound, the longest first.
_LATIN = [
    (r"\bjohan+\b|\bjohn\b", "HN"), (r"sch|tch|sh|th|t[sz]|dg(?=[eiy])|cz|sz", "S"), (r"ck|qu?|kh|gh(?=[aeiou])", "K"), (r"gh", ""), (r"ph", "F"), (r"wh", "F"),
    (r"\bkn|\bgn", "N"), (r"\bwr", "L"), (r"x", "KS"), (r"ch(?=[aeiouy])|c(?=[eiy])|g(?=[eiy])|[szj]", "S"), (r"ch|[ckg]", "K"),
    (r"[bp]", "P"), (r"[dt]", "T"), (r"[vf]|w(?=[aeiouy])", "F"), (r"l|r(?=[aeiouy])", "L"), (r"m", "M"), (r"n", "N"),
    (r"h(?=[aeiouy])", "H"),
]  # fmt: skip
_PINYIN = [
    (r"er$", "L"), (r"jia$", "K"), (r"zh|ch|sh|[jqxzcs]", "S"), (r"hu(?=[ai])|w", "F"), (r"[bp]", "P"), (r"[dt]", "T"), (r"[gk]", "K"), (r"f", "F"),
    (r"[lr]", "L"), (r"m", "M"), (r"n", "N"), (r"h", "H"),
]  # fmt: skip


@lru_cache(8192)
def of_latin(word: str) -> str:
    """The skeleton of a word in plain Latin letters."""
    return _skeleton(word, _LATIN)


@lru_cache(8192)
def of_pinyin(syllables: tuple[str, ...]) -> str:
    """The skeleton of transliterated characters, one syllable each."""
    return _once("".join(_skeleton(re.sub(r"(?<=[aeiou])ng$", "n", syllable), _PINYIN) for syllable in syllables))


def alike(one: str, other: str) -> bool:
    """Whether two skeletons may be one word's: of three sounds one may be wrong."""
    return one == other or (
        min(len(one), len(other)) >= 2
        and max(len(one), len(other)) >= 3
        and Levenshtein.distance(one, other, score_cutoff=1) <= 1
    )


def _skeleton(word: str, rules: list[tuple[str, str]]) -> str:
    at, sounds = 0, []
    while at < len(word):
        for pattern, sound in rules:
            if found := re.compile(pattern).match(word, at):
                sounds.append(sound)
                at = found.end()
                break
        else:
            at += 1
    return _once("".join(sounds))


def _once(sounds: str) -> str:
    return re.sub(r"(.)\1+", r"\1", sounds)
