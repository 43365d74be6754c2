"""Links a story that repeats another to the first, by content; drops nothing.

A copy at another site is a story of its own, another witness of the same words. The same page under another address of
its own site, or its edited text, is another version of one article.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from opencc import OpenCC
from rapidfuzz import fuzz
from rensa import RMinHash, RMinHashDeduplicator

from founderwatch.address import fold, site
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
# Another version keeps nearly all of the text and most of the title; with the same number in its address, less will do.
VERSION = 0.9
VERSION_SHORT = 0.95
VERSION_TITLE = 60  # per cent

_WORD = re.compile(r"[a-z0-9]+|[\u3400-\u9fff\uf900-\ufaff]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_NUMBER = re.compile(r"\d{5,}")
_DAY = re.compile(r"20\d\d(?:0[1-9]|1[0-2])(?:\d\d)?")
_SIMPLIFY = OpenCC("t2s")

# Canonical address, source, title, body.
Recent = Iterable[tuple[str, str | None, str, str]]


@dataclass(frozen=True, slots=True)
class _Known:
    source: str | None
    title: str
    minhash: RMinHash
    size: int


class Deduplicate:
    """Sets `copy_of` where the body nearly repeats an earlier story's, `version_of` where it is that story.

    `recent` gives the stories known so far; a function is called at the first story, so that a crawl that finds
    nothing new reads nothing. Of more than `most` the earliest are forgotten. A text that came without a page stays a story of its own, under the address given.
    """

    def __init__(self, recent: Recent | Callable[[], Recent] = (), most: int = 500_000):
        self._recent = recent
        self._most = most
        self._seeded = False
        self._index = RMinHashDeduplicator(SIMILAR, PERMUTATIONS, True, BANDS, SEED)
        self._known: dict[str, _Known] = {}

    def __call__(self, story: Story) -> Story:
        article = story.article
        if story.failure is not None or article is None or not article.url:
            return story
        self._seed()
        first, same = self._first(article.url, article.source, article.title, article.body)
        if first is None:
            return story
        return story.grown(version_of=first) if same and story.page is not None else story.grown(copy_of=first)

    def _seed(self) -> None:
        if self._seeded:
            return
        self._seeded = True
        for url, source, title, body in self._recent() if callable(self._recent) else self._recent:
            self._first(url, source, title, body)

    def _first(self, url: str, source: str | None, title: str, body: str) -> tuple[str | None, bool]:
        """The address of the story that this one repeats, and whether it is that story; one that repeats none is remembered."""
        if url in self._known:
            return None, False
        shingled = shingles(body)
        if len(shingled) < SHORTEST:
            return None, False
        minhash = RMinHash(PERMUTATIONS, SEED)
        minhash.update(list(shingled))
        best, likeness = None, 0.0
        for candidate in self._index.get_duplicates(minhash):
            known = self._known[candidate]
            alike = minhash.jaccard(known.minhash)
            if alike >= (SIMILAR_SHORT if min(known.size, len(shingled)) < SHORT else SIMILAR) and alike > likeness:
                best, likeness = candidate, alike
        if best is None:
            # Copies are not indexed: each links to the first, never to another copy.
            self._index.add(url, minhash)
            self._known[url] = _Known(source, title, minhash, len(shingled))
            if len(self._known) > self._most:
                earliest = next(iter(self._known))
                self._index.remove(earliest)
                del self._known[earliest]
            return None, False
        known = self._known[best]
        short = min(known.size, len(shingled)) < SHORT
        same = source == known.source and _is_version(url, title, best, known.title, likeness, short)
        return best, same


def _is_version(url: str, title: str, other: str, other_title: str, likeness: float, short: bool) -> bool:
    """Whether two pages with nearly the same text are one article: on one site, under one title or number."""
    if site(f"https://{fold(url)}") != site(f"https://{fold(other)}"):
        return False
    numbers = _numbers(url)
    if numbers and numbers == _numbers(other):
        return True
    alike = fuzz.ratio(simplified(title).lower(), simplified(other_title).lower())
    return likeness >= (VERSION_SHORT if short else VERSION) and alike >= VERSION_TITLE


def _numbers(url: str) -> set[str]:
    """The numbers in an address by which a site counts its stories; days are none."""
    return {number for number in _NUMBER.findall(urlsplit(url).path) if not _DAY.fullmatch(number)}


def simplified(text: str) -> str:
    """The text with traditional characters as simplified ones."""
    return _SIMPLIFY.convert(text) if _HAN.search(text) else text


def shingles(body: str) -> set[str]:
    """The runs of three words or Chinese characters in a text, in whichever script."""
    words = _WORD.findall(simplified(body[:LONGEST]).lower())
    return {" ".join(words[start : start + 3]) for start in range(len(words) - 2)}
