"""The training's settings, as settings.toml explains them."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

SETTINGS = Path(__file__).with_name("settings.toml")
FURTHER = Path(__file__).with_name("further.toml")  # for a model that was trained before


@dataclass(frozen=True)
class Settings:
    seed: int
    rounds: int
    joined_share: float
    bystanders: int
    batch_size: int
    encoder_learning_rate: float
    head_learning_rate: float
    warmup_share: float
    weight_decay: float
    checks: int
    dropout: float
    story_weight: int
    fresh: tuple[str, ...] = ()  # names of corpus files, * for any letters, that the base has not seen
    fresh_weight: int = 1
    replay_share: float = 1.0

    @classmethod
    def read(cls, path: Path = SETTINGS) -> Settings:
        """Raises TypeError where a key is missing or unknown."""
        return cls(**tomllib.loads(path.read_text(encoding="utf-8")))


def settings_for(base: str | None) -> Path:
    """The settings that fit what training starts from: a bare encoder, or a model folder that was trained before."""
    try:
        config = json.loads((Path(base or "") / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return SETTINGS
    return FURTHER if "DepartureNetwork" in (config.get("architectures") or ()) else SETTINGS
