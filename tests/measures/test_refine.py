from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from curate.measures.measure import measure
from curate.measures.refine import refined
from tests.pairs.scenes import recoloured, scene, shifted, twin_of


def luma(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(image.mean(axis=2), np.float32)


def with_figure(image: NDArray[np.uint8], x: int) -> NDArray[np.uint8]:
    """A striped figure over a quarter of the picture's width."""
    figure = image.copy()
    figure[60:340, x : x + 160] = (230, 40, 30)
    figure[60:340:20, x : x + 160] = (20, 20, 20)
    return figure


def test_a_figure_that_moved_does_not_pull_the_registration() -> None:
    frame, twin = with_figure(scene(2), 200), with_figure(twin_of(2), 208)

    moved = measure(frame, twin)["shift_px"]

    assert moved is not None
    assert moved < 0.8  # the figure alone moved 12.8 px at 1024


@pytest.mark.parametrize("seed", range(4))
def test_a_shift_of_a_simplified_twin_is_found_within_a_tenth_of_a_pixel(seed: int) -> None:
    found = measure(scene(seed), shifted(twin_of(seed), 1.3, -0.6))

    shift = found["shift_x_px"], found["shift_y_px"]
    assert shift == pytest.approx((1.3 * 1.6, -0.6 * 1.6), abs=0.1)
    assert found["registration_gain"] is not None
    assert found["registration_gain"] > 1.5


def test_where_nothing_moved_there_is_nothing_to_gain() -> None:
    found = refined(luma(scene(3)), luma(twin_of(3)), np.eye(2, 3))

    assert found
    assert found.gain < 1.1
    assert found.fitting > 0.8


def test_flat_pictures_have_no_edge_in_common() -> None:
    flat = np.full((180, 320), 90, np.float32)

    assert refined(flat, flat, np.eye(2, 3)) is None


def night_of(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Dark and blue, and what was brightest, the windows say, now shines as nothing else does."""
    dark = recoloured(image, chroma=0.4).astype(np.float32) * (0.12, 0.14, 0.25)
    dark[luma(image) < 60] += (120, 100, 60)
    return np.asarray(dark.clip(0, 255), np.uint8)


@pytest.mark.parametrize(("x", "y"), [(0, 0), (5, -2)])
def test_a_night_is_registered_by_its_edges(x: float, y: float) -> None:
    frame = scene(4)

    found = measure(frame, shifted(night_of(frame), x, y))

    assert (found["shift_x_px"], found["shift_y_px"]) == pytest.approx((1.6 * x, 1.6 * y), abs=0.4)
    assert found["edge_ncc"] is not None
    assert found["gradient_ncc"] is not None
    assert found["edge_ncc"] > 0.6 > found["gradient_ncc"]
