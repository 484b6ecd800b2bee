from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.measures.sharpness import sharpness
from tests.pairs.scenes import scene, shifted, twin_of


def grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def test_outlines_count_and_clutter_does_not() -> None:
    assert abs((sharpness(grey(scene(3)), grey(twin_of(3))) or 0) - 1) < 0.05


def test_a_softer_twin_is_told_by_how_much_and_a_shift_is_not_softness() -> None:
    frame, twin = grey(scene(3)), twin_of(3)

    soft = sharpness(frame, grey(cv2.GaussianBlur(twin, (0, 0), 0.6)))
    moved = sharpness(frame, grey(shifted(twin, 1, 0)))

    assert soft is not None
    assert moved is not None
    assert soft < 0.95 < moved < 1.05


def test_halves_without_a_common_outline_have_none() -> None:
    flat = np.full((100, 160), 90, np.uint8)

    assert sharpness(grey(scene(1, width=160, height=100)), flat) is None
