"""Fits the gate on the corpus' train part: python -m models.training.gate

Positive are two sentences together that hold a deciding word of a departure to found; negative are all other pairs of
texts that tell of none, and of whole stories. Prints what the gate loses of the other parts' stories, and what it
lets pass of those in which nobody founds anything.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from itertools import chain
from pathlib import Path

import torch

from models.gate import WEIGHTS, Gate, features, sentences, words
from models.training import corpus
from models.training.corpus import Record

_SEEN = 3  # groups in which a run or pair of words must occur: within one, texts are twins
_PENALTY = 30.0
_STEPS = 60
_LEAST = 0.03  # weights below this are left out: half of all, and as few stories are lost


def fit(language: str, records: list[Record]) -> tuple[dict[str, float], float]:
    """Weights and bias for one language, by logistic regression with a quadratic penalty."""
    pairs = [pair for record in records for pair in _pairs(record)]
    groups: dict[str, set[str]] = defaultdict(set)
    for record in records:
        groups[record.group].update(*(features(words(sentence), language) for _, sentence in sentences(record.text)))
    seen = Counter(chain.from_iterable(groups.values()))
    runs = [run for run, count in seen.items() if count >= _SEEN]
    number = {run: index for index, run in enumerate(runs)}
    flat, starts, labels, counts = [], [], [], []
    for found, label, count in pairs:
        starts.append(len(flat))
        flat += sorted(number[run] for run in found if run in number)
        labels.append(label)
        counts.append(count)
    target, weight = torch.tensor(labels, dtype=torch.float64), torch.tensor(counts, dtype=torch.float64)
    weight[target == 1] *= weight[target == 0].sum() / weight[target == 1].sum()
    indices, offsets = torch.tensor(flat), torch.tensor(starts)
    w = torch.zeros(len(runs), 1, dtype=torch.float64, requires_grad=True)
    b = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([w, b], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        logits = torch.nn.functional.embedding_bag(indices, w, offsets, mode="sum").squeeze(1) + b
        errors = torch.nn.functional.binary_cross_entropy_with_logits(logits, target, weight, reduction="sum")
        total = errors + _PENALTY * (w.square().sum() + b.square().sum())
        total.backward()
        return total

    optimiser.step(loss)
    kept = {run: round(v, 2) for run, v in zip(runs, w.detach().squeeze(1).tolist(), strict=True) if abs(v) >= _LEAST}
    return kept, b.item()


def _pairs(record: Record):
    """Each pair of sentences that stand together: its runs of words, whether it tells of a founding, what it counts."""
    founding = {n for n, (kind, status) in record.events.items() if kind == "founds" and status != "denied"}
    told = [record.words(span) for span in record.spans if span.label == "t" and founding & set(span.events)]
    deciding = [next(sentences(text), (0, ""))[1].strip() for text in told]
    found = [sentence for _, sentence in sentences(record.text)]
    runs = [features(words(sentence), record.language) for sentence in found]
    labels = [any(word in sentence for word in deciding if word) for sentence in found]
    pairs = [
        (runs[i] | (runs[i + 1] if i + 1 < len(runs) else set()), any(labels[i : i + 2])) for i in range(len(runs))
    ]
    if record.flagged and not record.long:
        pairs = [pair for pair in pairs if pair[1]]
    positive = sum(label for _, label in pairs) or 1
    return [(both, int(label), 1 / positive if label else 1.0) for both, label in pairs]


def main() -> None:
    torch.set_num_threads(1)  # so small sums are only slower on several
    records = corpus.read()
    lines = []
    for language in ("en", "zh"):
        mine = [r for r in records if r.language == language and corpus.split(r) == "train"]
        weights, bias = fit(language, mine)
        lines.append(f"{language}\t\t{bias:.3f}")
        lines += [f"{language}\t{run}\t{weight:g}" for run, weight in sorted(weights.items())]
        print(f"{language}: {len(weights)} weights from {len(mine)} texts", flush=True)
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else WEIGHTS
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    gate = Gate.read(path)
    for language in ("en", "zh"):
        for long in (True, False):
            others = [
                r for r in records if r.language == language and r.long is long and corpus.split(r) in ("dev", "test")
            ]
            flagged = [gate.passes(r.text, language) for r in others if r.flagged]
            rest = [gate.passes(r.text, language) for r in others if not r.flagged]
            print(
                f"{language} {'stories' if long else 'passages'}: {sum(flagged)} of {len(flagged)} that tell of a founding pass,"
                f" {sum(rest)} of {len(rest)} others"
            )


if __name__ == "__main__":
    main()
