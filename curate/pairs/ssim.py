"""Structural similarity of two lumas (Wang, Bovik, Sheikh, Simoncelli 2004)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

WINDOW_PX = 11
"""The Gaussian window's side; the border of half of it is left out of the mean."""

_SIGMA_PX = 1.5
_MIDDLE = np.float32(127.5)
_C1 = (0.01 * 255) ** 2
_C2 = (0.03 * 255) ** 2


def ssim(frame: NDArray[np.float32], twin: NDArray[np.float32]) -> float:
    """Mean structural similarity, in [-1, 1]; 1 means identical.

    Gaussian window of 11 px, sigma 1.5 px, K1 0.01, K2 0.03, range 255 (Wang et al. 2004).

    Args:
        frame: luma in [0, 255], shape (height, width).
        twin: same shape as `frame`; register first if drift shall not read as difference.

    Raises:
        ValueError: the shapes differ, or a side is under 11 px.
    """
    if frame.shape != twin.shape:
        raise ValueError(f"shapes differ: {frame.shape} and {twin.shape}")
    if min(frame.shape) < WINDOW_PX:
        raise ValueError(f"a side is under {WINDOW_PX} px: {frame.shape}")
    # Both factors of the paper's quotient as 1 - difference² / sum: in float32 the textbook form
    # loses the sixth decimal where a picture is flat.
    a, b = frame - _MIDDLE, twin - _MIDDLE
    mean_a, mean_b = _blurred(a), _blurred(b)
    difference = a - b
    mean_difference = mean_a - mean_b
    spread = _blurred(difference * difference) - mean_difference * mean_difference
    variances = _blurred(a * a + b * b) - mean_a * mean_a - mean_b * mean_b
    mean_a += _MIDDLE
    mean_b += _MIDDLE
    brightness = mean_a * mean_a + mean_b * mean_b
    quotient = 1 - mean_difference * mean_difference / (brightness + _C1)
    quotient *= 1 - spread / (variances + _C2)
    edge = WINDOW_PX // 2
    return float(quotient[edge:-edge, edge:-edge].mean(dtype=np.float64))


def _blurred(values: NDArray[np.float32]) -> NDArray[np.float32]:
    blur = cv2.GaussianBlur(values, (WINDOW_PX, WINDOW_PX), _SIGMA_PX)
    return np.asarray(blur, np.float32)
