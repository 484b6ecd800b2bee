"""How noisy a picture is where nothing is drawn."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_MASK = np.array(((1, -2, 1), (-2, 4, -2), (1, -2, 1)), np.float32)
_MASK_GAIN = 6.0  # the root of the sum of its squares
_TILE_PX = 16
_FLATTEST = 0.1  # of the tiles: a denser drawing leaves some plain, noise leaves none


def sigma(luma: NDArray[np.uint8]) -> float | None:
    """The standard deviation of the noise in levels, in the plainest tenth of a picture.

    The mask takes out what is constant, sloped or straight (Immerkær 1996); it is taken over tiles
    of 16 px, and the tenth of them with the least is looked at. None where no tile fits.

    Args:
        luma: shape (height, width).
    """
    rows, columns = (side // _TILE_PX for side in luma.shape)
    if not rows or not columns:
        return None
    rough = np.asarray(cv2.filter2D(luma.astype(np.float32), cv2.CV_32F, _MASK))
    inside = rough[: rows * _TILE_PX, : columns * _TILE_PX] ** 2
    tiles = cv2.resize(inside, (columns, rows), interpolation=cv2.INTER_AREA)
    return float(np.sqrt(np.quantile(tiles, _FLATTEST))) / _MASK_GAIN
