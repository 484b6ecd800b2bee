"""The affine that maps a frame onto its twin: by how much the two are out of register."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Luma: TypeAlias = NDArray[np.float32]
"""Gamma-coded luma: float32, shape (height, width), in [0, 255]."""

Affine: TypeAlias = NDArray[np.float64]
"""Shape (2, 3): a point of the frame (x, y, 1) to the twin's, in units of the long side."""

LONG_SIDE_PX = 1024
"""Displacements are told in pixels of an image whose long side is this."""

_LEVELS_PX = (128, 256, 512)
_ITERATIONS = (60, 40, 30)
_EPSILON = 1e-5
_GRID = 9
_WANDERED = 0.6


@dataclass(frozen=True, slots=True)
class Registration:
    """What `register` found; displacements in px at 1024 long side, `rotation_deg` clockwise.

    `displacement_px` is the RMS over a grid of points, `shift_*_px` the mean over it,
    `confidence` the enhanced correlation coefficient in [-1, 1] after the warp.
    """

    affine: Affine
    displacement_px: float
    shift_x_px: float
    shift_y_px: float
    scale: float
    rotation_deg: float
    confidence: float


def register(frame: Luma, twin: Luma) -> Registration | None:
    """The affine that brings `twin` into register with `frame`; None if none was found.

    Maximises the enhanced correlation coefficient (Evangelidis and Psarakis 2008), which ignores
    gain and offset of brightness, on a pyramid of 128, 256 and 512 px. Started from identity and
    from the shift that phase correlation finds; the better end of the two counts.

    Args:
        frame: any size.
        twin: same shape as `frame`.

    Raises:
        ValueError: the shapes differ.
    """
    if frame.shape != twin.shape:
        raise ValueError(f"shapes differ: {frame.shape} and {twin.shape}")
    pyramid = [(_shrunk(frame, side), _shrunk(twin, side)) for side in _LEVELS_PX]
    starts = [np.eye(2, 3), _phase_shift(*pyramid[1])]
    found = [_climbed(*pyramid[0], start, _ITERATIONS[0]) for start in starts]
    best = max((result for result in found if result), key=lambda result: result[1], default=None)
    for (small_frame, small_twin), iterations in zip(pyramid[1:], _ITERATIONS[1:], strict=True):
        if best is None:
            return None
        best = _climbed(small_frame, small_twin, best[0], iterations)
    return None if best is None else _described(*best, frame.shape[0] / frame.shape[1])


def warped(twin: NDArray[np.uint8], affine: Affine) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """`twin` brought into register, shape (height, width, 3), and where it has pixels.

    Args:
        twin: uint8, shape (height, width, 3).
        affine: as in `Registration`, of images of whatever size with the same aspect.
    """
    height, width = twin.shape[:2]
    own = _in_pixels(affine, max(height, width))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(twin, own, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    whole = np.full((height, width), 255, np.uint8)
    valid = cv2.warpAffine(whole, own, (width, height), flags=flags)
    return np.asarray(moved, np.uint8), np.asarray(valid) > 254


def _shrunk(luma: Luma, long_side: int) -> Luma:
    height, width = luma.shape
    factor = long_side / max(height, width)
    size = (max(round(width * factor), 16), max(round(height * factor), 16))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(luma, size, interpolation=method), np.float32)


def _phase_shift(frame: Luma, twin: Luma) -> Affine:
    """The shift by phase correlation, as an affine of images of long side 1."""
    height, width = frame.shape
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    # copies: OpenCV multiplies the window into the pictures themselves
    (x, y), _ = cv2.phaseCorrelate(frame.copy(), twin.copy(), window)
    start = np.eye(2, 3)
    start[:, 2] = (x / max(width, height), y / max(width, height))
    return start


def _climbed(
    frame: Luma, twin: Luma, start: Affine, iterations: int
) -> tuple[Affine, float] | None:
    """The affine (of images of long side 1) and its ECC; None where ECC does not converge."""
    long_side = max(frame.shape)
    matrix = _in_pixels(start, long_side).astype(np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, iterations, _EPSILON)
    try:
        correlation, ended = cv2.findTransformECC(frame, twin, matrix, cv2.MOTION_AFFINE, criteria)
    except cv2.error:
        return None
    affine = _of_pixels(np.asarray(ended, np.float64), long_side)
    if not np.isfinite(affine).all() or np.abs(affine - np.eye(2, 3)).max() > _WANDERED:
        return None
    return affine, float(correlation)


def _in_pixels(affine: Affine, long_side: int) -> Affine:
    """An affine of images of long side 1 as one of pixel indices, which start half a pixel in."""
    linear, offset = affine[:, :2], affine[:, 2] * long_side
    return np.column_stack([linear, offset + linear.sum(axis=1) * 0.5 - 0.5])


def _of_pixels(affine: Affine, long_side: int) -> Affine:
    """The reverse of `_in_pixels`."""
    linear = affine[:, :2]
    offset = affine[:, 2] - linear.sum(axis=1) * 0.5 + 0.5
    return np.column_stack([linear, offset / long_side])


def _described(affine: Affine, correlation: float, aspect: float) -> Registration:
    width, height = (1.0, aspect) if aspect <= 1 else (1.0 / aspect, 1.0)
    xs, ys = np.meshgrid(np.linspace(0, width, _GRID), np.linspace(0, height, _GRID))
    points = np.stack([xs.ravel(), ys.ravel(), np.ones(xs.size)])
    moved = (affine @ points - points[:2]) * LONG_SIDE_PX
    linear = affine[:, :2]
    return Registration(
        affine=affine,
        displacement_px=float(np.sqrt((moved**2).sum(axis=0).mean())),
        shift_x_px=float(moved[0].mean()),
        shift_y_px=float(moved[1].mean()),
        scale=float(math.sqrt(abs(np.linalg.det(linear)))),
        rotation_deg=math.degrees(
            math.atan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1])
        ),
        confidence=correlation,
    )
