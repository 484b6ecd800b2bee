"""Whether edges lie where they lay: correlation of two images' gradients."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_LONG_SIDE_PX = 256


def gradient_ncc(
    frame: NDArray[np.float32], twin: NDArray[np.float32], valid: NDArray[np.bool_]
) -> float | None:
    """Normalised correlation of the gradient vectors at 256 px, in [-1, 1]; 1 means same edges.

    Args:
        frame: luma in [0, 255], shape (height, width).
        twin: same shape, in register with `frame`.
        valid: same shape; where the registered twin has pixels.

    Returns:
        None if one of them has no gradient at all.
    """
    inside = cv2.erode(_small(valid.astype(np.float32)), np.ones((3, 3))) > 0.99
    a, b = _gradients(_small(frame))[:, inside], _gradients(_small(twin))[:, inside]
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm > 0 else None


def _small(values: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = values.shape
    factor = min(_LONG_SIDE_PX / max(height, width), 1.0)
    size = (max(round(width * factor), 3), max(round(height * factor), 3))
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _gradients(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shape (2, height, width)."""
    return np.stack([np.asarray(cv2.Sobel(luma, cv2.CV_32F, x, 1 - x)) for x in (1, 0)])
