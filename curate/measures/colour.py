"""Colour that moved as a whole, and the place where it moved most, in CIELAB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.measures.ranks import median, quantile

CELL_SHARE = 1 / 64
"""A cell's side over the image's long side: 16 px of 1024."""

_TILE_CELLS = 4
_FITTED_SHARE = 0.7
_UNEDITED_SHARE = 0.4
_LEAST_CHROMA_SD = 2.0
_LEAST_LIGHTNESS_SD = 2.0
_LEAST_TEXTURE = 1e-3
_LOST_SHARE = 0.1
_MODE_SD = 1.5  # Lab: twice what an image model leaves as a trace
_MODE_ROUNDS = 30
_MODE_SETTLED = 1e-3

Lab = NDArray[np.float32]
Texture = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Shift:
    """How colour differs over the whole picture, twin minus frame; L, a, b in CIELAB units.

    The slopes are 1 for equal saturation and contrast, None where the frame has too little of it.
    """

    lightness: float
    a: float
    b: float
    chroma_slope: float | None
    contrast_ratio: float | None


@dataclass(frozen=True, slots=True)
class Tile:
    """The worst tile: its residual in CIELAB units, its centre as shares of width and height."""

    residual: float
    x: float
    y: float


def low_pass(image: NDArray[np.uint8]) -> Lab:
    """CIELAB means of cells of 16 px at 1024 long side, shape (rows, columns, 3).

    Args:
        image: uint8 sRGB, shape (height, width, 3).
    """
    rows, columns, cell = _grid(image)
    whole = image[: rows * cell, : columns * cell]
    strips = whole.reshape(rows, -1, *whole.shape[1:])
    # whole numbers: exact, in half the time of floats
    sums = np.add.reduce(strips, axis=1, dtype=np.min_scalar_type(255 * cell)).astype(np.float32)
    means = cv2.resize(sums, (columns, rows), interpolation=cv2.INTER_AREA)
    small = np.asarray(means, np.float32) / np.float32(255 * strips.shape[1])
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2Lab), np.float32)


def whole_cells(valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which cells of `low_pass` lie wholly in `valid`, shape (rows, columns)."""
    rows, columns, cell = _grid(valid)
    whole = valid[: rows * cell, : columns * cell]
    strips = whole.reshape(rows, -1, whole.shape[1]).all(axis=1)
    return np.asarray(strips.reshape(rows, columns, -1).all(axis=2), np.bool_)


def texture(luma: NDArray[np.uint8]) -> Texture:
    """The standard deviation of luma in each cell of `low_pass`, shape (rows, columns)."""
    exact = luma.astype(np.float32)
    mean = _cells(exact)
    return np.asarray(np.sqrt(np.maximum(_cells(exact * exact) - mean * mean, 0)), np.float32)


def unedited(frame: Texture, twin: Texture, valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The 40 % of the valid cells whose texture changed least, shape (rows, columns).

    Where dark things were taken off a bright table the table is brighter, and rightly; a tint of
    the whole picture is to be read off where nothing was taken away.

    Args:
        frame: as `texture` gives it.
        twin: the same of the twin, in register.
        valid: as `whole_cells` gives it.
    """
    changed = np.abs(frame - twin)
    if not valid.any():
        return valid
    return np.asarray(valid & (changed <= quantile(changed[valid], _UNEDITED_SHARE)), np.bool_)


def texture_left(frame: Texture, twin: Texture, valid: NDArray[np.bool_]) -> float | None:
    """The twin's mean texture over the frame's: 1 no edit, under 1 simpler, over 1 denser.

    Texture is the spread of luma within a cell, so that softness and noise of single pixels, which
    every image model adds or takes, hardly count, nor do new outlines around evened-out colours.

    Args:
        frame: as `texture` gives it.
        twin: the same of the twin, in register.
        valid: as `whole_cells` gives it.

    Returns:
        None if the frame has no texture, or nothing overlaps.
    """
    total = float(frame[valid].sum())
    return float(twin[valid].sum()) / total if total > 0 else None


def texture_least(frame: Texture, twin: Texture, valid: NDArray[np.bool_]) -> float | None:
    """What is left of the texture where most was lost: 1 no edit, near 0 simplified somewhere.

    The twin's texture over the frame's, cell by cell: a tenth of the frame's texture lies in cells
    with less than this. A copy that is soft, noisy or compressed loses the same small share
    everywhere; whoever simplifies empties some places and leaves others alone.

    Args:
        frame: as `texture` gives it.
        twin: the same of the twin, in register.
        valid: as `whole_cells` gives it.

    Returns:
        None if the frame has no texture, or nothing overlaps.
    """
    before, after = frame[valid], twin[valid]
    total = float(before.sum())
    if total <= 0:
        return None
    left = after / np.maximum(before, _LEAST_TEXTURE)
    order = np.argsort(left, kind="stable")
    below = np.cumsum(before[order])
    return float(left[order][np.searchsorted(below, _LOST_SHARE * below[-1])])


def shift(frame: Lab, twin: Lab, valid: NDArray[np.bool_]) -> Shift | None:
    """The colour shift between two low-passed halves in register; None if nothing overlaps.

    Medians and trimmed fits: an object that was removed moves neither, up to a third of the area.

    Args:
        frame: as `low_pass` gives it.
        twin: same shape.
        valid: which cells count, as `unedited` gives it.
    """
    before, after = frame[valid], twin[valid]
    if len(before) < 2:
        return None
    offset = median((after - before).T)
    error = np.linalg.norm(after - before - offset, axis=1)
    alike = error <= quantile(error, _FITTED_SHARE)
    before, after = before[alike], after[alike]
    return Shift(
        lightness=float(offset[0]),
        a=float(offset[1]),
        b=float(offset[2]),
        chroma_slope=_slope(before[:, 1:], after[:, 1:], _LEAST_CHROMA_SD),
        contrast_ratio=_slope(before[:, :1], after[:, :1], _LEAST_LIGHTNESS_SD),
    )


def commonest(frame: Lab, twin: Lab, valid: NDArray[np.bool_]) -> tuple[float, ...] | None:
    """The shift of L, a, b around which most cells lie: the mode, by mean shift from the median.

    Where an edit changed the colours of a third of the picture the median moves a little; what
    most places have in common does not. A tint of the whole moves both.

    Args:
        frame: as `low_pass` gives it.
        twin: same shape.
        valid: as `whole_cells` gives it.

    Returns:
        None if nothing overlaps.
    """
    if not valid.any():
        return None
    moved = np.ascontiguousarray((twin - frame)[valid].T)
    centre = median(moved)
    for _ in range(_MODE_ROUNDS):
        off = moved - centre[:, None]
        weights = np.exp((off * off).sum(axis=0) / np.float32(-2 * _MODE_SD**2))
        last, centre = centre, (moved @ weights) / max(float(weights.sum()), 1e-9)
        if np.abs(centre - last).max() < _MODE_SETTLED:
            break
    return tuple(map(float, centre))


def worst_tile(frame: Lab, twin: Lab, valid: NDArray[np.bool_]) -> Tile | None:
    """The 64 px tile (at 1024 long side) whose mean colour moved most against the whole.

    Tiles overlap in steps of a cell, so that no edge hides a missing object. None if no whole
    tile is in both halves.
    """
    if not valid.any():
        return None
    moved = twin - frame
    moved -= median(moved[valid].T)
    box = (_TILE_CELLS, _TILE_CELLS)
    means = cv2.boxFilter(moved, -1, box, anchor=(0, 0), borderType=cv2.BORDER_REPLICATE)
    whole = cv2.boxFilter(valid.astype(np.float32), -1, box, anchor=(0, 0), borderType=0)
    rows, columns = valid.shape
    size = np.where(np.asarray(whole) > 0.999, np.linalg.norm(means, axis=2), -1.0)
    size = size[: max(rows - _TILE_CELLS + 1, 1), : max(columns - _TILE_CELLS + 1, 1)]
    row, column = np.unravel_index(int(size.argmax()), size.shape)
    if size[row, column] < 0:
        return None
    return Tile(
        residual=float(size[row, column]),
        x=(int(column) + _TILE_CELLS / 2) / columns,
        y=(int(row) + _TILE_CELLS / 2) / rows,
    )


def _grid(image: NDArray[Any]) -> tuple[int, int, int]:
    """Rows and columns of cells, and a cell's side: whole pixels, which is four times as fast.

    What is left at the right and below is left out.
    """
    height, width = image.shape[:2]
    cell = max(round(max(height, width) * CELL_SHARE), 1)
    return max(height // cell, 1), max(width // cell, 1), cell


def _cells(values: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns, cell = _grid(values)
    whole = values[: rows * cell, : columns * cell]
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)


def _slope(
    before: NDArray[np.float32], after: NDArray[np.float32], least_sd: float
) -> float | None:
    """The least-squares slope of `after` over `before`, shapes (cells, channels)."""
    x = before - before.mean(axis=0)
    y = after - after.mean(axis=0)
    energy = float((x * x).sum())
    if energy < len(x) * least_sd**2:
        return None
    return float((x * y).sum()) / energy
