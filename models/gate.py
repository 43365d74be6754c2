"""Tells in a fraction of a millisecond whether a text may tell of somebody who leaves to found something.

A logistic model over runs of one to three words (Chinese: characters) in two sentences that stand together, fitted on
the corpus by `models.training.gate`. It is no judge: it lets ten times too many pass, so that it loses next to none.
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
_PASSES, _PASSES_SHORT = {"en": 0.5, "zh": -0.1}, -0.5
_STRONG = 0.25  # weight of a word without which no two sentences are looked at closer

_END = re.compile(r"(?<=[.!?])[\"”’)]*\s+|(?<=[。！？；])|\n+")
_WORD = re.compile(r"[a-z0-9]+(?:[’'-][a-z0-9]+)*|[\u3400-\u9fff]")
_RUNS = 3
_simplified = OpenCC("t2s")


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, in one script and case."""
    at = 0
    text = _simplified.convert(text[:LONGEST]).lower()
    for match in _END.finditer(text):
        if text[at : match.end()].strip():
            yield text[at : match.end()]
        at = match.end()
    if text[at:].strip():
        yield text[at:]


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

    def score(self, text: str, language: str) -> tuple[float, int]:
        """The log-odds of the two sentences that sound most like it, and how many sentences there are."""
        weights, strong = self.weights[language], self._strong[language]
        found = list(sentences(text))
        hits = [bool(strong.search(sentence)) for sentence in found]
        runs: dict[int, set[str]] = {}
        best = -99.0
        for at, hit in enumerate(hits):
            if not hit:
                continue
            for first in (at - 1, at):
                if first < 0:
                    continue
                both: set[str] = set()
                for index in (first, first + 1):
                    if index < len(found):
                        if index not in runs:
                            runs[index] = features(found[index]) & weights.keys()
                        both |= runs[index]
                best = max(best, sum(weights[run] for run in both))
        return best + self.bias[language], len(found)

    def passes(self, text: str, language: str | None) -> bool:
        """Whether the encoder should read a text; a language without weights passes."""
        if language not in self.weights:
            return True
        score, count = self.score(text, language)
        return score >= (_PASSES_SHORT if count <= _FEW else _PASSES[language])
