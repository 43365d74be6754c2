"""Runs the fine-tuned encoder: looks in, probabilities out, on onnxruntime without torch."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime

from models.chance import Chance
from models.document import Look

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

WEIGHTS = Path(__file__).parent / "weights"
# int8 scales are set over a whole batch: alone, a text is judged the same whatever stands beside it.
BATCH = 1
ALARMS = 1.0  # false alarms that a reader of 1,000 ordinary stories puts up with
_TOKENIZER = "tokenizer.json"
GLANCE = 0.02  # for a model on which it was not measured


class ModelError(RuntimeError):
    """The model folder is missing, damaged or made for other labels; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Probabilities for one look: finder and arguments (tokens, classes), kind and status (classes,)."""

    finder: np.ndarray
    arguments: np.ndarray
    kind: np.ndarray
    status: np.ndarray


class Encoder:
    """A model folder, ready to answer: `Encoder().answers(looks)`."""

    def __init__(self, folder: str | Path = WEIGHTS, threads: int | None = None):
        self.folder = _local(folder)
        self.threads = threads
        try:
            self.config = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))["founderwatch"]
            if not (self.folder / _TOKENIZER).is_file():
                raise OSError(f"it holds no {_TOKENIZER}")
        except (OSError, KeyError, ValueError) as error:
            raise ModelError(
                f"{self.folder} is no founderwatch model folder ({error}); `founderwatch train` makes one"
            ) from error

    @property
    def version(self) -> str:
        return self.config["version"]

    @property
    def chance(self) -> Chance:
        """How the answers about an event become its score."""
        return Chance.read(self.config.get("chance"))

    @property
    def glance(self) -> float:
        """The probability of a founding, by a few sentences, from which a story is read whole (`models.training.glance`)."""
        return self.config.get("glance", GLANCE)

    def threshold(self, alarms: float = ALARMS) -> float:
        """The score from which stories are flagged, so that `alarms` of 1,000 ordinary stories are flagged wrongly."""
        points = self.config.get("alarms")  # [score, alarms in 1,000], rising by score
        if not points:
            return 0.5
        scores, rates = zip(*points, strict=True)
        return float(np.interp(-alarms, [-r for r in rates], scores))

    def alarms(self, threshold: float) -> float:
        """How many of 1,000 ordinary stories are flagged wrongly from a score on: the inverse of `threshold`."""
        points = self.config.get("alarms")
        if not points:
            return ALARMS
        scores, rates = zip(*points, strict=True)
        return float(np.interp(threshold, scores, rates))

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerFast:
        """Made at the first story: a crawl that finds nothing new need not wait a second for the library."""
        # Without torch, transformers says so at import: that is how the default install is meant to be.
        os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
        os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
        from transformers import PreTrainedTokenizerFast

        try:
            return PreTrainedTokenizerFast.from_pretrained(self.folder)
        except (OSError, ValueError) as error:
            raise ModelError(f"{self.folder / _TOKENIZER} cannot be read ({error}); restore the file") from error

    @cached_property
    def session(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        if self.threads:
            options.intra_op_num_threads = self.threads
        options.log_severity_level = 3
        # A thread that waits for work would hold its core, and the crawl and the extraction want it.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._check_weights()
        try:
            return onnxruntime.InferenceSession(
                str(self.folder / "model.onnx"),
                options,
                providers=["CPUExecutionProvider"],
                # The fused form of the two takes five times as long as an addition and a LayerNormalization.
                disabled_optimizers=["SkipLayerNormFusion"],
            )
        except Exception as error:  # onnxruntime raises its own unexported types
            raise ModelError(f"{self.folder / 'model.onnx'} cannot be loaded ({error}); restore the file") from error

    def _check_weights(self) -> None:
        """Refuses weights that are not those of config.json: a few wrong bytes load without a word, and judge wrongly."""
        expected = self.config.get("sha256")
        path = self.folder / "model.onnx"
        try:
            with path.open("rb") as weights:
                found = hashlib.file_digest(weights, "sha256").hexdigest()
        except OSError as error:
            raise ModelError(f"{path} cannot be loaded ({error.strerror}); restore the file") from error
        if expected and found != expected:
            raise ModelError(
                f"{path} is damaged: it is not the file that config.json tells of; restore the file, or install founderwatch anew"
            )

    def answers(self, looks: Sequence[Look]) -> list[Answer]:
        """Answers in the order of the looks; batches are made of looks of like length."""
        results: list[Answer | None] = [None] * len(looks)
        by_length = sorted(range(len(looks)), key=lambda i: len(looks[i].ids))
        for at in range(0, len(by_length), BATCH):
            chosen = by_length[at : at + BATCH]
            for index, answer in zip(chosen, self._run([looks[i] for i in chosen]), strict=True):
                results[index] = answer
        return results  # type: ignore[return-value]

    def _run(self, looks: list[Look]) -> list[Answer]:
        width = max(len(look.ids) for look in looks)
        ids = np.full((len(looks), width), self.tokenizer.pad_token_id, np.int64)
        mask = np.zeros((len(looks), width), np.int64)
        marks = np.zeros((len(looks), width), np.int64)
        for row, look in enumerate(looks):
            length = len(look.ids)
            ids[row, :length], mask[row, :length], marks[row, :length] = look.ids, 1, look.marks
        finder, arguments, kind, status = self.session.run(
            ["finder", "arguments", "kind", "status"],
            {"input_ids": ids, "attention_mask": mask, "token_type_ids": marks},
        )
        return [
            Answer(
                softmax(finder[row, : len(look.ids)]),
                softmax(arguments[row, : len(look.ids)]),
                softmax(kind[row]),
                softmax(status[row]),
            )
            for row, look in enumerate(looks)
        ]


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities over the last axis."""
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)


def _local(folder: str | Path) -> Path:
    """The folder itself, or the local copy of a hub name."""
    path = Path(folder)
    if path.exists() or len(path.parts) != 2 or path.is_absolute():
        return path
    from huggingface_hub import snapshot_download  # only a hub name needs the hub's client

    try:
        return Path(snapshot_download(str(folder)))
    except Exception as error:
        raise ModelError(f"model {folder!r} is neither a folder nor to be had from the hub ({error})") from error
