"""Saturation and contrast, read off the ground that is flat in both halves."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.measures.ranks import median, quantile

_WINDOW_PX = 5
_FLAT_SHARE = 0.4  # of the pixels: those around which luma spans least in both halves
_LEAST_SPAN = 3  # levels: a span up to this is flat in any picture
_MOST_POINTS = 2000
_LEAST_POINTS = 200
_ROUNDS = 8
_SETTLED = 5e-4  # a slope that moves by less from round to round
_TUKEY = 4.685  # 95 % efficient where errors are normal (Holland and Welsch 1977)
_FROM_MAD = 1.4826
_LEAST_SCALE = 0.4  # Lab: under this an error is rounding
_LEAST_SD = 2.75  # Lab: with less colour, or less light and shade, a slope says nothing

Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Slopes:
    """How much stronger the twin's colours and contrast are; 1 alike, None where it cannot say."""

    chroma: float | None
    contrast: float | None


def slopes(
    frame: NDArray[np.uint8], twin: NDArray[np.uint8], valid: NDArray[np.bool_]
) -> Slopes | None:
    """Slopes of the twin's CIELAB values over the frame's, where nothing was there to take away.

    A simplifier changes what stands out from its ground; a colour cast changes the ground too.
    Where something was painted over, the ground differs by far: such pixels lose their weight.

    Args:
        frame: uint8 sRGB, shape (height, width, 3).
        twin: same shape, in register.
        valid: shape (height, width); where the registered twin has pixels.

    Returns:
        None where the halves hardly overlap.
    """
    inside = cv2.erode(valid.astype(np.uint8), np.ones((_WINDOW_PX, _WINDOW_PX), np.uint8)) > 0
    span = cv2.max(_span(frame), _span(twin))
    some = span[::4, ::4][inside[::4, ::4]]
    if len(some) < _LEAST_POINTS:
        return None
    least = max(quantile(some, _FLAT_SHARE), _LEAST_SPAN)
    # a stride that is no multiple of a row's length, so that the points lie all over
    some_of_all = np.arange(0, span.size, max(span.size // (3 * _MOST_POINTS), 1) | 1)
    flat = inside.ravel()[some_of_all] & (span.ravel()[some_of_all] <= least)
    places = some_of_all[flat]
    before, after = (_lab(half, places) for half in (frame, twin))
    return Slopes(_slope(before[1:], after[1:]), _slope(before[:1], after[:1]))


def _span(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The brightest luma around each pixel minus the darkest."""
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    around = np.ones((_WINDOW_PX, _WINDOW_PX), np.uint8)
    return np.asarray(cv2.morphologyEx(luma, cv2.MORPH_GRADIENT, around), np.uint8)


def _lab(image: NDArray[np.uint8], places: NDArray[np.intp]) -> Points:
    smooth = np.asarray(cv2.blur(image, (3, 3))).reshape(-1, 1, 3)[places]
    values = smooth.astype(np.float32) / np.float32(255)
    lab = cv2.cvtColor(values, cv2.COLOR_RGB2Lab)[:, 0]
    return np.ascontiguousarray(lab.T, np.float32)


def _slope(before: Points, after: Points) -> float | None:
    """The slope by least squares, weighted anew by Tukey's biweight; shapes (channels, points)."""
    slope, offset = 1.0, median(after - before)
    for _ in range(_ROUNDS):
        error = after - slope * before - offset[:, None]
        error *= error
        far = np.sqrt(error.sum(axis=0))
        scale = max(float(median(far)) * _FROM_MAD, _LEAST_SCALE)
        weights = np.clip(1 - (far / (_TUKEY * scale)) ** 2, 0, 1) ** 2
        total = max(float(weights.sum()), 1e-6)
        x, y = (half - ((half @ weights) / total)[:, None] for half in (before, after))
        weighted = x * weights
        energy = float((weighted * x).sum())
        if energy < total * _LEAST_SD**2:
            return None
        last, slope = slope, float((weighted * y).sum()) / energy
        if abs(slope - last) < _SETTLED:
            break
        offset = ((after - slope * before) @ weights) / total
    return slope
