"""What a station tells while it works: silent here, given a voice by the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one stretch of work is; `done` and `total` in `unit`, `detail` in words."""

    label: str
    done: float
    total: float
    failed: int = 0
    unit: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know although nothing failed."""

    text: str


Tell = Callable[[Progress | Notice], None]


def silent(event: Progress | Notice) -> None:
    """Tell nobody."""
