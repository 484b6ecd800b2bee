"""How steep the outlines are that both halves have: softness that is not a loss of detail."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.measures.ranks import quantile

_COARSE_PX = 5
_EDGE_SHARE = 0.05  # of the pixels: the strongest edges that both halves have
_LEAST_LEVELS = 12


def sharpness(frame: NDArray[np.uint8], twin: NDArray[np.uint8]) -> float | None:
    """The steepness of the twin's outlines over the frame's: 1 alike, under 1 softer.

    An outline is where both halves have a strong gradient after a blur of 5 px, so small things
    that only the frame has do not count, nor does being out of register by a pixel. Its steepness
    is the gradient before the blur over that after it, both as RMS: the mean of a gradient is the
    same for a steep edge and a soft one.

    Args:
        frame: luma, shape (height, width).
        twin: same shape.

    Returns:
        None if they share no outline.
    """
    coarse = [_gradient(cv2.blur(half, (_COARSE_PX, _COARSE_PX))) for half in (frame, twin)]
    both = np.minimum(*coarse)
    least = max(quantile(both[::4, ::4], 1 - _EDGE_SHARE), _LEAST_LEVELS)
    outlines = both > least
    places = np.flatnonzero(outlines)
    if not len(places):
        return None
    before, after = (
        _rms(_gradient(half, places)) / _rms(broad.take(places))
        for half, broad in zip((frame, twin), coarse, strict=True)
    )
    return after / before if before > 0 else None


def _gradient(
    luma: NDArray[np.uint8] | cv2.typing.MatLike, places: NDArray[np.intp] | None = None
) -> NDArray[np.int16]:
    """The size of Sobel's gradient as the sum along both axes, everywhere or at these places."""
    x, y = cv2.spatialGradient(luma)
    if places is not None:
        x, y = x.take(places), y.take(places)
    return np.asarray(np.abs(x, out=x) + np.abs(y, out=y), np.int16)


def _rms(values: NDArray[np.int16]) -> float:
    wide = values.astype(np.float32)
    return float(np.sqrt(np.dot(wide, wide) / len(wide)))
