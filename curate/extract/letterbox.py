"""The picture inside the black bars: of a film, and of a shot that has bars of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from curate.extract.figures import Figures, Floats
    from curate.extract.shots import Span

_BAR_LEVEL = 4.0
_MOST_BAR_SHARE = 0.3
_LEAST_BAR_SHARE = 0.015
_SYMMETRY_SHARE = 0.02
_LEAST_SHOTS = 2
_SAME_PX = 4


@dataclass(frozen=True, slots=True)
class Crop:
    """What a film shows inside its black bars, in pixels of its stored picture."""

    left: int
    top: int
    right: int
    bottom: int


def extent(levels: Floats) -> tuple[int, int]:
    """First and last + 1 row (or column) that is lit, from the mean luma of each; all if none."""
    lit = np.flatnonzero(levels > _BAR_LEVEL)
    return (int(lit[0]), int(lit[-1]) + 1) if len(lit) else (0, len(levels))


def of_film(figures: Figures) -> Crop:
    """The picture inside the letterbox and pillarbox of a film.

    A row or column of pixels is a bar if its mean luma stays under 4 (of 255) throughout the film:
    a single dark shot does not crop it.
    """
    left, right = _inside(figures.columns)
    top, bottom = _inside(figures.rows)
    return Crop(left, top, right, bottom)


def of_shots(figures: Figures, spans: Sequence[Span]) -> list[Crop]:
    """What each span shows inside its bars: the film's, or a picture of its own shape.

    A shot has bars of its own if they are black throughout it, alike on both sides, and if at
    least one other shot has the very same ones: the darkness around a lamp hardly ever has.
    """
    whole = of_film(figures)
    own = [_own(figures, span, whole) for span in spans]
    known = Counter(box for box in own if box is not None)
    return [box if box is not None and known[box] >= _LEAST_SHOTS else whole for box in own]


def shown_share(figures: Figures, crop: Crop) -> float:
    """How much of the stored picture is inside the bars, 0…1."""
    area = len(figures.columns) * len(figures.rows)
    inside = (crop.right - crop.left) * (crop.bottom - crop.top)
    return inside / area if area and inside > 0 else 1.0


def _own(figures: Figures, span: Span, whole: Crop) -> Crop | None:
    """The box that is lit in a shot if it could be bars of its own, on a grid of 4 px."""
    if span.kind != "content":
        return None
    lit: NDArray[np.int32] = figures.lit[span.first : span.stop]
    left, top = lit[:, :2].min(axis=0).tolist()
    right, bottom = lit[:, 2:].max(axis=0).tolist()
    width, height = len(figures.columns), len(figures.rows)
    left, right = sides(left, right, whole.left, whole.right, width)
    top, bottom = sides(top, bottom, whole.top, whole.bottom, height)
    box = Crop(left, top, right, bottom)
    return None if box == whole else box


def sides(first: int, stop: int, film_first: int, film_stop: int, size: int) -> tuple[int, int]:
    """A shot's edges along one axis; the film's where its own are no bars."""
    before, after = first - film_first, film_stop - stop
    if min(before, after) < _LEAST_BAR_SHARE * size or max(before, after) > _MOST_BAR_SHARE * size:
        return film_first, film_stop
    if abs(before - after) > _SYMMETRY_SHARE * size:
        return film_first, film_stop
    return -(-first // _SAME_PX) * _SAME_PX, stop // _SAME_PX * _SAME_PX


def _inside(levels: Floats) -> tuple[int, int]:
    """First and last + 1 of what is not a bar, on even pixels; all if the bars would be huge."""
    size = len(levels)
    first, stop = extent(levels)
    if max(first, size - stop) > _MOST_BAR_SHARE * size:
        return 0, size
    return first + first % 2, stop - stop % 2 if stop < size else stop
