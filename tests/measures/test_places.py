from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.measures import places

WIDTH, HEIGHT = 512, 288
WHOLE = np.ones((HEIGHT, WIDTH), np.bool_)


def clutter() -> NDArray[np.float32]:
    """Blots of 12 px all over, sharp enough to be found again."""
    random = np.random.default_rng(3)
    luma = np.full((HEIGHT, WIDTH), 120, np.float32)
    for x, y in random.integers(0, (WIDTH, HEIGHT), (260, 2)):
        tone = float(random.integers(20, 235))
        cv2.circle(luma, (int(x), int(y)), 6, tone, -1, cv2.LINE_8)
    return luma


def shaken(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each place up to 6 px off in a direction of its own, the whole nowhere."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    across, down = x + 6 * np.sin(y / 30), y + 6 * np.sin(x / 34)
    return np.asarray(cv2.remap(luma, across, down, cv2.INTER_LINEAR), np.float32)


def test_nothing_lies_elsewhere_in_the_same_picture() -> None:
    assert places.moved(clutter(), clutter(), WHOLE) == 0


def test_places_that_were_redrawn_a_little_off_are_found_elsewhere() -> None:
    found = places.moved(clutter(), shaken(clutter()), WHOLE)

    assert found is not None
    assert found > 0.5


def test_softness_moves_nothing() -> None:
    soft = np.asarray(cv2.GaussianBlur(clutter(), (0, 0), 2), np.float32)

    assert places.moved(clutter(), soft, WHOLE) == 0


def test_an_empty_twin_has_no_place_to_find() -> None:
    assert places.moved(clutter(), np.full((HEIGHT, WIDTH), 90, np.float32), WHOLE) is None


def test_only_places_in_both_halves_count() -> None:
    assert places.moved(clutter(), shaken(clutter()), np.zeros_like(WHOLE)) is None
