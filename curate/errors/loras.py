"""LoRAs that cannot be read or subtracted."""

from __future__ import annotations

from pathlib import Path

from curate.errors.base import BadInput


class LoraUnreadable(BadInput):
    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(
            f"Cannot read {file.name} as a LoRA: {reason}.",
            remedy="Give a .safetensors LoRA as Musubi Tuner or ComfyUI writes it.",
        )


class LorasDiffer(BadInput):
    """Two LoRAs that cannot be subtracted from each other."""


class NoModuleChosen(BadInput):
    """A target that matches none of the modules there are."""
