"""Lettering over a picture: subtitles, titles, credits, on any ground."""

from __future__ import annotations

import io
from functools import cache, lru_cache
from importlib import resources

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.extract import cards

Gray = NDArray[np.uint8]
Floats = NDArray[np.float32]

MOST_SHARE = 1.2
"""From so many percent of a picture under lettering it is refused."""

_WIDTH_PX = 480
_STEPS = ((2, 1, 1), (2, 1, 1), (2, 1, 1), (1, 1, 1), (1, 1, 3), (1, 2, 6))
"""Stride, then the gap between taps down and across, of each 3 × 3 convolution."""

_LIKELY = 0.9
_SURE = 0.983


def covered(small: Gray) -> float:
    """How much of a picture lettering covers, in percent; 0 for none.

    Counts connected cells of 8 × 8 px that are held for lettering with at least 90 %, one of them
    with 98.3 %, in groups wider than high; or, if that is more, letters on a plain ground.

    Args:
        small: luma, uint8, shape (height, width), about 480 px wide.
    """
    given = small
    if small.shape[1] != _WIDTH_PX:
        size = (_WIDTH_PX, max(16, round(small.shape[0] * _WIDTH_PX / small.shape[1])))
        small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA), np.uint8)
    seen = likely(small)
    _, spots, stats, _ = cv2.connectedComponentsWithStats((seen > _LIKELY).astype(np.uint8))
    wide, high = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    sure = np.zeros(len(stats), np.bool_)
    sure[spots[seen > _SURE]] = True
    lines = sure & (wide > high)
    lines[0] = False
    cells = stats[lines, cv2.CC_STAT_AREA]
    marked = 100 * float(cells.sum()) / seen.size
    return round(max(marked, cards.covered(given)), 3)


def likely(small: Gray) -> Floats:
    """How likely each cell of 8 × 8 px holds lettering, 0…1, shape (height / 8, width / 8).

    A network of six convolutions and 14 thousand weights, which come with the program; they were
    fitted to drawn lettering by benchmarks/train_lettering.py.
    """
    seen: Floats = small[None].astype(np.float32) / np.float32(255) - np.float32(0.5)
    *layers, last = _network()
    for (weight, bias), (stride, down, across) in zip(layers, _STEPS, strict=True):
        seen = _convolved(seen, weight, stride, down, across)
        seen += bias
        np.maximum(seen, 0, out=seen)
    weight, bias = last
    score = np.tensordot(weight[:, :, 0, 0], seen, 1)[0] + bias[0]
    return np.asarray(1 / (1 + np.exp(-score)), np.float32)


def _convolved(seen: Floats, weight: Floats, stride: int, down: int, across: int) -> Floats:
    """Cross-correlation with zeros around, (channels, height, width) in and out."""
    channels, height, width = seen.shape
    padded = _room(channels, height, width, down, across)
    padded[:, down:-down, across:-across] = seen
    high, wide = -(-height // stride), -(-width // stride)
    columns = _room(channels * 9, high, wide)
    for tap in range(9):
        top, left = tap // 3 * down, tap % 3 * across
        bottom, right = top + (high - 1) * stride + 1, left + (wide - 1) * stride + 1
        columns[tap::9] = padded[:, top:bottom:stride, left:right:stride]
    product = weight.reshape(len(weight), -1) @ columns.reshape(len(columns), -1)
    return product.reshape(-1, high, wide)


@lru_cache(maxsize=32)
def _room(channels: int, height: int, width: int, down: int = 0, across: int = 0) -> Floats:
    """Memory that is used again, with zeros around it.

    Getting it anew takes as long as the arithmetic.
    """
    return np.zeros((channels, height + 2 * down, width + 2 * across), np.float32)


@cache
def _network() -> list[tuple[Floats, Floats]]:
    data = resources.files("curate.extract").joinpath("letters.npz").read_bytes()
    with np.load(io.BytesIO(data)) as held:
        return [
            (
                held[f"weight{number}"].astype(np.float32),
                held[f"bias{number}"].astype(np.float32)[:, None, None],
            )
            for number in range(len(_STEPS) + 1)
        ]
