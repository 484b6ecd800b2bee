"""A small OpenCV simplifier, so that the loop runs with no server: preview quality."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.images import RGB

VERSION = "embedded/1"
MADE_BY = "preview quality: embedded simplifier, not Kontext"

_DETAIL = 1 / 36  # of the height: what is narrower than this is removed, unless it is an outline
_OUTLINE = 1 / 9  # of the height: a thin thing that reaches farther than this is an outline
_THICK = 1 / 20  # of the height: what is thicker on average is clutter grown together, no line
_CONTRAST = 14  # levels by which a thin thing differs from what is around it
_EDGE_LEVELS = 24.0
_HALO_LEVELS = 6.0  # more would show as a halo where a bright thing was removed
_DRIFT = 1 / 12  # of the height: colour is kept equal over areas of this size


def twin(frame: RGB, instruction: str, seed: int) -> RGB:
    """The frame simplified, whatever the instruction says; see `backends.Backend`."""
    del instruction, seed
    return simplified(frame)


def simplified(frame: RGB) -> RGB:
    """The frame without its small, high-contrast detail; outlines and mean colours stay.

    A median takes away all that is thin. Of what it took, the parts that reach far are outlines
    and come back. Then what texture is left is smoothed without crossing edges, and the mean
    colour of every area is set back to the frame's.

    Args:
        frame: uint8, shape (height, width, 3); sides of some hundred px.

    Returns:
        An array of the same shape; the same frame gives the same bytes.
    """
    height = frame.shape[0]
    plain = np.asarray(cv2.medianBlur(frame, _odd(height * _DETAIL)), np.uint8)
    kept = _outlines(frame, plain)
    flat = cv2.bilateralFilter(plain, 7, _EDGE_LEVELS, 3)
    mixed = flat + (frame.astype(np.float32) - flat) * kept[..., None]
    drift = cv2.GaussianBlur(frame.astype(np.float32) - mixed, (0, 0), height * _DRIFT)
    mixed += np.clip(drift, -_HALO_LEVELS, _HALO_LEVELS)
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def _outlines(frame: RGB, plain: RGB) -> NDArray[np.float32]:
    """Where the frame's thin, far-reaching lines are: 1 on them, 0 off, shape (height, width)."""
    height = frame.shape[0]
    differs = cv2.absdiff(frame, plain).max(axis=2) > _CONTRAST
    labels, stats = cv2.connectedComponentsWithStats(differs.astype(np.uint8))[1:3]
    extent = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    is_thin = stats[:, cv2.CC_STAT_AREA] < extent * height * _THICK
    is_outline = is_thin & (extent > height * _OUTLINE)
    is_outline[0] = False
    mask = is_outline[labels].astype(np.float32)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 1.0), np.float32)


def _odd(size: float) -> int:
    return max(3, int(size) // 2 * 2 + 1)
