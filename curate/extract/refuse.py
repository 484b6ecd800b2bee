"""What is not worth having: black, flat, in transition, blurred, lettered, damaged, outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from curate.extract.figures import Figures, Floats
from curate.extract.lettering import LEAST_LETTERS
from curate.extract.shots import FLAT_CONTRAST, Span

Reason = Literal[
    "black", "flat", "transition", "short", "damaged", "lettering", "blurred", "similar", "surplus"
]
"""Why a frame was refused; its figure is:

black: mean luma, 0…255 · flat: standard deviation of the luma · transition: distance from a plain
mix of both shots, 0…1 (0 for a fade) · short: frames of the shot · damaged: 1 · lettering: letters
in line · blurred: sharpness as a share of the film's median · similar: difference to the frame
that was kept, 0…255 · surplus: its density, too low for a place among --count.
"""

_BLACK_LEVEL = 20.0
_LEAST_FRAMES = 5
_BLUR_SHARE = 0.4
_BLUR_JUMP = 12.0
_BAR_LEVEL = 4.0
_MOST_BAR_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Refused:
    reason: Reason
    figure: float


@dataclass(frozen=True, slots=True)
class Crop:
    """What a film shows inside its black bars, in pixels of its stored picture."""

    left: int
    top: int
    right: int
    bottom: int


def span(figures: Figures, found: Span) -> Refused | None:
    """Why nothing is taken from a stretch of a film, if so."""
    if found.kind == "transition":
        return Refused("transition", found.figure)
    if found.kind == "flat":
        level = float(figures.level[found.first : found.stop].mean())
        return Refused("black", level) if level < _BLACK_LEVEL else Refused("flat", found.figure)
    frames = found.stop - found.first
    return Refused("short", frames) if frames < _LEAST_FRAMES else None


def frame(figures: Figures, row: int) -> Refused | None:
    """Why the best frame of a shot is not taken, if so."""
    if figures.damaged[row]:
        return Refused("damaged", 1)
    if figures.contrast[row] < FLAT_CONTRAST:
        return Refused("flat", float(figures.contrast[row]))
    if figures.letters[row] >= LEAST_LETTERS:
        return Refused("lettering", float(figures.letters[row]))
    shown = figures.contrast >= FLAT_CONTRAST
    share = float(figures.sharpness[row] / max(1e-6, np.median(figures.sharpness[shown])))
    if share < _BLUR_SHARE and figures.jump[row] > _BLUR_JUMP:
        return Refused("blurred", share)
    return None


def bars(figures: Figures) -> Crop:
    """The picture inside the letterbox and pillarbox of a film.

    A row or column of pixels is a bar if its mean luma stays under 4 (of 255) throughout the film:
    a single dark shot does not crop it.
    """
    left, right = _inside(figures.columns)
    top, bottom = _inside(figures.rows)
    return Crop(left, top, right, bottom)


def _inside(levels: Floats) -> tuple[int, int]:
    """First and last + 1 of what is not a bar, on even pixels; all if the bars would be huge."""
    lit = np.flatnonzero(levels > _BAR_LEVEL)
    size = len(levels)
    if not len(lit):
        return 0, size
    first, stop = int(lit[0]), int(lit[-1]) + 1
    if max(first, size - stop) > _MOST_BAR_SHARE * size:
        return 0, size
    return first + first % 2, stop - stop % 2 if stop < size else stop
