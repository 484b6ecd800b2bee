"""What a cell is like, and what else than the concept differs from the cell at strength 0."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.errors import CellUnusable
from curate.grid import answer, clips, noise
from curate.images import RGB
from curate.measures import colour, density, measure, register, semantic, ssim

VERSION = "grid-measures/1"

FRAMES = 5
"""So many of a clip's frames are measured, each against its own of the clip at strength 0."""

_LOW_PASS_PX = 96
_LOW_PASS_SIGMA_PX = 4.0  # at four times that size
_LEAST_GAIN = 1.04  # as for pairs: under it a displacement is no finding

Measures: TypeAlias = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Task:
    """A cell to be measured; `zero` is the cell at strength 0 of its row, perhaps itself."""

    id: str
    zero_id: str
    name: str
    file: Path
    zero: Path
    encoder_px: int


@dataclass(frozen=True, slots=True)
class Found:
    """The measures of a cell, and both halves as an encoder of similarity takes them."""

    measures: Measures
    squashed: semantic.Squashed | None


def work(task: Task) -> Found:
    """Measure a cell.

    Raises:
        CellUnusable: it has another size or length than the cell at strength 0, or is too small.
        ImageMissing, ImageUnreadable: a file is gone, or damaged.
    """
    shown, zero = (answer.frames(file) for file in (task.file, task.zero))
    if shown[0].shape != zero[0].shape or len(shown) != len(zero):
        raise CellUnusable(task.name, f"it is {_size(shown)}, at strength 0 {_size(zero)}")
    if min(shown[0].shape[:2]) < measure.LEAST_SIDE_PX:
        raise CellUnusable(task.name, f"a side is under {measure.LEAST_SIDE_PX} px")
    shown, zero = clips.spread(shown, FRAMES), clips.spread(zero, FRAMES)
    is_zero = task.file == task.zero
    every = [_measured(b, a, is_zero=is_zero) for a, b in zip(zero, shown, strict=True)]
    middle = len(shown) // 2
    squashed = (
        semantic.squashed(zero[middle], shown[middle], task.encoder_px) if task.encoder_px else None
    )
    return Found({name: _mean([one[name] for one in every]) for name in every[0]}, squashed)


def _measured(shown: RGB, zero: RGB, *, is_zero: bool) -> Measures:
    luma = _grey(shown)
    alone: Measures = {"density": density.density(luma), "noise": noise.sigma(luma)}
    return alone | (dict(_NOTHING) if is_zero else _against(shown, zero))


_NOTHING: Measures = {
    "delta_e": 0.0, "lightness": 0.0, "green_red": 0.0, "blue_yellow": 0.0, "shift_px": 0.0,
    "scale": 1.0, "rotation_deg": 0.0, "ssim_low": 1.0,
}  # fmt: skip
"""How a cell differs from itself."""


def _against(shown: RGB, zero: RGB) -> Measures:
    """Colours in CIELAB, over the whole picture; the displacement in px at 1024 long side."""
    before, after = colour.low_pass(zero), colour.low_pass(shown)
    cells = np.ones(before.shape[:2], np.bool_)
    greys = _grey(zero), _grey(shown)
    textures = colour.texture(greys[0]), colour.texture(greys[1])
    moved = colour.shift(before, after, colour.unedited(*textures, cells))
    found = register.register(*(_luma(grey) for grey in greys))
    lies = found if found and found.gain >= _LEAST_GAIN else None
    return {
        "delta_e": math.hypot(moved.lightness, moved.a, moved.b) if moved else None,
        "lightness": moved.lightness if moved else None,
        "green_red": moved.a if moved else None,
        "blue_yellow": moved.b if moved else None,
        "shift_px": lies.displacement_px if lies else 0.0 if found else None,
        "scale": lies.scale if lies else 1.0 if found else None,
        "rotation_deg": lies.rotation_deg if lies else 0.0 if found else None,
        "ssim_low": _composition(*greys),
    }


def _composition(zero: NDArray[np.uint8], shown: NDArray[np.uint8]) -> float | None:
    """SSIM of both lumas at 96 px: where the large light and dark shapes are."""
    low = [_low_pass(grey) for grey in (zero, shown)]
    if min(low[0].shape) < ssim.WINDOW_PX:
        return None
    return ssim.ssim(low[0], low[1])


def _low_pass(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A luma at 96 px, smoothed before it is sampled, so that fine patterns leave no trace."""
    twice = register.shrunk(grey.astype(np.float32), 4 * _LOW_PASS_PX)
    smooth = np.asarray(cv2.GaussianBlur(twice, (0, 0), _LOW_PASS_SIGMA_PX), np.float32)
    return np.asarray(register.shrunk(smooth, _LOW_PASS_PX), np.float32)


def _luma(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    if max(grey.shape) <= register.LONG_SIDE_PX:
        return grey.astype(np.float32)
    return register.shrunk(grey.astype(np.float32), register.LONG_SIDE_PX)


def _grey(pixels: RGB) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(math.fsum(known) / len(known), 6) if known else None


def _size(frames: Sequence[RGB]) -> str:
    height, width = frames[0].shape[:2]
    return f"{width}×{height}" + (f", {len(frames)} frames" if len(frames) > 1 else "")
