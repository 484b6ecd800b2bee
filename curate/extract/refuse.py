"""What is not worth having: black, flat, in transition, blurred, lettered, damaged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from curate.extract import lettering
from curate.extract.figures import Figures
from curate.extract.shots import FLAT_CONTRAST, Span

Reason: TypeAlias = str
"""Why a frame was refused; its figure is:

black: mean luma, 0…255 · flat: standard deviation of the luma · transition: distance from a plain
mix of both shots, 0…1 (0 for a fade) · short: seconds of the shot · damaged: 1 · lettering: percent
of the picture under letters · blurred: sharpness as a share of the film's median · bare: its
density, under --density-min · similar: difference to the frame that was kept, 0…255 · surplus: its
density, too low for a place among --count · recurs in FILM: by how many of 64 bits its shot differs
from one there that a frame was taken from.
"""

_BLACK_LEVEL = 20.0
_BLUR_SHARE = 0.4
_BLUR_JUMP = 12.0
_HARDLY_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Refused:
    reason: Reason
    figure: float


def span(figures: Figures, found: Span, least_s: float, tick_s: float) -> Refused | None:
    """Why nothing is taken from a stretch of a film, if so."""
    if found.kind == "transition":
        return Refused("transition", found.figure)
    if found.kind == "flat":
        level = float(figures.level[found.first : found.stop].mean())
        return Refused("black", level) if level < _BLACK_LEVEL else Refused("flat", found.figure)
    if found.stop == len(figures):
        return None
    lasts_s = float(figures.pts[found.stop] - figures.pts[found.first]) * tick_s
    return Refused("short", lasts_s) if lasts_s < least_s else None


def sound(
    figures: Figures, rows: NDArray[np.int64], *, allow_text: bool
) -> tuple[NDArray[np.int64], Refused | None]:
    """Those rows of a shot that are whole, show something and have no lettering; or why none."""
    whole = rows[~figures.damaged[rows]]
    if not len(whole):
        return whole, Refused("damaged", 1)
    shown = whole[figures.contrast[whole] >= FLAT_CONTRAST]
    if not len(shown):
        return shown, Refused("flat", float(figures.contrast[whole].max()))
    if allow_text:
        return shown, None
    free, letters = _unlettered(figures, shown)
    return free, None if len(free) else Refused("lettering", letters)


def _unlettered(figures: Figures, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], float]:
    """The rows without lettering, and the least that any has.

    Lettering may come between one measurement and the next, so both count for the rows between
    them. A frame on which hardly any was measured is taken at its word: over drawn places that
    move, what was a subtitle in one was found in all, what is mistaken for one comes and goes.
    """
    inside = slice(rows[0], rows[-1] + 1)
    letters, drawn = figures.letters[inside], figures.drawn[inside]
    measured = np.append(np.flatnonzero(drawn), len(letters) - 1)
    nexts = np.searchsorted(measured[:-1], np.arange(len(letters)), "right")
    most = np.maximum(letters, letters[measured[nexts]])
    most = np.where(drawn & (letters < _HARDLY_SHARE), letters, most)[rows - rows[0]]
    return rows[most < lettering.MOST_SHARE], float(most.min())


def frame(figures: Figures, row: int) -> Refused | None:
    """Why the best frame of a shot is not taken, if so."""
    shown = figures.contrast >= FLAT_CONTRAST
    share = float(figures.sharpness[row] / max(1e-6, np.median(figures.sharpness[shown])))
    if share < _BLUR_SHARE and figures.jump[row] > _BLUR_JUMP:
        return Refused("blurred", share)
    return None
