"""Shares with the intervals that few verdicts leave them."""

from __future__ import annotations

import math
from dataclasses import dataclass

_Z = 1.96  # 95 %


@dataclass(frozen=True)
class Share:
    """A share with its 95% interval (Wilson), and the number of verdicts that it rests on."""

    value: float
    low: float
    high: float
    judged: int


def wilson(hits: int, judged: int) -> Share:
    """The share of hits among the judged; its interval holds for few of them, and for none or all, too."""
    share = hits / judged
    spread = _Z * math.sqrt(share * (1 - share) / judged + _Z**2 / (4 * judged**2))
    middle, scale = share + _Z**2 / (2 * judged), 1 + _Z**2 / judged
    return Share(share, max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale), judged)
