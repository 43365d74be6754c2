"""The desk's words in the language that the browser asks for: English, or Chinese."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

_LANGUAGES = ("en", "zh")


@cache
def words(language: str) -> dict:
    """All words in a language; what it lacks is said in English."""
    known = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
    return {"language": language} | known["en"] | known[language]


def asked(accept_language: str) -> str:
    """The language of ours that an Accept-Language header likes best."""
    liked = []
    for place, part in enumerate(accept_language.split(",")):
        name, _, quality = part.strip().partition(";q=")
        language = name.strip().casefold().partition("-")[0]
        if language in _LANGUAGES:
            liked.append((-_number(quality), place, language))
    return min(liked)[2] if liked else _LANGUAGES[0]


def _number(quality: str) -> float:
    try:
        return float(quality) if quality else 1.0
    except ValueError:
        return 0.0
