"""Tells English and Chinese from the rest: by script first, since short headlines mislead statistics."""

from __future__ import annotations

import re

import py3langid

READ = ("en", "zh")

_HAN = re.compile(r"[\u3400-\u9fff]")
_KANA = re.compile(r"[\u3041-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_LETTER = re.compile(r"[^\W\d_]")
# Below this, letter statistics are a coin toss, and the sources are English or Chinese.
_ENOUGH = 60


def detect(text: str) -> str:
    """ISO 639-1 code of a text's main language; `zh` for both scripts of Chinese, `und` without letters."""
    sample = text[:6000]
    letters = len(_LETTER.findall(sample))
    if not letters:
        return "und"
    han, kana, hangul = (len(p.findall(sample)) for p in (_HAN, _KANA, _HANGUL))
    if kana > 0.15 * (han + kana) and kana > 2:
        return "ja"
    if hangul > 0.2 * letters:
        return "ko"
    # A Chinese sentence full of foreign names holds fewer Han characters than Latin letters.
    if han > 0.15 * letters:
        return "zh"
    if letters < _ENOUGH and sample.isascii():
        return "en"
    return py3langid.classify(sample)[0]
