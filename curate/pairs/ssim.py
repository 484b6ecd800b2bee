"""Structural similarity of two lumas (Wang, Bovik, Sheikh, Simoncelli 2004)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

WINDOW_PX = 11
"""The Gaussian window's side; the border of half of it is left out of the mean."""

_SIGMA_PX = 1.5
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
    middle = np.float32(127.5)  # centred lumas keep squares small enough for float32
    a, b = frame - middle, twin - middle
    mean_a, mean_b = _blurred(a), _blurred(b)
    both = mean_a * mean_b
    squares = mean_a * mean_a + mean_b * mean_b
    variances = _blurred(a * a + b * b) - squares
    covariance = _blurred(a * b) - both
    means = mean_a + mean_b
    # undo the centring: (m_a + m)(m_b + m) and (m_a + m)² + (m_b + m)²
    luminance = 2 * (both + middle * means + middle**2) + _C1
    brightness = squares + 2 * middle * means + 2 * middle**2 + _C1
    quotient = luminance * (2 * covariance + _C2) / (brightness * (variances + _C2))
    edge = WINDOW_PX // 2
    return float(quotient[edge:-edge, edge:-edge].mean(dtype=np.float64))


def _blurred(values: NDArray[np.float32]) -> NDArray[np.float32]:
    blur = cv2.GaussianBlur(values, (WINDOW_PX, WINDOW_PX), _SIGMA_PX)
    return np.asarray(blur, np.float32)
