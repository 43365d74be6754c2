"""Links a story that repeats another to the first, by content; drops nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from rensa import RMinHash, RMinHashDeduplicator

from founderwatch.items import Story

PERMUTATIONS = 128
BANDS = 32
SEED = 42
# Measured share of common shingles: edited copies of wire stories keep 0.6 and more, two stories on
# one event below 0.2. Flashes are built after one pattern, so a short one must be nearly the same.
SIMILAR = 0.6
SIMILAR_SHORT = 0.85
SHORT = 80  # shingles
SHORTEST = 12
LONGEST = 50_000  # characters that are looked at

_WORD = re.compile(r"[a-z0-9]+|[\u3400-\u9fff\uf900-\ufaff]")

Recent = Iterable[tuple[str, str]]


class Deduplicate:
    """Sets `copy_of` where the body nearly repeats an earlier story's.

    `recent` gives (canonical address, body) of the stories known so far; a function is called at the
    first story, so that a crawl that finds nothing new reads nothing. Of more than `most` the earliest are forgotten.
    """

    def __init__(self, recent: Recent | Callable[[], Recent] = (), most: int = 500_000):
        self._recent = recent
        self._most = most
        self._seeded = False
        self._index = RMinHashDeduplicator(SIMILAR, PERMUTATIONS, True, BANDS, SEED)
        self._hashes: dict[str, tuple[RMinHash, int]] = {}

    def __call__(self, story: Story) -> Story:
        article = story.article
        if story.failure is not None or article is None or not article.url:
            return story
        self._seed()
        first = self._first(article.url, article.body)
        return story.grown(copy_of=first) if first else story

    def _seed(self) -> None:
        if self._seeded:
            return
        self._seeded = True
        for url, body in self._recent() if callable(self._recent) else self._recent:
            self._first(url, body)

    def _first(self, url: str, body: str) -> str | None:
        """The address of the story that this one repeats; a story that repeats none is remembered."""
        if url in self._hashes:
            return None
        shingled = shingles(body)
        if len(shingled) < SHORTEST:
            return None
        minhash = RMinHash(PERMUTATIONS, SEED)
        minhash.update(list(shingled))
        best, likeness = None, 0.0
        for candidate in self._index.get_duplicates(minhash):
            other, size = self._hashes[candidate]
            alike = minhash.jaccard(other)
            if alike >= (SIMILAR_SHORT if min(size, len(shingled)) < SHORT else SIMILAR) and alike > likeness:
                best, likeness = candidate, alike
        if best is None:
            # Copies are not indexed: each links to the first, never to another copy.
            self._index.add(url, minhash)
            self._hashes[url] = (minhash, len(shingled))
            if len(self._hashes) > self._most:
                earliest = next(iter(self._hashes))
                self._index.remove(earliest)
                del self._hashes[earliest]
        return best


def shingles(body: str) -> set[str]:
    """The runs of three words or Chinese characters in a text."""
    words = _WORD.findall(body[:LONGEST].lower())
    return {" ".join(words[start : start + 3]) for start in range(len(words) - 2)}
