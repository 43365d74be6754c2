"""Finds a person's name in running text, in whichever way it is written there, and blots it out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from founderwatch.events.characters import simplified
from models.persons import name_parts

BLOT = "█"
_HAN = r"[\u3400-\u9fff]"
_ESCAPES = re.compile(r"((?:%[0-9A-Fa-f]{2})+)")
_LETTERS = re.compile(r"[^\W\d_]+")
_HAN_RUN = re.compile(_HAN + "+")
_DOTTED = re.compile(rf"{_HAN}+(?:[·•・]{_HAN}+)+")
_BETWEEN = r"[\W_]{1,3}"
_HAN_SIZES = (2, 3, 4)
_WORDS = (2, 3, 4)


class Forms:
    """The written forms of one person's name."""

    def __init__(self, names: Iterable[str]):
        self.names = tuple(dict.fromkeys(names))
        patterns = {pattern for name in self.names for pattern in _patterns(name)}
        # The longest first: 欧阳娜娜 before 欧阳娜.
        self._pattern = re.compile("|".join(sorted(patterns, key=len, reverse=True)) or r"(?!)", re.IGNORECASE)
        words = {
            word
            for name in self.names
            for word in _LETTERS.findall(name)
            if len(word) > 1 and word.casefold() in _parts(simplified(name))
        }
        self._word = re.compile("|".join(rf"(?<![^\W_]){re.escape(w)}(?![^\W_])" for w in sorted(words)) or r"(?!)")

    @property
    def normal(self) -> set[str]:
        """The forms as `runs` gives them."""
        return {form for name in self.names for form in _normal(name)}

    def stand_in(self, text: str | None) -> bool:
        """Whether a text, or an address, names the person."""
        return bool(text) and next(self._spans(text), None) is not None

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where in a text the forms stand, as they are or in an address ("Mara%20Lind")."""
        yield from (match.span() for match in self._pattern.finditer(_alike(text)))
        if "%" in text:
            plain, places = _unquoted(text)
            for match in self._pattern.finditer(_alike(plain)):
                yield places[match.start()], places[match.end()]

    def blotted(self, text: str, keep: Iterable[str] = (), words: bool = False) -> str:
        """The text with each form blotted out, as long as before, so that places in it still hold.

        `words`: also its single words, unless they stand in one of the names to keep.
        """
        spans = list(self._spans(text))
        if words:
            kept = [m.span() for name in keep for m in re.finditer(re.escape(name), text)]
            spans += [
                m.span() for m in self._word.finditer(text) if not any(a <= m.start() and m.end() <= b for a, b in kept)
            ]
        for start, end in spans:
            text = text[:start] + BLOT * (end - start) + text[end:]
        return text


def runs(text: str) -> Iterator[str]:
    """Every run of characters or words in a text that may be a name, spelt uniformly."""
    text = simplified(text)
    for match in _DOTTED.finditer(text):
        yield "".join(_HAN_RUN.findall(match[0]))
    for match in _HAN_RUN.finditer(text):
        run = match[0]
        for size in _HAN_SIZES:
            yield from (run[at : at + size] for at in range(len(run) - size + 1))
    words = [word.casefold() for word in _LETTERS.findall(_HAN_RUN.sub(" ", text))]
    for size in _WORDS:
        yield from (" ".join(words[at : at + size]) for at in range(len(words) - size + 1))


def _unquoted(text: str) -> tuple[str, list[int]]:
    """A text without the escapes of addresses, and where each of its characters, and its end, stood before."""
    plain, places, at = [], [], 0
    for number, part in enumerate(_ESCAPES.split(text)):
        escaped = number % 2 == 1
        # A byte that is no character stays one character: so each is as long as what it stood for.
        characters = bytes.fromhex(part.replace("%", "")).decode("utf-8", "surrogateescape") if escaped else part
        for character in characters:
            plain.append(character)
            places.append(at)
            at += 3 * len(character.encode("utf-8", "surrogateescape")) if escaped else 1
    return "".join(plain), [*places, at]


def _parts(name: str) -> list[str]:
    """The words of a Latin name, without titles; the characters of a Chinese one."""
    return [word for part in name_parts(name) for word in _LETTERS.findall(part)]


def _normal(name: str) -> Iterator[str]:
    name = simplified(name)
    words = _parts(name)
    if _HAN_RUN.search(name):
        yield "".join(words)
        return
    if len(words) < 2:
        return
    yield " ".join(words)
    yield " ".join([words[-1], *words[:-1]])  # Zhou, Chang
    yield " ".join([*words[1:], words[0]])


def _patterns(name: str) -> Iterator[str]:
    name = simplified(name)
    words = _parts(name)
    if len(words) < 2:
        return
    if _HAN_RUN.search(name):
        yield r"[\s·•・]{0,2}".join(words)
        yield re.escape(json.dumps("".join(words))[1:-1])
        return
    words = [re.escape(word) for word in words]
    middle = r"(?:[^\W\d_]\.?" + _BETWEEN + ")?"  # Jo Park is Jo K. Park, too
    for order in (words, [words[-1], *words[:-1]], [*words[1:], words[0]]):
        inner = _BETWEEN.join(order) if len(order) > 2 else f"{order[0]}{_BETWEEN}{middle}{order[1]}"
        yield rf"(?<![^\W_]){inner}(?![^\W_])"
    if len(words) > 2:
        yield rf"(?<![^\W_]){words[0]}{_BETWEEN}{middle}{words[-1]}(?![^\W_])"


def _alike(text: str) -> str:
    """The text in simplified characters, place by place; as it is where that would shift places."""
    changed = simplified(text)
    return changed if len(changed) == len(text) else text
