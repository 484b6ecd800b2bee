"""How a grid is shown and measured: what the user chose that renders nothing anew."""

from __future__ import annotations

from dataclasses import dataclass

from curate.grid.composing import Direction
from curate.measures import semantic
from curate.records import Concept

NO_ENCODER = "none"


@dataclass(frozen=True, slots=True)
class Look:
    """How a grid is shown: its files' name, which way the strengths go, a cell's long side.

    `concept` is what the slider is to change; `encoder` of similarities is "auto", "none",
    "embedded", a folder with CLIP or a name on the hub.
    """

    name: str
    direction: Direction = "horizontal"
    box_px: int = 384
    concept: Concept = "density"
    encoder: str = semantic.AUTO
