"""What people have ruled of which reports are one departure: final for these reports, whatever merging would say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from founderwatch.events.people import SAME, alike, parse


@dataclass(frozen=True)
class Ruling:
    """A ruling in force. `sides` are the mentions that it means now: those of `event`, and those of `other`."""

    id: int
    ruling: str  # merge, split
    event: str
    other: str
    sides: tuple[frozenset[int], frozenset[int]]


@dataclass(frozen=True)
class Described:
    """A mention as a ruling remembers it: by what a story says, since its row goes when the story is judged anew."""

    person: str | None
    kind: str
    employer: str | None


class Bonds:
    """What rulings bind together and keep apart; of two that contradict each other the later counts."""

    def __init__(self, rulings: Iterable[Ruling] = ()):
        self._rulings = sorted(rulings, key=lambda r: -r.id)
        self._whole: dict[int, frozenset[int]] = {}
        self._splits: list[Ruling] = []
        for ruling in self._rulings:
            if ruling.ruling == "merge":
                self._bind(ruling.sides[0] | ruling.sides[1])
            else:
                self._splits.append(ruling)
                for side in ruling.sides:
                    self._bind(side)

    @property
    def wholes(self) -> set[frozenset[int]]:
        """The mentions that are one event for certain, each set apart from all others."""
        return set(self._whole.values())

    def identifiers(self, mentions: Iterable[int]) -> list[str]:
        """The ids that rulings give to an event with these mentions, the latest ruling's first."""
        here = set(mentions)
        return [
            name
            for ruling in self._rulings
            for side, name in enumerate((ruling.event, ruling.other if ruling.ruling == "split" else ruling.event))
            if ruling.sides[side] & here
        ]

    def newest(self, mentions: Iterable[int]) -> int:
        """The latest ruling that is about one of these mentions; 0 where none is."""
        here = set(mentions)
        return next((r.id for r in self._rulings if (r.sides[0] | r.sides[1]) & here), 0)

    def _bind(self, mentions: Iterable[int]) -> None:
        ordered = sorted(mentions)
        for mention in ordered:
            self._whole.setdefault(mention, frozenset([mention]))
        for one, other in combinations(ordered, 2):
            here, there = self._whole[one], self._whole[other]
            if here != there and not self._apart(here, there):
                self._whole |= dict.fromkeys(here | there, here | there)

    def _apart(self, here: frozenset[int], there: frozenset[int]) -> bool:
        return any(
            (a & here and b & there) or (a & there and b & here) for a, b in (split.sides for split in self._splits)
        )


FREE = Bonds()


def meant(described: Described, mentions: Iterable[tuple[int, Described]]) -> int | None:
    """Which of a story's mentions a ruling means: the same person's, of several the one with the same kind and employer.

    A leaver without a name whom the story names by now is the one of the same kind and employer.
    """
    best, found = (0, 0, 0), None
    name = parse(described.person)
    for mention, now in mentions:
        other = parse(now.person)
        if name and other:
            how = alike(name, other)
            likeness = 0 if how is None else 3 if how == SAME else 2
        else:
            likeness = 3 if name is other else int((now.kind, now.employer) == (described.kind, described.employer))
        rank = (likeness, int(now.employer == described.employer), int(now.kind == described.kind))
        if likeness and rank > best:
            best, found = rank, mention
    return found
