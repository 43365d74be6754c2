"""Fits the temperature that makes the reader's kind a probability, on the corpus' held-back part."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from models import document as documents
from models.document import Look
from models.encoder import Encoder, softmax
from models.labels import KIND_CLASSES
from models.training import examples
from models.training.corpus import Record


def calibrate(folder: Path, records: list[Record]) -> dict[str, float]:
    """Returns {"temperature", "calibration_error"}: the latter is expected over ten bins, after fitting."""
    encoder = Encoder(folder)
    looks, truth = [], []
    source = random.Random(5)
    for record in records:
        doc = documents.document(record.text, record.language, encoder.tokenizer)
        for example in examples.reader_examples(record, doc, encoder.tokenizer, source, others=4):
            size = len(example.input_ids)
            looks.append(Look(tuple(example.input_ids), tuple(example.token_type_ids), ((0, 0),) * size, ()))
            truth.append(example.kind_labels)
    logits = np.log(np.array([a.kind for a in encoder.answers(looks)]) + 1e-12)
    gold = np.array(truth)
    temperatures = np.geomspace(0.5, 5, 60)
    best = min(temperatures, key=lambda t: _loss(logits / t, gold))
    return {
        "temperature": round(float(best), 3),
        "calibration_error": round(expected_error(softmax(logits / best), gold), 4),
    }


def expected_error(probabilities: np.ndarray, gold: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error of the probability that a marked person founds."""
    chance = probabilities[:, KIND_CLASSES.index("founds")]
    right = gold == KIND_CLASSES.index("founds")
    place = np.minimum((chance * bins).astype(int), bins - 1)
    return float(
        sum(
            abs(chance[place == b].mean() - right[place == b].mean()) * (place == b).mean()
            for b in range(bins)
            if (place == b).any()
        )
    )


def _loss(logits: np.ndarray, gold: np.ndarray) -> float:
    chosen = softmax(logits)[np.arange(len(gold)), gold]
    return float(-np.log(chosen + 1e-12).mean())
