"""How likely it is that an event is right: what the finder and the reader say of it, made one probability."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

_SMALL = 1e-4


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for an event, each a probability: three of the encoder, and one of the plain words."""

    kind: float  # that the person's departure is of this kind
    trigger: float  # of the surest token that tells it
    leaver: float  # that the name is a leaver's, as the finder sees it without being pointed at it
    words: float = 0.5  # that what is read tells of a founding, as the gate's words have it; 0.5 of other kinds


@dataclass(frozen=True, slots=True)
class Chance:
    """A logistic curve over the signals' log-odds, fitted by `models.training.calibrate`."""

    bias: float = 0.0
    kind: float = 1.0
    trigger: float = 0.0
    leaver: float = 0.0
    words: float = 0.0

    @classmethod
    def read(cls, config: Mapping[str, float] | None) -> Chance:
        return cls(**config) if config else cls()

    def of(self, signals: Signals) -> float:
        total = self.bias + sum(getattr(self, name) * log_odds(p) for name, p in asdict(signals).items())
        return probability(total)


def probability(log_odds_: float) -> float:
    return 1 / (1 + math.exp(-log_odds_))


def log_odds(p: float) -> float:
    p = min(max(p, _SMALL), 1 - _SMALL)
    return math.log(p / (1 - p))
