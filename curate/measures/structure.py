"""Whether edges lie where they lay: correlation of two images' gradients."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_LONG_SIDE_PX = 256
_STRONG_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well edges agree, each in [-1, 1]; 1 means the same edges.

    `signed` is the normalised correlation of the gradient vectors. `unsigned` takes an edge from
    dark to bright for the same as one from bright to dark, and strong and weak edges nearly alike:
    day and night have those in common, when a window that was dark is lit. `held` is `signed` where
    the twin's edges are strongest: whatever was taken away, what is left must lie where it lay.
    """

    signed: float
    unsigned: float
    held: float


def agreement(
    frame: NDArray[np.uint8], twin: NDArray[np.uint8], valid: NDArray[np.bool_]
) -> Agreement | None:
    """The agreement of the edges at 256 px.

    Args:
        frame: luma, shape (height, width).
        twin: same shape, in register with `frame`.
        valid: same shape; where the registered twin has pixels.

    Returns:
        None if one of them has no gradient at all.
    """
    inside = cv2.erode(_small(valid.astype(np.uint8) * 255), np.ones((3, 3))) > 252
    places = np.flatnonzero(inside)
    a, b = (_gradients(_small(half)).reshape(2, -1).take(places, 1) for half in (frame, twin))
    if not len(places):
        return None
    signed = _correlation(a, b)
    unsigned = _correlation(_doubled(a), _doubled(b))
    size = (b * b).sum(axis=0)
    strong = size >= np.quantile(size, 1 - _STRONG_SHARE)
    held = _correlation(a[:, strong], b[:, strong])
    if signed is None or unsigned is None or held is None:
        return None
    return Agreement(signed, unsigned, held)


def _small(values: NDArray[np.uint8]) -> NDArray[np.float32]:
    height, width = values.shape
    factor = min(_LONG_SIDE_PX / max(height, width), 1.0)
    size = (max(round(width * factor), 3), max(round(height * factor), 3))
    exact = values.astype(np.float32)
    return np.asarray(cv2.resize(exact, size, interpolation=cv2.INTER_AREA), np.float32)


def _gradients(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shape (2, height, width)."""
    return np.stack([np.asarray(cv2.Sobel(luma, cv2.CV_32F, x, 1 - x)) for x in (1, 0)])


def _doubled(gradients: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors at twice the angle, which opposite ones share, with the root of the length."""
    x, y = gradients
    size = np.sqrt(x * x + y * y)
    scale = np.where(size > 0, np.maximum(size, 1e-6) ** np.float32(-1.5), 0)
    return np.stack([(x * x - y * y) * scale, 2 * x * y * scale])


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float | None:
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm > 0 else None
