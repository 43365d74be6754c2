"""What a text is known by, and an index of many such likenesses that is small and is quickly filled.

A likeness is the MinHash of a text's runs of three words. Of each of its 128 numbers sixteen bits are kept, which are as
good as all where thousands are compared and take 256 bytes. Four of them make a band of 64 bits; two texts that have 0.6
of their runs in common share one of 32 bands in 99 cases of 100.
"""

from __future__ import annotations

import re

import numpy as np
from opencc import OpenCC
from rensa import RMinHash

PERMUTATIONS = 128
BANDS = 32
SEED = 42
SHORTEST = 12  # runs of words, below which a text has no likeness
LONGEST = 50_000  # characters that are looked at
_LOOSE = 1024  # likenesses that are searched one by one; more are sorted in

_WORD = re.compile(r"[a-z0-9]+|[\u3400-\u9fff\uf900-\ufaff]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_SIMPLIFY = OpenCC("t2s")
_ITEM = np.dtype("<u2")
_BAND = np.dtype("<u8")


def simplified(text: str) -> str:
    """The text with traditional characters as simplified ones."""
    return _SIMPLIFY.convert(text) if _HAN.search(text) else text


def shingles(body: str) -> set[str]:
    """The runs of three words or Chinese characters in a text, in whichever script."""
    words = _WORD.findall(simplified(body[:LONGEST]).lower())
    return {" ".join(words[start : start + 3]) for start in range(len(words) - 2)}


def likeness(body: str) -> bytes | None:
    """What a text is known by; None where it is too short. A stored one must mean the same in later versions."""
    shingled = shingles(body)
    if len(shingled) < SHORTEST:
        return None
    minhash = RMinHash(PERMUTATIONS, SEED)
    minhash.update(list(shingled))
    numbers = np.array([min(len(shingled), 0xFFFF), *minhash.digest()], np.uint32)
    return (numbers & 0xFFFF).astype(_ITEM).tobytes()


def size(like: bytes) -> int:
    """How many runs of words the text has."""
    return int(np.frombuffer(like, _ITEM, 1)[0])


class Likenesses:
    """Likenesses by number, in the order of their adding; `near` gives those that may be alike, and how much."""

    def __init__(self) -> None:
        self._bands = np.empty((BANDS, _LOOSE), _BAND)
        self._count = 0
        # The numbers of the first `_sorted` likenesses, for each band in the order of its values.
        self._order = np.empty((BANDS, 0), np.intp)

    def __len__(self) -> int:
        return self._count

    @property
    def _sorted(self) -> int:
        return self._order.shape[1]

    def add(self, like: bytes) -> None:
        if self._count == self._bands.shape[1]:
            self._bands = np.concatenate((self._bands, np.empty_like(self._bands)), axis=1)
        self._bands[:, self._count] = _bands(like)
        self._count += 1

    def near(self, like: bytes) -> list[tuple[int, float]]:
        """The numbers of those that share a band, with the share of runs that the texts have in common."""
        if self._count - self._sorted > max(_LOOSE, self._sorted // 8):
            self._order = np.argsort(self._bands[:, : self._count], axis=1)
        mine = _bands(like)
        loose = self._bands[:, self._sorted : self._count] == mine[:, None]
        found = set((np.flatnonzero(loose.any(axis=0)) + self._sorted).tolist())
        for band, order, value in zip(self._bands, self._order, mine, strict=True):
            first = np.searchsorted(band[: self._sorted], value, sorter=order)
            while first < self._sorted and band[order[first]] == value:
                found.add(int(order[first]))
                first += 1
        return [(number, _alike(self._bands[:, number], mine)) for number in sorted(found)]

    def forget(self, first: int) -> None:
        """Forgets the first so many; the others move up."""
        self._bands = self._bands[:, first:].copy()
        self._count -= first
        self._order = np.empty((BANDS, 0), np.intp)


def _bands(like: bytes) -> np.ndarray:
    return np.frombuffer(like, _BAND, offset=_ITEM.itemsize)


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.mean(np.ascontiguousarray(one).view(_ITEM) == other.view(_ITEM)))
