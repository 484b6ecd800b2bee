"""What of a pair can be repaired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

Fault: TypeAlias = Literal["registration", "tint", "brightness", "saturation", "contrast"]
"""What can be repaired, as the verdict's reasons tell it apart."""

COLOURS: tuple[Fault, ...] = ("tint", "brightness", "saturation", "contrast")

VERSION = "repair/1"
"""Part of a repair's id: another number makes every repair be tried anew."""

_FLAGS: dict[str, Fault] = {
    "shift_px": "registration",
    "tint": "tint",
    "brightness": "brightness",
    "chroma_min": "saturation",
    "chroma_max": "saturation",
    "contrast_min": "contrast",
    "contrast_max": "contrast",
}


def faults(limits: Sequence[str]) -> tuple[Fault, ...]:
    """What of the limits that a pair passed (by their keys) can be repaired, in order."""
    flagged = {_FLAGS[key] for key in limits if key in _FLAGS}
    return tuple(fault for fault in ("registration", *COLOURS) if fault in flagged)
