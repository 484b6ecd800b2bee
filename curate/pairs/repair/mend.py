"""One pair repaired: registration first, then the colour that was flagged."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import cv2
import numpy as np

from curate.images import RGB
from curate.measures import register
from curate.pairs.repair import geometry, tone
from curate.pairs.repair.faults import COLOURS, Fault

MOST_MOVED = 0.01
"""A repair that moves the detail ratio by more is not kept: detail is what is trained."""


@dataclass(frozen=True, slots=True)
class Mended:
    """Both halves after the repair, what was done in words, by what share detail moved."""

    frame: RGB
    twin: RGB
    steps: tuple[str, ...]
    detail_moved: float


def mended(frame: RGB, twin: RGB, flagged: Collection[Fault]) -> Mended | str:
    """The pair with what was flagged undone, or why that cannot be, as the end of a sentence.

    Args:
        frame: uint8, shape (height, width, 3).
        twin: same shape.
        flagged: as `faults` gives it.
    """
    steps: list[str] = []
    moved = 1.0
    if "registration" in flagged:
        found = register.register(_luma(frame), _luma(twin))
        if found is None:
            return "no common structure to register by"
        both = geometry.together(frame, twin, found.affine)
        if both is None:
            return "the halves share less than half of their area"
        kept = both.frame.size / frame.size
        frame, twin = both.frame, both.twin
        how = "both halves resampled alike and cropped" if both.is_resampled else "cropped"
        steps.append(f"{how}: {found.displacement_px:.1f} px undone, {kept:.0%} of the area kept")
        moved *= 1 + both.detail_moved
    colours = [fault for fault in flagged if fault in COLOURS]
    if colours:
        change = tone.found(frame, twin, colours)
        if change is None:
            return "the colours cannot be compared"
        twin, toned = tone.undone(twin, change)
        steps += tone.words(change)
        moved *= 1 + toned
    if abs(moved - 1) >= MOST_MOVED:
        return f"it would move the detail ratio by {moved - 1:+.1%} (at most {MOST_MOVED:.0%})"
    return Mended(frame, twin, tuple(steps), moved - 1)


def _luma(image: RGB) -> register.Luma:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float32)
