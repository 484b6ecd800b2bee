"""The affine that maps a frame onto its twin: by how much the two are out of register."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.measures.refine import refined

Luma: TypeAlias = NDArray[np.float32]
"""Gamma-coded luma: float32, shape (height, width), in [0, 255]."""

Affine: TypeAlias = NDArray[np.float64]
"""Shape (2, 3): a point of the frame (x, y, 1) to the twin's, in units of the long side."""

Image = TypeVar("Image", NDArray[np.float32], NDArray[np.uint8])

LONG_SIDE_PX = 1024
"""Displacements are told in pixels of an image whose long side is this."""

LEAST_GAIN = 1.04
"""The least `Registration.gain` of a displacement that is believed."""

_LEVELS_PX = (128, 256, 512)
_LEAST_PX = 16
_ITERATIONS = (60, 40, 30)
_DOUBTFUL = 0.85
_EDGE_SIGMA_PX = 1.0
_EVIDENCE = 0.02  # of edge correlation, for a displacement where lumas hardly correlate
_EPSILON = 1e-5
_GRID = 9
_WANDERED = 0.6
_APART_PX = 0.25  # at 256 px: starts that are nearer than this end alike


@dataclass(frozen=True, slots=True)
class Registration:
    """What `register` found; displacements in px at 1024 long side, `rotation_deg` clockwise.

    `displacement_px` is the RMS over a grid of points, `shift_*_px` the mean over it,
    `confidence` the enhanced correlation coefficient in [-1, 1] after the warp. `gain` tells how
    many times as large the squared error (on the common edges, if there are enough) is without the
    warp: near 1 the picture does not say where it lies, and a displacement is no finding.
    """

    affine: Affine
    displacement_px: float
    shift_x_px: float
    shift_y_px: float
    scale: float
    rotation_deg: float
    confidence: float
    gain: float


def register(frame: Luma, twin: Luma) -> Registration | None:
    """The affine that brings `twin` into register with `frame`; None if none was found.

    Maximises the enhanced correlation coefficient (Evangelidis and Psarakis 2008), which ignores
    gain and offset of brightness, at 128 and 256 px. Started from identity and from the shift
    that phase correlation finds; the better end of the two counts. Where lumas hardly correlate,
    as day with night, the sizes of the gradients are registered too, and the affine that lays
    more edges on edges counts. Then `refine` fits the edges that both have, at 512 px.

    Args:
        frame: any size.
        twin: same shape as `frame`.

    Raises:
        ValueError: the shapes differ.
    """
    if frame.shape != twin.shape:
        raise ValueError(f"shapes differ: {frame.shape} and {twin.shape}")
    finest = fine(frame), fine(twin)
    middle = _halves(finest, _LEVELS_PX[1])
    found = _coarse(middle)
    if found is None or found[1] < _DOUBTFUL:
        found, finest = _by_edges(middle, found), (_edges(finest[0]), _edges(finest[1]))
    if found is None:
        return None
    long_side = max(finest[0].shape)
    exact = refined(*finest, _in_pixels(found[0], long_side))
    aspect = frame.shape[0] / frame.shape[1]
    if exact:
        return _described(_of_pixels(exact.matrix, long_side), found[1], exact.gain, aspect)
    found = _climbed(*finest, found[0], _ITERATIONS[2]) or found
    without = _agreement(finest, np.eye(2, 3))
    gain = (1 - max(without, 0.0) ** 2) / max(1 - found[1] ** 2, 1e-6)
    return _described(*found, max(gain, 1.0), aspect)


def _by_edges(
    middle: tuple[Luma, Luma], found: tuple[Affine, float] | None
) -> tuple[Affine, float] | None:
    """Of what luma and edges propose, and of nothing moved, what lays most edges on edges.

    That nothing moved needs the least evidence.
    """
    edges = _edges(middle[0]), _edges(middle[1])
    proposed = [end for end in (found, _coarse(edges)) if end]
    best = max(proposed, key=lambda end: _agreement(edges, end[0]), default=None)
    still = _agreement(edges, np.eye(2, 3))
    if still > 0 and (best is None or _agreement(edges, best[0]) < still + _EVIDENCE):
        return np.eye(2, 3), still
    return best


def _coarse(middle: tuple[Luma, Luma]) -> tuple[Affine, float] | None:
    """The affine by ECC at 128 px from two starts, then at 256 px."""
    small = _halves(middle, _LEVELS_PX[0])
    starts = [np.eye(2, 3)]
    shifted = _phase_shift(*middle)
    if np.abs(shifted - starts[0]).max() * _LEVELS_PX[1] > _APART_PX:
        starts.append(shifted)
    ends = [_climbed(*small, start, _ITERATIONS[0]) for start in starts]
    best = max((end for end in ends if end), key=lambda end: end[1], default=None)
    return _climbed(*middle, best[0], _ITERATIONS[1]) if best else None


def _edges(luma: Luma) -> Luma:
    """The square root of the gradient's size, blurred a little: edges whatever the light does."""
    across, down = (np.asarray(cv2.Sobel(luma, cv2.CV_32F, x, 1 - x)) for x in (1, 0))
    size = cv2.sqrt(cv2.magnitude(across, down))
    return np.asarray(cv2.GaussianBlur(size, (0, 0), _EDGE_SIGMA_PX), np.float32)


def _agreement(halves: tuple[Luma, Luma], affine: Affine) -> float:
    """The correlation of two pictures of one size after the warp, where both have pixels."""
    height, width = halves[0].shape
    matrix = _in_pixels(affine, max(height, width))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(
        halves[1], matrix, (width, height), flags=flags, borderMode=cv2.BORDER_CONSTANT,
        borderValue=-1,
    )  # fmt: skip
    inside = np.asarray(moved) >= 0
    a, b = halves[0][inside], np.asarray(moved)[inside]
    if inside.mean() < 1 / 4 or a.std() == 0 or b.std() == 0:
        return -1.0
    return float(np.corrcoef(a, b)[0, 1])


def in_register(twin: Image, affine: Affine | None) -> tuple[Image, NDArray[np.bool_]]:
    """`twin` brought into register, its border repeated outwards, and where it has pixels.

    The second, of shape (height, width), is True in the box of `overlap`.

    Args:
        twin: shape (height, width) or (height, width, 3).
        affine: as in `Registration`, of images of whatever size with the same aspect; None leaves
            the twin as it is.
    """
    height, width = twin.shape[:2]
    if affine is None:
        return twin, np.ones((height, width), np.bool_)
    own = _in_pixels(affine, max(height, width))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    is_colour = twin.ndim == 3
    # with a fourth channel OpenCV warps colours in half the time, to the same bits
    pixels = cv2.cvtColor(twin, cv2.COLOR_RGB2RGBA) if is_colour else twin
    moved = cv2.warpAffine(
        pixels, own, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    if is_colour:
        moved = cv2.cvtColor(moved, cv2.COLOR_RGBA2RGB)
    left, top, right, bottom = (max(side, 0) for side in overlap(affine, (height, width)))
    valid = np.zeros((height, width), np.bool_)
    valid[top:bottom, left:right] = True
    return np.asarray(moved, twin.dtype), valid


def overlap(affine: Affine, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The upright box of the frame that the registered twin covers: left, top, right, bottom px.

    Empty (right not over left, or bottom not over top) where there is none.

    Args:
        affine: as in `Registration`.
        shape: (height, width, …) of the frame.
    """
    height, width = shape[:2]
    own = _in_pixels(affine, max(height, width))
    corners = np.array(((0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)))
    back = np.linalg.inv(own[:, :2]) @ (corners - own[:, 2]).T
    x, y = back
    left, top = max(x[0], x[2], 0), max(y[0], y[1], 0)
    right, bottom = min(x[1], x[3], width - 1), min(y[2], y[3], height - 1)
    return math.ceil(left), math.ceil(top), math.floor(right) + 1, math.floor(bottom) + 1


def fine(luma: Luma) -> Luma:
    """`luma` at the size at which `register` works last; one of that size comes back as it is."""
    return luma if max(luma.shape) == _LEVELS_PX[2] else shrunk(luma, _LEVELS_PX[2])


def shrunk(luma: Luma, long_side: int) -> Luma:
    """`luma` with that long side, in px; a smaller one is made larger.

    Of one twice as long an odd last row or column is left out: means of 2 × 2 px are cheap.
    """
    height, width = luma.shape
    if max(height, width) == 2 * long_side and min(height, width) >= 2 * _LEAST_PX:
        even = luma[: height // 2 * 2, : width // 2 * 2]
        half = (width // 2, height // 2)
        return np.asarray(cv2.resize(even, half, interpolation=cv2.INTER_AREA), np.float32)
    factor = long_side / max(height, width)
    size = (max(round(width * factor), _LEAST_PX), max(round(height * factor), _LEAST_PX))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(luma, size, interpolation=method), np.float32)


def _halves(pair: tuple[Luma, Luma], long_side: int) -> tuple[Luma, Luma]:
    return shrunk(pair[0], long_side), shrunk(pair[1], long_side)


@cache
def _window(width: int, height: int) -> Luma:
    return np.asarray(cv2.createHanningWindow((width, height), cv2.CV_32F), np.float32)


def _phase_shift(frame: Luma, twin: Luma) -> Affine:
    """The shift by phase correlation, as an affine of images of long side 1."""
    height, width = frame.shape
    # copies: OpenCV multiplies the window into the pictures themselves
    (x, y), _ = cv2.phaseCorrelate(frame.copy(), twin.copy(), _window(width, height))
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


def _described(affine: Affine, correlation: float, gain: float, aspect: float) -> Registration:
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
        gain=gain,
    )
