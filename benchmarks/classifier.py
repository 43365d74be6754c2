"""How many texts one core puts through the encoder, by length and batch: python -m benchmarks.classifier [MODEL_FOLDER …]

Texts are random tokens. With several model folders (an int8 and a full-precision one), each is measured in the same run; times are
of the processor. Writes benchmarks/results/classifier.json.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.results import write
from models.encoder import WEIGHTS, Encoder

LENGTHS, BATCHES = (32, 64, 128, 256), (1, 4, 16)
_AT_LEAST = 1.0  # seconds


def rate(encoder: Encoder, length: int, batch: int) -> float:
    """Texts a second and core."""
    ids = np.random.default_rng(1).integers(5, len(encoder.tokenizer), (batch, length)).astype(np.int64)
    given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    encoder.session.run(["finder"], given)
    began, done = time.process_time(), 0
    while time.process_time() - began < _AT_LEAST:
        encoder.session.run(["finder"], given)
        done += batch
    return done / (time.process_time() - began)


def main() -> None:
    rates = {}
    for folder in sys.argv[1:] or [str(WEIGHTS)]:
        encoder = Encoder(Path(folder), threads=1)
        for length in LENGTHS:
            for batch in BATCHES:
                found = rates.setdefault(f"{encoder.version}", {})[f"{length}/{batch}"] = rate(encoder, length, batch)
                print(f"{folder}: {length} tokens, batches of {batch}: {found:.1f} texts a second and core", flush=True)
    write("classifier", {"rates": rates})


if __name__ == "__main__":
    main()
