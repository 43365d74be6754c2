"""Tells in a fraction of a millisecond whether a text may tell of somebody who leaves to found something.

A logistic model over words without their endings (Chinese: characters), runs of up to three of them and pairs of words
that stand near each other, in two sentences that stand together, fitted on the corpus by `models.training.gate`. It is no judge: it
lets many pass that tell of none, so that it loses next to none of those that the model flags.
What it saves is the encoder, which takes a thousand times as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path

from opencc import OpenCC

WEIGHTS = Path(__file__).parent / "gate.tsv"
LONGEST = 40_000  # characters that are looked at
# Among many sentences, one that sounds like it comes more easily by chance: a text of few passes sooner.
_FEW = 5  # sentences
# From these log-odds on the encoder reads, set on stories that the fit has not seen (`python -m benchmarks.sifting --curve`).
_PASSES, _SOONER = {"en": 0.0, "zh": 0.2}, 1.25
_SURE = 2.25  # log-odds from which the encoder's glance would hardly ever save the reading
_MOST = 0.4  # share of a text from which a glance at it saves little
_STRONG = 0.45  # weight of a word without which no two sentences are looked at closer

_END = re.compile(r"(?<=[.!?])[\"”’)]*\s+|(?<=[。！？；])|\n+")
_WORD = re.compile(r"[a-z0-9]+(?:[’'-][a-z0-9]+)*|[\u3400-\u9fff]")
_ENDING = re.compile(r"(?<=[a-z0-9]{4})(?:ing|ed|es|er|s|e)$")
_RUNS = 3
# Words from the first of a pair to the second; of characters, pairs say little more than runs.
_NEAR = {"en": 5, "zh": 1}
_simplified = OpenCC("t2s")


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """The sentences of a text with the place of each, in one script and case."""
    at = 0
    text = text[:LONGEST]
    text = (text if text.isascii() else _simplified.convert(text)).lower()
    for match in (*_END.finditer(text), None):
        end = match.end() if match else len(text)
        if text[at:end].strip():
            yield at, text[at:end]
        at = end


@lru_cache(100_000)
def _stem(word: str) -> str:
    return _ENDING.sub("", word)


def words(sentence: str) -> list[str]:
    """The words of a sentence without their endings."""
    return [*map(_stem, _WORD.findall(sentence))]


def features(said: Sequence[str], language: str) -> set[str]:
    """What words say: each by itself, in runs ("to start"), and in pairs that stand near each other ("left_compan")."""
    found = set(said)
    for size in range(2, _RUNS + 1):
        found.update(map(" ".join, zip(*(said[i:] for i in range(size)), strict=False)))
    for distance in range(2, _NEAR[language] + 1):
        found.update(map("_".join, zip(said, said[distance:], strict=False)))
    return found


@dataclass(frozen=True, slots=True)
class Heard:
    """What a text says that sounds like it: the sentences, empty where none do, and the log-odds of the two that do most."""

    score: float = -99.0
    excerpt: str = ""
    share: float = 0.0  # of the text

    @property
    def sure(self) -> bool:
        """Whether the text may as well be read whole at once: its words leave no doubt, or it says little else."""
        return bool(self.excerpt) and (self.score > _SURE or self.share > _MOST)


@dataclass(frozen=True)
class Gate:
    """Weights of what words say, and the bias, for each language."""

    weights: Mapping[str, Mapping[str, float]]
    bias: Mapping[str, float]

    @classmethod
    @cache
    def read(cls, path: Path = WEIGHTS) -> Gate:
        """The gate in a file, which a process reads once."""
        weights: dict[str, dict[str, float]] = {}
        bias: dict[str, float] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            language, said, weight = line.split("\t")
            if said:
                weights.setdefault(language, {})[said] = float(weight)
            else:
                bias[language] = float(weight)
        return cls(weights, bias)

    @cached_property
    def _strong(self) -> dict[str, frozenset[str]]:
        """The single words that weigh much: most sentences hold none of them."""
        return {
            language: frozenset(said for said, weight in weights.items() if weight >= _STRONG)
            for language, weights in self.weights.items()
        }

    def pairs(
        self, text: str, language: str, every: bool = False
    ) -> tuple[list[tuple[float, int]], list[tuple[int, int]]]:
        """The log-odds of each two sentences that hold a strong word (or of `every` two), with the first one's number.

        Also where each sentence of the text begins and ends.
        """
        weights, strong, bias = self.weights[language], self._strong[language], self.bias[language]
        found = list(sentences(text))
        said = [words(sentence) for _, sentence in found]
        near: dict[int, tuple[set[str], float]] = {}
        scored: dict[int, float] = {}
        for at, mine in enumerate(said):
            if not every and strong.isdisjoint(mine):
                continue
            for first in (at - 1, at):
                if first < 0 or first in scored:
                    continue
                scored[first] = bias
                for number in range(first, min(first + 2, len(said))):
                    if number not in near:
                        weighed = features(said[number], language) & weights.keys()
                        near[number] = weighed, sum(map(weights.__getitem__, weighed))
                    scored[first] += near[number][1]
                if first + 1 < len(said):  # what both sentences say counts once
                    scored[first] -= sum(map(weights.__getitem__, near[first][0] & near[first + 1][0]))
        return [(score, first) for first, score in scored.items()], [(at, at + len(s)) for at, s in found]

    def score(self, text: str, language: str) -> float:
        """The log-odds of the two sentences that sound most like it."""
        return max((score for score, _ in self.pairs(text, language, every=True)[0]), default=-99.0)

    def heard(self, text: str, language: str) -> Heard:
        """All sentences that sound like it, two by two, with what names who "he" is: the sentence before, and the first (a title)."""
        pairs, found = self._passing(text, language)
        if not pairs:
            return Heard()
        near = {n for _, first in pairs for n in (first - 1, first, first + 1)}
        chosen = sorted(n for n in near | {0} if 0 <= n < len(found))
        excerpt = "\n".join(text[slice(*found[n])].strip() for n in chosen)
        return Heard(max(pairs)[0], excerpt, len(excerpt) / len(text))

    def passes(self, text: str, language: str | None) -> bool:
        """Whether the encoder should read a text; a language without weights passes."""
        return language is None or language not in self.weights or bool(self._passing(text, language)[0])

    def margin(self, text: str, language: str) -> float:
        """By how much the two sentences that sound most like it exceed the limit from which the encoder reads."""
        pairs, found = self.pairs(text, language)
        return max((score for score, _ in pairs), default=-99.0) - _limit(language, len(found))

    def _passing(self, text: str, language: str) -> tuple[list[tuple[float, int]], list[tuple[int, int]]]:
        """As `pairs`, those alone that sound like it."""
        pairs, found = self.pairs(text, language)
        least = _limit(language, len(found))
        return [pair for pair in pairs if pair[0] >= least], found


def _limit(language: str, count: int) -> float:
    """The log-odds from which a text of so many sentences passes."""
    return _PASSES[language] - (_SOONER if count <= _FEW else 0)
