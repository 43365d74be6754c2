"""Makes scores probabilities, at the rate at which departures come in ordinary news, on the corpus' held-back part.

The corpus has far more departures, and far more look-alikes, than the news. So each held-back record is weighed as
often as its like comes among 1,000 ordinary stories of technology news.

`python -m models.training.calibrate FOLDER VERSION` fits a model folder anew, after the gate or the corpus has changed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from models.chance import Chance, Signals, log_odds
from models.encoder import Encoder
from models.story import StoryReader
from models.training import corpus
from models.training.corpus import Record
from models.training.evaluate import same_person
from models.training.export import finish

# Among 1,000 ordinary stories: those that tell of a founder, those that sound like it, the others. Counted on
# public feeds of 2026: about 20 in 1,000 have words of a departure, and a quarter of these tell of one to found.
RATES = {"founds": 5.0, "alike": 20.0, "ordinary": 975.0}
# What the plain words weigh is set, not fitted: the corpus' look-alikes are made of the same words as its departures, which real news is
# not, so that the likeliest weight there (0.17) is too small. From about here on, stories are ranked best, there and on real news.
_WORDS = 0.5
_GRID = np.round(np.concatenate([np.arange(0.05, 0.95, 0.05), np.arange(0.95, 0.996, 0.005)]), 3)


@dataclass(frozen=True)
class Told:
    """One event that the encoder thinks of in a held-back record, and whether it is one."""

    signals: Signals
    right: bool
    founds: bool  # that it would flag the story
    story: int


def calibrate(folder: Path, records: Sequence[Record], every: Sequence[Record]) -> dict:
    """Returns {"chance", "alarms", "calibration_error"} of a model folder, as its config.json holds them.

    `records` are the held-back ones; `every` the whole corpus, which says which groups are about departures.
    """
    reader = StoryReader(Encoder(folder))
    told = [event for number, record in enumerate(records) for event in _told(reader, record, number)]
    weights = weigh(records, every)
    chance = fit(told, weights)
    scores = np.zeros(len(records))
    for event in told:
        if event.founds:
            scores[event.story] = max(scores[event.story], chance.of(event.signals))
    flags = np.array([record.flagged for record in records])
    return {
        "chance": {name: round(value, 4) for name, value in asdict(chance).items()},
        "alarms": alarms(scores[~flags], weights[~flags]),
        "calibration_error": round(expected_error(scores, flags, weights), 4),
    }


def weigh(records: Sequence[Record], every: Sequence[Record]) -> np.ndarray:
    """How many of 1,000 ordinary stories each record stands for."""
    about = corpus.about_departures(every)

    def sort(record: Record) -> str:
        return "founds" if record.flagged else "alike" if record.group in about else "ordinary"

    sorts = [sort(record) for record in records]
    return np.array([RATES[s] / sorts.count(s) for s in sorts])


def _told(reader: StoryReader, record: Record, number: int) -> list[Told]:
    gold = {(kind, record.person(event)) for event, (kind, _) in record.events.items()}
    return [
        Told(
            signals,
            any(
                kind == mention.kind
                and (
                    person is mention.person
                    or bool(person and mention.person and same_person(person, mention.person, record.text))
                )
                for kind, person in gold
            ),
            mention.kind == "founds" and mention.status != "denied",
            number,
        )
        for mention, signals in reader.told(record.title, record.body, record.language, record.moment)[0]
    ]


def fit(told: Sequence[Told], weights: np.ndarray) -> Chance:
    """The logistic curve that makes the signals of weighted events most likely; no signal may speak against one."""
    if not told:  # a model that has learnt nothing yet
        return Chance()
    fitted = [name for name in asdict(told[0].signals) if name != "words"]
    x = torch.tensor([[log_odds(getattr(t.signals, name)) for name in fitted] for t in told], dtype=torch.float64)
    words = torch.tensor([_WORDS * log_odds(t.signals.words) for t in told], dtype=torch.float64)
    right = torch.tensor([t.right for t in told], dtype=torch.float64)
    weight = torch.tensor([weights[t.story] for t in told], dtype=torch.float64)
    bias = torch.zeros((), dtype=torch.float64, requires_grad=True)
    raw = torch.zeros(x.shape[1], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([bias, raw], max_iter=200, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        steep = torch.nn.functional.softplus(raw)
        error = torch.nn.functional.binary_cross_entropy_with_logits(bias + x @ steep + words, right, weight)
        total = error * len(told) / weight.sum() + 0.01 * (steep**2).sum()
        total.backward()
        return total

    optimizer.step(loss)
    steep = torch.nn.functional.softplus(raw).tolist()
    return Chance(bias.item(), words=_WORDS, **dict(zip(fitted, steep, strict=True)))


def alarms(scores: np.ndarray, weights: np.ndarray) -> list[list[float]]:
    """[score, false alarms in 1,000 ordinary stories from that score on], rising by score.

    A false alarm is rare, and the held-back part small: each story's score is spread over its neighbourhood.
    """
    odds = np.array([log_odds(s) for s in scores])
    return [[float(t), round(float((weights / (1 + np.exp(log_odds(t) - odds))).sum()), 3)] for t in _GRID]


def expected_error(scores: np.ndarray, flags: np.ndarray, weights: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error of the stories' scores, each story weighed."""
    place = np.minimum((scores * bins).astype(int), bins - 1)
    total = 0.0
    for b in range(bins):
        if (here := place == b).any():
            w = weights[here]
            total += abs((scores[here] * w).sum() - (flags[here] * w).sum())
    return total / weights.sum()


def main() -> None:
    folder, version = Path(sys.argv[1]), sys.argv[2]
    records = corpus.read()
    measured = calibrate(folder, [r for r in records if corpus.split(r) == "dev"], records)
    finish(folder, folder, measured | {"version": version})
    sys.stdout.write(f"{json.dumps(measured)}\n")


if __name__ == "__main__":
    main()
