"""Whether each place of the picture still lies where it lay, when the whole of it does."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

_TILE_PX = 40
_REACH_PX = 7
_BLUR_PX = 1.0
_LEAST_EDGES = 1.2  # the spread of the square roots of gradients: a tile with less is empty
_ALIKE = 0.45  # of correlation: a place that was found again
_GAIN = 0.1  # of correlation: that it lies elsewhere
_MOVED_PX = 2.0  # 4 px at 1024


def moved(
    frame: NDArray[np.float32], twin: NDArray[np.float32], valid: NDArray[np.bool_]
) -> float | None:
    """The share of the places with edges that are found again elsewhere, in [0, 1].

    For every other tile of 40 px of the twin the frame is searched 7 px around (of 512) for the
    same edges. A model that redraws a picture puts things a little off, each its own way, which
    no registration of the whole takes back; what a simplifier leaves stays where it was, and what
    it takes away is found nowhere.

    Args:
        frame: luma, shape (height, width), its long side 512 px.
        twin: same shape, in register.
        valid: same shape; where the registered twin has pixels.

    Returns:
        None where no tile has edges.
    """
    before, after = _edges(frame), _edges(twin)
    found: list[bool] = []
    height, width = frame.shape
    for row, top in enumerate(range(_REACH_PX, height - _TILE_PX - _REACH_PX + 1, _TILE_PX)):
        first = _REACH_PX + row % 2 * _TILE_PX  # every other tile, as on a chessboard
        for left in range(first, width - _TILE_PX - _REACH_PX + 1, 2 * _TILE_PX):
            tile = slice(top, top + _TILE_PX), slice(left, left + _TILE_PX)
            if valid[tile].all() and cv2.meanStdDev(after[tile])[1].item() >= _LEAST_EDGES:
                around = before[
                    top - _REACH_PX : top + _TILE_PX + _REACH_PX,
                    left - _REACH_PX : left + _TILE_PX + _REACH_PX,
                ]
                found.append(_lies_elsewhere(around, after[tile]))
    return float(np.mean(found)) if found else None


def _lies_elsewhere(around: NDArray[np.float32], tile: NDArray[np.float32]) -> bool:
    fits = np.asarray(cv2.matchTemplate(around, tile, cv2.TM_CCOEFF_NORMED))
    _, best, _, (column, row) = cv2.minMaxLoc(fits)
    still = float(fits[_REACH_PX, _REACH_PX])
    far = math.hypot(row - _REACH_PX, column - _REACH_PX) >= _MOVED_PX
    return bool(far and best > _ALIKE and best - still > _GAIN)


def _edges(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """The square root of the gradient's size, after a little blur."""
    soft = cv2.GaussianBlur(luma, (0, 0), _BLUR_PX)
    across, down = (cv2.Sobel(soft, cv2.CV_32F, x, 1 - x) for x in (1, 0))
    return np.asarray(cv2.sqrt(cv2.magnitude(across, down)), np.float32)
