"""Finds persons in a text and reads out what one of them does: tags to spans, probabilities to choices."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from models import document as documents
from models.document import Document, Look
from models.encoder import Answer, Encoder
from models.labels import ARGUMENTS, FINDER, KIND_CLASSES, ROLES, STATUSES
from models.persons import NameMention, parted

_TRIM = " \t\n\u3000,.;:，。；：、“”\"'‘’()（）《》「」『』[]【】"

_HANDLE = re.compile(r"@(\w[\w.]*\w)")

# Probability from which a token belongs to an argument, and which its surest token must reach.
_SURE = {"employer": (0.07, 0.2), "trigger": (0.5, 0.6), "venture": (0.3, 0.6), "other": (0.3, 0.45)}


@dataclass(frozen=True, slots=True)
class FoundSpan:
    start: int
    end: int
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader says of one person: probabilities, and the best spans of each argument."""

    kind: dict[str, float]
    status: dict[str, float]
    trigger: float  # of the surest token that tells the departure
    arguments: dict[str, list[FoundSpan]]
    sentences: tuple[int, ...]


def find(doc: Document, encoder: Encoder) -> tuple[list[NameMention], list[NameMention]]:
    """All names in a text, each with its weight as a leaver; and the words for nameless leavers."""
    looks = [documents.look(doc, window, encoder.tokenizer) for window in documents.windows(doc)]
    names: list[NameMention] = []
    nameless: list[NameMention] = []
    leaver = [FINDER.index("B-leaver"), FINDER.index("I-leaver")]
    other = [FINDER.index("B-other"), FINDER.index("I-other")]
    unnamed = [FINDER.index("B-nameless"), FINDER.index("I-nameless")]
    for look, answer in zip(looks, encoder.answers(looks), strict=True):
        p = answer.finder
        p_leaver, p_other, p_unnamed = p[:, leaver].sum(1), p[:, other].sum(1), p[:, unnamed].sum(1)
        begins = p[:, leaver[0]] + p[:, other[0]] > p[:, leaver[1]] + p[:, other[1]]
        for span, tokens in _runs(doc.text, look, p_leaver + p_other > 0.5, begins):
            weight = float((p_leaver[tokens] / (p_leaver[tokens] + p_other[tokens])).mean())
            for first, last in parted(span.text):
                start, end = _handle(doc.text, span.start + first, span.start + last)
                names.append(NameMention(start, end, doc.text[start:end], weight))
        begins = p[:, unnamed[0]] > p[:, unnamed[1]]
        for span, tokens in _runs(doc.text, look, p_unnamed > 0.4, begins):
            nameless.append(NameMention(span.start, span.end, span.text, float(p_unnamed[tokens].mean())))
    return names, nameless


def _handle(text: str, start: int, end: int) -> tuple[int, int]:
    """A name that begins with @ is what follows it, to the end of the word."""
    found = _HANDLE.match(text, start)
    return (found.start(1), max(end, found.end(1))) if found else (start, end)


def read(look: Look, answer: Answer, text: str) -> Reading:
    """Decodes the reader's answer about the person marked in a look."""
    arguments: dict[str, list[FoundSpan]] = {}
    words = _words(text, look)
    # One person's arguments do not stand side by side: a token that would begin anew goes on.
    whole = np.zeros(len(look.offsets), bool)
    for role in ROLES:
        begin, inside = ARGUMENTS.index(f"B-{role}"), ARGUMENTS.index(f"I-{role}")
        p = answer.arguments[:, begin] + answer.arguments[:, inside]
        # A Latin word is an argument as a whole or not at all.
        for word in words:
            p[word] = p[word].mean()
        low, peak = _SURE[role] if role in _SURE else _SURE["other"]
        spans = []
        for span, tokens in _runs(text, look, p > low, whole):
            if p[tokens].max() >= peak:
                spans.append(FoundSpan(span.start, span.end, span.text, float(p[tokens].max())))
        arguments[role] = spans
    tells = [ARGUMENTS.index("B-trigger"), ARGUMENTS.index("I-trigger")]
    return Reading(
        dict(zip(KIND_CLASSES, map(float, answer.kind), strict=True)),
        dict(zip(STATUSES, map(float, answer.status), strict=True)),
        float(answer.arguments[:, tells].sum(1).max()),
        arguments,
        look.sentences,
    )


def _runs(text: str, look: Look, chosen: np.ndarray, begins: np.ndarray):
    """Runs of chosen tokens as (span, token indexes); a token that begins a new span parts a run."""
    runs: list[list[int]] = []
    for index, (start, end) in enumerate(look.offsets):
        if start == end or not chosen[index]:
            continue
        fresh = not runs or runs[-1][-1] != index - 1
        if not fresh and begins[index]:
            # A space of its own, and a word's own pieces, begin nothing.
            previous = text[slice(*look.offsets[index - 1])]
            fresh = bool(previous.strip()) and look.offsets[index - 1][0] != start and not _inside_word(text, start)
        if not fresh:
            between = text[look.offsets[index - 1][1] : start] + text[start : end - len(text[start:end].lstrip())]
            # The tokens stand in sentences that the look has put side by side, or in two paragraphs.
            fresh = bool(between.strip()) or "\n" in between
        if fresh:
            runs.append([])
        runs[-1].append(index)
    for run in runs:
        start, end = look.offsets[run[0]][0], look.offsets[run[-1]][1]
        while start < end and text[start] in _TRIM:
            start += 1
        while start < end and text[end - 1] in _TRIM and not text[start:end].endswith("Inc."):
            end -= 1
        # Pieces that begin or end inside a Latin word are stretched to the whole of it.
        while start > 0 and _inside_word(text, start):
            start -= 1
        while _inside_word(text, end):
            end += 1
        for possessive in ("'s", "’s"):
            if text[start:end].endswith(possessive) and end - start > 2:
                end -= 2
        if start < end:
            yield FoundSpan(start, end, text[start:end], 0.0), run


def _words(text: str, look: Look) -> list[list[int]]:
    """The token indexes of each Latin word that is written with several tokens."""
    words: list[list[int]] = []
    for index, (start, end) in enumerate(look.offsets):
        if start == end:
            continue
        if words and look.offsets[words[-1][-1]][1] == start and _inside_word(text, start):
            words[-1].append(index)
        else:
            words.append([index])
    return [word for word in words if len(word) > 1]


def _inside_word(text: str, position: int) -> bool:
    """Whether a Latin word or number goes on over a position."""
    if not 0 < position < len(text):
        return False
    left, right = text[position - 1], text[position]
    return left.isalnum() and right.isalnum() and ord(left) < 0x250 and ord(right) < 0x250
