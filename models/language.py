"""Tells the language of a story."""

from __future__ import annotations

import re

import py3langid

READ = ("en", "zh")  # the languages that the model reads

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_LETTER = re.compile(r"[^\W\d_]")
# The small words of English; of another language's words not one in twenty is among them.
_ENGLISH = re.compile(r"\b(?:the|and|of|to|that|with|for|was|his|her|is|on|by)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_SHARE = 0.12
_SAMPLE = 5000
# Below this many letters, what the page declares is worth more than statistics.
_FEW_LETTERS = 60


def detect(title: str, body: str, declared: str | None = None) -> str | None:
    """The ISO 639-1 code of a story's language ("zh" for both scripts); None for a text without letters.

    `declared` is what the page or its outlet says; it decides for texts too short to tell.
    """
    text = f"{title}\n{body}"[:_SAMPLE]
    letters = len(_LETTER.findall(text))
    if not letters:
        return None
    # Scripts tell these three apart in one sentence, where statistics over bytes waver.
    han, kana, hangul = (len(pattern.findall(text)) for pattern in (_HAN, _KANA, _HANGUL))
    if kana > 0.1 * (han + kana) and han + kana > 0.2 * letters:
        return "ja"
    if hangul > 0.3 * letters:
        return "ko"
    # A Chinese text full of English names has many more Latin letters than characters say.
    if han > 0.15 * letters:
        return "zh"
    hint = (declared or "").lower().replace("_", "-").split("-")[0] or None
    if letters < _FEW_LETTERS:
        if hint and hint != "zh":
            return hint
        if text.isascii():
            return "en"
    words = len(_WORD.findall(text))
    if words > _FEW_LETTERS and len(_ENGLISH.findall(text)) >= _SHARE * words:
        return "en"  # as the statistics would say, in a tenth of the time
    return py3langid.classify(text)[0]
