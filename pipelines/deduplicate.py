"""Links a story that repeats another to the first, by content; drops nothing.

A copy at another site is a story of its own, another witness of the same words. The same page under another address of
its own site, or its edited text, is another version of one article.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from rapidfuzz import fuzz

from founderwatch.address import fold, site
from founderwatch.items import Story
from pipelines.likeness import Likenesses, likeness, simplified, size

# Measured share of common shingles: edited copies of wire stories keep 0.6 and more, two stories on
# one event below 0.2. Flashes are built after one pattern, so a short one must be nearly the same.
SIMILAR = 0.6
SIMILAR_SHORT = 0.85
SHORT = 80  # shingles
# Another version keeps nearly all of the text and most of the title; with the same number in its address, less will do.
VERSION = 0.9
VERSION_SHORT = 0.95
VERSION_TITLE = 60  # per cent

_NUMBER = re.compile(r"\d{5,}")
_DAY = re.compile(r"20\d\d(?:0[1-9]|1[0-2])(?:\d\d)?")

# Canonical address, source, title, and the body or its likeness.
Recent = Iterable[tuple[str, str | None, str, str | bytes]]


@dataclass(frozen=True, slots=True)
class _Known:
    url: str
    source: str | None
    title: str
    size: int


class Deduplicate:
    """Sets `copy_of` where the body nearly repeats an earlier story's, `version_of` where it is that story.

    `recent` gives the stories known so far; a function is called at the first story, so that a crawl that finds
    nothing new reads nothing. Of more than `most` the earliest tenth is forgotten. A text that came without a page stays a
    story of its own, under the address given.
    """

    def __init__(self, recent: Recent | Callable[[], Recent] = (), most: int = 500_000):
        self._recent = recent
        self._most = most
        self._seeded = False
        self._index = Likenesses()
        self._known: list[_Known] = []  # in the order of the index
        self._urls: set[str] = set()

    def __call__(self, story: Story) -> Story:
        article = story.article
        if story.failure is not None or article is None or not article.url:
            return story
        self._seed()
        like = likeness(article.body)
        if like is None or article.url in self._urls:
            return story.grown(likeness=like)
        first, same = self._first(article.url, article.source, article.title, like)
        if first is None:
            return story.grown(likeness=like)
        if same and story.page is not None:
            return story.grown(likeness=like, version_of=first)
        return story.grown(likeness=like, copy_of=first)

    def _seed(self) -> None:
        if self._seeded:
            return
        self._seeded = True
        for url, source, title, told in self._recent() if callable(self._recent) else self._recent:
            if url in self._urls:
                continue
            if isinstance(told, bytes):  # it was looked at before it was stored
                self._remember(url, source, title, told)
            elif (like := likeness(told)) is not None:
                self._first(url, source, title, like)

    def _first(self, url: str, source: str | None, title: str, like: bytes) -> tuple[str | None, bool]:
        """The address of the story that this one repeats, and whether it is that story; one that repeats none is remembered."""
        best, most, shingled = None, 0.0, size(like)
        for number, alike in self._index.near(like):
            short = min(self._known[number].size, shingled) < SHORT
            if alike >= (SIMILAR_SHORT if short else SIMILAR) and alike > most:
                best, most = self._known[number], alike
        if best is None:
            # Copies are not indexed: each links to the first, never to another copy.
            self._remember(url, source, title, like)
            return None, False
        short = min(best.size, shingled) < SHORT
        return best.url, source == best.source and _is_version(url, title, best.url, best.title, most, short)

    def _remember(self, url: str, source: str | None, title: str, like: bytes) -> None:
        self._index.add(like)
        self._known.append(_Known(url, source, title, size(like)))
        self._urls.add(url)
        if len(self._known) > self._most:
            earliest = max(1, self._most // 10)
            self._index.forget(earliest)
            self._urls.difference_update(known.url for known in self._known[:earliest])
            del self._known[:earliest]


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
