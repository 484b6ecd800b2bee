"""Structural similarity of two lumas, at one scale and at five (Wang and others 2003, 2004)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

WINDOW_PX = 11
"""The Gaussian window's side; the border of half of it is left out of the mean."""

SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""The exponents of MS-SSIM's five scales, finest first (Wang, Simoncelli, Bovik 2003)."""

_EDGE_PX = WINDOW_PX // 2
_STRIP_PX = 96  # rows: what a strip needs stays in the processor's cache
_SIGMA_PX = 1.5
_WINDOW = cv2.getGaussianKernel(WINDOW_PX, _SIGMA_PX, cv2.CV_32F)
_MIDDLE = 127.5
_C1 = (0.01 * 255) ** 2
_C2 = (0.03 * 255) ** 2

Luma = NDArray[np.float32] | NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Similarity:
    """SSIM and MS-SSIM; the second is None where a side is under 176 px, too short for it."""

    single: float
    multi: float | None


def ssim(frame: Luma, twin: Luma) -> float:
    """Mean structural similarity, in [-1, 1]; 1 means identical.

    Gaussian window of 11 px, sigma 1.5 px, K1 0.01, K2 0.03, range 255 (Wang et al. 2004).

    Args:
        frame: luma in [0, 255], shape (height, width).
        twin: same shape as `frame`; register first if drift shall not read as difference.

    Raises:
        ValueError: the shapes differ, or a side is under 11 px.
    """
    return _means(frame, twin)[0]


def similarity(frame: Luma, twin: Luma) -> Similarity:
    """SSIM, and MS-SSIM in [0, 1] from the same pass over the finest scale.

    MS-SSIM multiplies the means of contrast and structure at five scales, each half as fine as
    the one before, and the luminance of the coarsest. A negative mean counts as 0.

    Args:
        frame: luma in [0, 255], shape (height, width).
        twin: same shape as `frame`.

    Raises:
        ValueError: the shapes differ, or a side is under 11 px.
    """
    single, structure = _means(frame, twin)
    if min(frame.shape) < WINDOW_PX << (len(SCALE_WEIGHTS) - 1):
        return Similarity(single, None)
    product = max(structure, 0.0) ** SCALE_WEIGHTS[0]
    for index, weight in enumerate(SCALE_WEIGHTS[1:], start=2):
        frame, twin = _halved(frame), _halved(twin)
        whole, structure = _means(frame, twin)
        product *= max(whole if index == len(SCALE_WEIGHTS) else structure, 0.0) ** weight
    return Similarity(single, product)


def _means(frame: Luma, twin: Luma) -> tuple[float, float]:
    """The means of SSIM and of its factor for contrast and structure, in strips of rows."""
    if frame.shape != twin.shape:
        raise ValueError(f"shapes differ: {frame.shape} and {twin.shape}")
    height, width = frame.shape
    if min(height, width) < WINDOW_PX:
        raise ValueError(f"a side is under {WINDOW_PX} px: {frame.shape}")
    whole = structure = 0.0
    for top in range(_EDGE_PX, height - _EDGE_PX, _STRIP_PX):
        bottom = min(top + _STRIP_PX, height - _EDGE_PX)
        rows = slice(top - _EDGE_PX, bottom + _EDGE_PX)
        both, alone = _sums(frame[rows], twin[rows])
        whole += both
        structure += alone
    count = (height - 2 * _EDGE_PX) * (width - 2 * _EDGE_PX)
    return whole / count, structure / count


def _sums(frame: Luma, twin: Luma) -> tuple[float, float]:
    """The sums of SSIM and of contrast times structure over the windows wholly in a strip."""
    # By sum and difference of the halves each factor of the paper's quotient is 1 - 2 d / (s + d):
    # fewer steps than by the halves themselves, and in float32 the textbook form loses the sixth
    # decimal where a picture is flat.
    frame, twin = np.asarray(frame, np.float32), np.asarray(twin, np.float32)
    both, gap = frame + twin, frame - twin
    both -= np.float32(2 * _MIDDLE)
    mean, offset = _blurred(both), _blurred(gap)
    both *= both
    gap *= gap
    spread, variance = _blurred(gap), _blurred(both)
    offset *= offset
    spread -= offset
    variance -= mean * mean
    cv2.addWeighted(variance, 1, spread, 1, 2 * _C2, dst=variance)
    spread /= variance
    mean += np.float32(2 * _MIDDLE)
    mean *= mean
    cv2.addWeighted(mean, 1, offset, 1, 2 * _C1, dst=mean)
    offset /= mean
    columns = slice(_EDGE_PX, -_EDGE_PX)  # cut last: whole rows are four times as fast
    structure = spread[:, columns].size - 2 * _total(spread[:, columns])
    luminance = _total(offset[:, columns])
    spread *= offset
    return structure - 2 * luminance + 4 * _total(spread[:, columns]), structure


def _total(values: NDArray[np.float32]) -> float:
    # columns first: the same bits wherever the array lies in memory, as cv2.sumElems has not
    return float(values.sum(axis=0).sum(dtype=np.float64))


def _blurred(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows whose windows are whole; two filters take a third less than one GaussianBlur."""
    down = cv2.filter2D(values, -1, _WINDOW)[_EDGE_PX:-_EDGE_PX]
    return np.asarray(cv2.filter2D(down, -1, _WINDOW.T), np.float32)


def _halved(luma: Luma) -> NDArray[np.float32]:
    """The means of 2 × 2 px; an odd last row or column is left out, as the authors leave it."""
    height, width = (side // 2 for side in luma.shape)
    half = np.empty((height, width), np.float32)
    for top in range(0, height, _STRIP_PX // 2):
        strip = half[top : top + _STRIP_PX // 2]
        exact = luma[2 * top : 2 * (top + len(strip)), : 2 * width].astype(np.float32)
        cv2.resize(exact, (width, len(strip)), dst=strip, interpolation=cv2.INTER_AREA)
    return half
