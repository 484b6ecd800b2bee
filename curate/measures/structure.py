"""Whether edges lie where they lay: correlation of two images' gradients."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.measures.ranks import quantile

_STRONG_SHARE = 0.2
_LEAST = 1e-9
_NEAR_PX = 5  # of 256: an edge that is softer or a little off lies within
_PLACE_PX = 17  # of 256: about the tile in which content is compared
_SOBEL = 8  # what it makes of one level a px


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well edges agree, each in [-1, 1]; 1 means the same edges.

    `signed` is the normalised correlation of the gradient vectors. `unsigned` takes an edge from
    dark to bright for the same as one from bright to dark, and strong and weak edges nearly alike:
    day and night have those in common, when a window that was dark is lit. `held` is `signed` where
    the twin's edges are strongest: whatever was taken away, what is left must lie where it lay.

    `anew` is in levels a px: by how much the twin's edges, in the place where it is most, are
    stronger than any edge of that direction that the frame has near them. Taking away and
    softening make none; drawing shapes that were not there does.
    """

    signed: float
    unsigned: float
    held: float
    anew: float


def agreement(
    frame: NDArray[np.float32], twin: NDArray[np.float32], valid: NDArray[np.bool_]
) -> Agreement | None:
    """The agreement of the edges at 256 px.

    Args:
        frame: luma, shape (height, width), its long side 512 px.
        twin: same shape, in register with `frame`.
        valid: same shape; where the registered twin has pixels.

    Returns:
        None if one of them has no gradient at all.
    """
    halved = valid[: valid.shape[0] // 2 * 2 : 2, : valid.shape[1] // 2 * 2 : 2].astype(np.uint8)
    around = cv2.BORDER_CONSTANT
    inside = cv2.erode(halved, np.ones((3, 3)), borderType=around, borderValue=1)
    places = np.flatnonzero(inside)
    before, after = _gradients(_halved(frame)), _gradients(_halved(twin))
    a, b = (one.reshape(2, -1).take(places, 1) for one in (before, after))
    if not len(places):
        return None
    signed = _correlation(a, b)
    unsigned = _correlation(_doubled(a), _doubled(b))
    size = (b * b).sum(axis=0)
    strongest = np.flatnonzero(size >= quantile(size, 1 - _STRONG_SHARE))
    held = _correlation(a.take(strongest, 1), b.take(strongest, 1))
    if signed is None or unsigned is None or held is None:
        return None
    return Agreement(signed, unsigned, held, _anew(before, after, np.asarray(inside, np.uint8)))


def _anew(
    frame: NDArray[np.float32], twin: NDArray[np.float32], inside: NDArray[np.uint8]
) -> float:
    """The largest mean over a place of what the twin's gradients exceed all of the frame's by."""
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_NEAR_PX, _NEAR_PX))
    excess = np.zeros(inside.shape, np.float32)
    for angle in np.arange(4, dtype=np.float32) * np.float32(np.pi / 4):
        before, after = (np.cos(angle) * x + np.sin(angle) * y for x, y in (frame, twin))
        excess = np.maximum(excess, after - cv2.dilate(before, near))
        excess = np.maximum(excess, cv2.erode(before, near) - after)
    excess *= inside
    return float(cv2.blur(excess, (_PLACE_PX, _PLACE_PX)).max()) / _SOBEL


def _halved(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = luma.shape[0] // 2, luma.shape[1] // 2
    even = luma[: 2 * height, : 2 * width]
    return np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _gradients(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shape (2, height, width)."""
    return np.stack([np.asarray(cv2.Sobel(luma, cv2.CV_32F, x, 1 - x)) for x in (1, 0)])


def _doubled(gradients: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors at twice the angle, which opposite ones share, with the root of the length."""
    x, y = gradients
    xx, yy = x * x, y * y
    size = np.sqrt(xx + yy)
    size *= np.sqrt(size)
    size += np.float32(_LEAST)  # of flat places: 0 over it stays 0
    return np.stack([(xx - yy) / size, 2 * x * y / size])


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float | None:
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm > 0 else None
