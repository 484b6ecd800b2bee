"""What a station tells while it works: silent here, given a voice by the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


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


@dataclass(frozen=True, slots=True)
class Working:
    """How one server stands: `step` of `steps` of its item, what it did and will take.

    `item` is empty while it has nothing to do. `left_s` is the time until all servers together
    are done; None until one has finished two items.
    """

    server: str
    item: str
    step: int
    steps: int
    done: int
    failed: int
    per_minute: float
    left_s: float | None
    is_lost: bool


Event: TypeAlias = Progress | Notice | Working
Tell = Callable[[Event], None]


def silent(event: Event) -> None:
    """Tell nobody."""
