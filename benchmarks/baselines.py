"""What simpler means reach on the corpus' test part: python -m benchmarks.baselines BASE_ENCODER

BASE_ENCODER is a folder that `python -m models.training.base_encoder` has written. Story flags alone. Keyword rules: a word of leaving and
a word of founding in one sentence. Frozen embedding: the mean of the base encoder's states over a text's first 256 tokens, and a logistic
regression fitted on random texts of the train part. Some five minutes on two cores for 4,000 of them.
"""

from __future__ import annotations

import argparse
import random
import re

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

from models import document as documents
from models.training import corpus

_LEAVE = re.compile(
    r"\b(?:leav\w+|left|quit\w*|resign\w*|depart\w*|exit\w*|step\w* down|former|ex-)\b|离职|离开|辞职|卸任|离任|出走|前|原",
    re.I,
)
_FOUND = re.compile(
    r"\b(?:found\w*|start[ -]?ups?|start\w* (?:his|her|their|a|an) \w+|launch\w*|(?:his|her) own)\b|创业|创办|创立|成立|自立门户",
    re.I,
)


def keywords(record: corpus.Record, tokenizer) -> bool:
    doc = documents.document(record.text, record.language, tokenizer)
    sentences = [record.text[s.start : s.end] for s in doc.sentences]
    return any(_LEAVE.search(s) and _FOUND.search(s) for s in sentences)


@torch.no_grad()
def embed(records: list[corpus.Record], model, tokenizer) -> torch.Tensor:
    rows = []
    for record in records:
        inputs = tokenizer(f"query: {record.text}", truncation=True, max_length=256, return_tensors="pt")
        rows.append(model(**inputs).last_hidden_state[0].mean(0))
    return torch.stack(rows)


def logistic(x: torch.Tensor, y: torch.Tensor) -> torch.nn.Linear:
    layer = torch.nn.Linear(x.shape[1], 1)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=300, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        error = torch.nn.functional.binary_cross_entropy_with_logits(layer(x).squeeze(-1), y)
        total = error + 1e-4 * (layer.weight**2).sum()
        total.backward()
        return total

    optimizer.step(loss)
    return layer


def f1(told: np.ndarray, flags: np.ndarray) -> str:
    hits = (told & flags).sum()
    return (
        f"precision {hits / max(1, told.sum()):.2f}, recall {hits / flags.sum():.2f}, "
        f"F1 {2 * hits / (told.sum() + flags.sum()):.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", metavar="BASE_ENCODER")
    parser.add_argument("--texts", type=int, default=4000, help="of the train part")
    given = parser.parse_args()
    torch.manual_seed(1)
    tokenizer = AutoTokenizer.from_pretrained(given.base)
    model = AutoModel.from_pretrained(given.base).eval()
    records = corpus.read()
    train, test = ([r for r in records if corpus.split(r) == part] for part in ("train", "test"))
    train = random.Random(1).sample(train, min(given.texts, len(train)))
    x = embed(train, model, tokenizer)
    mean, spread = x.mean(0), x.std(0)
    layer = logistic((x - mean) / spread, torch.tensor([float(r.flagged) for r in train]))
    for language in ("en", "zh"):
        mine = [r for r in test if r.language == language]
        flags = np.array([r.flagged for r in mine])
        with torch.no_grad():
            chance = layer((embed(mine, model, tokenizer) - mean) / spread).squeeze(-1).numpy()
        print(f"{language}, {len(mine)} texts")
        print(f"  keyword rules:    {f1(np.array([keywords(r, tokenizer) for r in mine]), flags)}")
        print(f"  frozen embedding: {f1(chance > 0, flags)}")


if __name__ == "__main__":
    main()
