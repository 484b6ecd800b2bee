from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from curate.measures.register import LONG_SIDE_PX, Registration, in_register, register
from tests.pairs.scenes import affine, recoloured, scene, shifted, twin_of, zoomed


def registered(frame: NDArray[np.uint8], twin: NDArray[np.uint8]) -> Registration:
    lumas = [cv2.cvtColor(half, cv2.COLOR_RGB2GRAY).astype(np.float32) for half in (frame, twin)]
    found = register(lumas[0], lumas[1])
    assert found
    return found


@settings(max_examples=15, deadline=None)
@given(x=st.floats(-120, 120), y=st.floats(-60, 60))
def test_any_shift_is_found_within_a_fifth_of_a_pixel(x: float, y: float) -> None:
    frame = scene(3, width=1024, height=576)

    found = registered(frame, shifted(frame, x, y))

    assert (found.shift_x_px, found.shift_y_px) == pytest.approx((x, y), abs=0.2)
    assert found.displacement_px == pytest.approx(np.hypot(x, y), abs=0.3)


@pytest.mark.parametrize("scale", [0.95, 0.995, 1.005, 1.03, 1.1])
def test_a_zoom_is_found(scale: float) -> None:
    frame = scene(4)

    assert registered(frame, zoomed(frame, scale)).scale == pytest.approx(scale, abs=5e-4)


def test_a_rotation_is_found_with_its_sense() -> None:
    frame = scene(5)
    clockwise = cv2.getRotationMatrix2D((320, 180), -1.5, 1)

    assert registered(frame, affine(frame, clockwise)).rotation_deg == pytest.approx(1.5, abs=0.05)


def test_displacement_is_told_at_1024_px_whatever_the_size() -> None:
    large, small = scene(6, width=1024, height=576), scene(6, width=512, height=288)

    assert registered(large, shifted(large, 8, 0)).displacement_px == pytest.approx(8, abs=0.2)
    assert registered(small, shifted(small, 4, 0)).displacement_px == pytest.approx(8, abs=0.2)


@pytest.mark.parametrize("seed", range(6))
def test_a_clean_twin_is_in_register(seed: int) -> None:
    assert registered(scene(seed), twin_of(seed)).displacement_px < 1


def test_brightness_is_not_taken_for_drift() -> None:
    frame = scene(7)

    assert registered(frame, recoloured(frame, lightness=-20)).displacement_px < 0.5


def test_warping_undoes_the_drift() -> None:
    frame = scene(8)
    twin = shifted(zoomed(frame, 1.02), 5, -3)

    back, valid = in_register(twin, registered(frame, twin).affine)

    before = np.abs(twin.astype(int) - frame)[valid].mean()
    after = np.abs(back.astype(int) - frame)[valid].mean()
    assert after < before / 3
    assert 0.9 < valid.mean() < 1


def test_nothing_is_found_between_flat_pictures() -> None:
    flat = np.full((180, LONG_SIDE_PX // 4), 90, np.float32)

    assert register(flat, flat) is None


def test_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        register(np.zeros((64, 64), np.float32), np.zeros((64, 65), np.float32))


def test_colours_are_warped_as_each_channel_alone_is():
    picture, moving = scene(1), np.array([[1.002, 0.01, 0.003], [-0.01, 0.998, -0.002]])

    moved, valid = in_register(picture, moving)

    assert moved.shape == picture.shape
    for channel in range(3):
        alone, inside = in_register(np.ascontiguousarray(picture[..., channel]), moving)
        assert np.abs(moved[..., channel].astype(int) - alone).max() <= 1
        assert (inside == valid).all()
