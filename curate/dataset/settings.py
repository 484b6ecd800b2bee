"""How a dataset is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from curate.dataset import presets
from curate.dataset.steps import Trainer


@dataclass(frozen=True, slots=True)
class Settings:
    """The defaults are those of the method's author.

    `resolution` is the side of a square with the area to train at; `captions` a scheme and its
    words; `changes` are KEY=VALUE over the preset; `cache` None means dataset/cache.
    """

    resolution: int = 192
    keep_size: bool = False
    captions: tuple[str, ...] = ("empty",)
    preset: str = presets.DEFAULT_PRESET
    model: str = presets.DEFAULT_MODEL
    changes: tuple[str, ...] = ()
    cache: Path | None = None
    trainer: Trainer = field(default_factory=Trainer)
