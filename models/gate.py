"""Tells in a fraction of a millisecond whether a text may tell of somebody who leaves to found something.

A logistic model over runs of one to three words (Chinese: characters) in two sentences that stand together, fitted on
the corpus by `models.training.gate`. It is no judge: it lets many pass that tell of none, so that it loses next to none of those that the model
flags.
What it saves is the encoder, which takes a thousand times as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from opencc import OpenCC

WEIGHTS = Path(__file__).parent / "gate.tsv"
LONGEST = 40_000  # characters that are looked at
# Among many sentences, one that sounds like it comes more easily by chance: a text of few passes sooner.
_FEW = 5  # sentences
_PASSES, _PASSES_SHORT = {"en": -0.2, "zh": 0.75}, -1.0
_STRONG = 0.3  # weight of a word without which no two sentences are looked at closer

_END = re.compile(r"(?<=[.!?])[\"”’)]*\s+|(?<=[。！？；])|\n+")
_WORD = re.compile(r"[a-z0-9]+(?:[’'-][a-z0-9]+)*|[\u3400-\u9fff]")
_RUNS = 3
_simplified = OpenCC("t2s")


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """The sentences of a text with the place of each, in one script and case."""
    at = 0
    text = _simplified.convert(text[:LONGEST]).lower()
    for match in (*_END.finditer(text), None):
        end = match.end() if match else len(text)
        if text[at:end].strip():
            yield at, text[at:end]
        at = end


def features(sentence: str) -> set[str]:
    """The runs of words in a sentence."""
    words = _WORD.findall(sentence)
    found = set(words)
    for size in range(2, _RUNS + 1):
        found.update(map(" ".join, zip(*(words[i:] for i in range(size)), strict=False)))
    return found


@dataclass(frozen=True)
class Gate:
    """Weights of runs of words, and the bias, for each language."""

    weights: Mapping[str, Mapping[str, float]]
    bias: Mapping[str, float]

    @classmethod
    def read(cls, path: Path = WEIGHTS) -> Gate:
        weights: dict[str, dict[str, float]] = {}
        bias: dict[str, float] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            language, run, weight = line.split("\t")
            if run:
                weights.setdefault(language, {})[run] = float(weight)
            else:
                bias[language] = float(weight)
        return cls(weights, bias)

    @cached_property
    def _strong(self) -> dict[str, re.Pattern[str]]:
        """One pattern for all words that weigh much: most sentences hold none of them."""
        made = {}
        for language, weights in self.weights.items():
            words = sorted((run for run, weight in weights.items() if weight >= _STRONG), key=len, reverse=True)
            joint = "" if language == "zh" else r"\W+"
            either = "|".join(joint.join(map(re.escape, run.split())) for run in words)
            made[language] = re.compile(either if language == "zh" else rf"(?<![a-z0-9])(?:{either})(?![a-z0-9])")
        return made

    def pairs(self, text: str, language: str) -> tuple[list[tuple[float, int, int]], int]:
        """The log-odds and the place of each two sentences that hold a strong word; and how many sentences there are."""
        weights, strong = self.weights[language], self._strong[language]
        found = list(sentences(text))
        runs: dict[int, set[str]] = {}
        scored: dict[int, tuple[float, int, int]] = {}
        for at, (_, sentence) in enumerate(found):
            if not strong.search(sentence):
                continue
            for first in (at - 1, at):
                if first < 0 or first in scored:
                    continue
                both: set[str] = set()
                for index in range(first, min(first + 2, len(found))):
                    if index not in runs:
                        runs[index] = features(found[index][1]) & weights.keys()
                    both |= runs[index]
                start, last = found[first][0], found[min(first + 1, len(found) - 1)]
                scored[first] = (
                    sum(map(weights.__getitem__, both)) + self.bias[language],
                    start,
                    last[0] + len(last[1]),
                )
        return list(scored.values()), len(found)

    def score(self, text: str, language: str) -> float:
        """The log-odds of the two sentences that sound most like it."""
        return max((score for score, _, _ in self.pairs(text, language)[0]), default=-99.0)

    def places(self, text: str, language: str) -> list[tuple[int, int]]:
        """Where a text sounds like it, first and last character of each two sentences; empty where it does not."""
        pairs, count = self.pairs(text, language)
        least = _PASSES_SHORT if count <= _FEW else _PASSES[language]
        return [(start, end) for score, start, end in pairs if score >= least]

    def passes(self, text: str, language: str | None) -> bool:
        """Whether the encoder should read a text; a language without weights passes."""
        return language not in self.weights or bool(self.places(text, language))
