"""A registration made finer on the edges that both halves have, whatever else was changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.measures.ranks import median, quantile

Luma: TypeAlias = NDArray[np.float32]
Matrix: TypeAlias = NDArray[np.float64]
"""Shape (2, 3): pixel indices (x, y, 1) of the frame to those of the twin."""

Gradient: TypeAlias = tuple[Luma, Luma]

_EDGE_SHARE = 0.15  # of the pixels: the strongest edges that both halves have
_LEAST_EDGES = 300
_LEAST_SLOPE = 1.5  # levels a px
_ALIKE = 0.5  # of the larger gradient's square: what their product must reach
_MOST_SAMPLES = 16_000  # twice as many find the same; remap takes no side over 32767
_ROUNDS = 3
_STEPS = 2
_TUKEY = 4.685  # 95 % efficient where errors are normal (Holland and Welsch 1977)
_FROM_MAD = 1.4826
_CELL_PX = 12  # errors are judged over cells of this side: a swapped figure is wrong as a whole
_LEAST_SCALE = 1.0  # level: under this an error is rounding
_FARTHEST_PX = 6.0


@dataclass(frozen=True, slots=True)
class Refined:
    """The affine in px, and what speaks for it.

    `fitting` is the share of the common edges that it brings into register, in [0, 1]; `gain` how
    many times the squared error there is as large without it, 1 where it explains nothing.
    """

    matrix: Matrix
    fitting: float
    gain: float


def refined(frame: Luma, twin: Luma, start: Matrix) -> Refined | None:
    """The affine near `start` that fits the common edges best.

    Inverse compositional Gauss-Newton (Baker and Matthews 2004) with gain and offset among the
    unknowns, over the pixels where both halves have an edge, so that clutter which only the frame
    has draws nothing; weighted anew three times by Tukey's biweight of the local error, so that a
    figure which was swapped or moved draws nothing either.

    Args:
        frame: luma, shape (height, width).
        twin: same shape.
        start: an affine that is right to a few px.

    Returns:
        None where there are too few common edges, or the search runs away from `start`.
    """
    height, width = frame.shape
    across, down = gradient = _gradient(frame)
    rows, columns = _common_edges(gradient, _gradient(_warped(twin, start)), start)
    if len(rows) < _LEAST_EDGES:
        return None
    x, y = columns.astype(np.float32), rows.astype(np.float32)
    luma, plane = frame[rows, columns], Plane(width, height)
    design = plane.design(x, y, across[rows, columns], down[rows, columns], luma)
    cells = rows // _CELL_PX * (width // _CELL_PX + 1) + columns // _CELL_PX
    weights = np.ones_like(luma)
    matrix = start.astype(np.float64)
    for _ in range(_ROUNDS):
        weighted = design * weights
        # einsum, since a threaded BLAS costs more than so small a product
        inverse = _inverse(np.einsum("is,js->ij", weighted, design).astype(np.float64))
        if inverse is None:
            return None
        for _ in range(_STEPS):
            samples = _sampled(twin, matrix, x, y)
            solution = inverse @ np.einsum("is,s->i", weighted, samples)
            if solution[6] <= 0:
                return None
            matrix = plane.composed(matrix, solution[:6] / solution[6])
        if plane.farthest(matrix, start) > _FARTHEST_PX:
            return None
        error = _error(design, weights, _sampled(twin, matrix, x, y))
        weights = _weights(error, cells)
    before = _error(design, weights, _sampled(twin, np.eye(2, 3), x, y))
    gain = float((weights * before**2).sum() / max((weights * error**2).sum(), 1e-9))
    return Refined(matrix, float(weights.mean()), max(gain, 1.0))


@dataclass(frozen=True, slots=True)
class Plane:
    """The plane of an image, with coordinates from -1 to 1 about its middle."""

    width: int
    height: int

    @property
    def unit(self) -> float:
        return max(self.width, self.height) / 2

    def design(self, x: Luma, y: Luma, across: Luma, down: Luma, luma: Luma) -> Luma:
        """What luma changes by for each of the affine's six numbers, for gain and for offset."""
        u = (x - self.width / 2) / np.float32(self.unit)
        v = (y - self.height / 2) / np.float32(self.unit)
        middle = luma - luma.mean()
        columns = (across * u, across * v, across, down * u, down * v, down, middle)
        return np.stack([*columns, np.ones_like(luma)]).astype(np.float32)

    def composed(self, matrix: Matrix, step: Luma) -> Matrix:
        """`matrix` after the inverse of a step, whose six numbers are those of `design`."""
        middle = (self.width / 2, self.height / 2)
        units = np.array(
            ((1 / self.unit, 0, -middle[0] / self.unit), (0, 1 / self.unit, -middle[1] / self.unit),
             (0, 0, 1))
        )  # fmt: skip
        whole = np.vstack([matrix, (0, 0, 1)])
        moved = np.vstack([np.eye(2, 3) + step.astype(np.float64).reshape(2, 3) @ units, (0, 0, 1)])
        return np.asarray((whole @ np.linalg.inv(moved))[:2], np.float64)

    def farthest(self, one: Matrix, other: Matrix) -> float:
        """The most that two affines put a corner apart, in px along an axis."""
        w, h = self.width, self.height
        corners = np.array(((0, 0, 1), (w, 0, 1), (0, h, 1), (w, h, 1))).T
        return float(np.abs((one - other) @ corners).max())


def _warped(twin: Luma, matrix: Matrix) -> Luma:
    height, width = twin.shape
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(twin, matrix, (width, height), flags=flags), np.float32)


def _gradient(luma: Luma) -> Gradient:
    """Along x and y, in levels a px: the Scharr operator, near rotation-free."""
    x, y = (cv2.Scharr(luma, cv2.CV_32F, dx, 1 - dx, scale=1 / 32) for dx in (1, 0))
    return np.asarray(x, np.float32), np.asarray(y, np.float32)


def _common_edges(
    frame: Gradient, twin: Gradient, start: Matrix
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the strongest edges that both gradients have, off the border."""
    (x, y), (u, v) = frame, twin
    energy, other, product = x * x, u * u, x * u
    energy += y * y
    other += v * v
    product += y * v
    strong = np.flatnonzero(cv2.min(product, energy) > _LEAST_SLOPE**2)
    gain = float(product.take(strong).sum() / max(float(other.take(strong).sum()), 1e-6))
    product *= gain
    other *= gain * gain
    np.maximum(energy, other, out=other)
    other *= _ALIKE
    energy *= product > other
    height, width = energy.shape
    gap = int(np.ceil(Plane(width, height).farthest(start, np.eye(2, 3)))) + 3
    if 2 * gap >= min(energy.shape):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    inside = energy[gap:-gap, gap:-gap]
    least = max(quantile(inside[::3, ::3], 1 - _EDGE_SHARE), _LEAST_SLOPE**2)
    rows, columns = np.divmod(np.flatnonzero(inside > least), inside.shape[1])
    every = slice(None, None, -(-len(rows) // _MOST_SAMPLES) or 1)
    return rows[every] + gap, columns[every] + gap


def _inverse(normal: Matrix) -> Matrix | None:
    try:
        return np.asarray(np.linalg.inv(normal), np.float64)
    except np.linalg.LinAlgError:
        return None


def _sampled(twin: Luma, matrix: Matrix, x: Luma, y: Luma) -> Luma:
    """The twin's luma where `matrix` maps the points; shape of `x`."""
    (a, b, c), (d, e, f) = matrix.astype(np.float32)
    at_x, at_y = a * x + b * y + c, d * x + e * y + f
    values = cv2.remap(
        twin, at_x[None], at_y[None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(values, np.float32).ravel()


def _error(design: Luma, weights: Luma, samples: Luma) -> Luma:
    """What of the samples the frame's luma does not explain with the best gain and offset."""
    luma, total = design[6], weights.sum()
    x = luma - (weights * luma).sum() / total
    y = samples - (weights * samples).sum() / total
    slope = (weights * x * y).sum() / max(float((weights * x * x).sum()), 1e-9)
    return np.asarray(y - slope * x, np.float32)


def _weights(error: Luma, cells: NDArray[np.intp]) -> Luma:
    """Tukey's weight of each sample by the mean size of the errors in its cell."""
    counts = np.maximum(np.bincount(cells), 1)
    local = (np.bincount(cells, np.abs(error)) / counts)[cells]
    scale = max(float(median(local)) * _FROM_MAD, _LEAST_SCALE)
    return np.asarray(np.clip(1 - (local / (_TUKEY * scale)) ** 2, 0, 1) ** 2, np.float32)
