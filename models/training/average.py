"""Averages trained states: what two runs from one start learned apart often fits together, and errs less."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from safetensors.torch import load_file, save_file

_WEIGHTS = "model.safetensors"


def average(states: Sequence[tuple[Path, float]], out: Path) -> Path:
    """Writes the weighted mean of trained folders, which must start from one base encoder and one seed, to `out`.

    The first gives the config and tokenizer. See https://arxiv.org/abs/2203.05482 (model soups).
    """
    loaded = [(load_file(folder / _WEIGHTS), share) for folder, share in states]
    whole = sum(share for _, share in loaded)
    mean = {name: sum(state[name].float() * (share / whole) for state, share in loaded) for name in loaded[0][0]}
    shutil.copytree(states[0][0], out, dirs_exist_ok=True)
    save_file({name: value.contiguous() for name, value in mean.items()}, out / _WEIGHTS, metadata={"format": "pt"})
    return out
