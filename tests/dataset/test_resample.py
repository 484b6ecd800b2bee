from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate import images
from curate.dataset import buckets, resample
from curate.images import RGB


def noise(seed: int, width: int, height: int, least: int = 0, most: int = 255) -> RGB:
    shape = (height, width, 3)
    return np.random.default_rng(seed).integers(least, most, shape, np.uint8, endpoint=True)


def weights(length: int, start: float, stop: float, size: int) -> np.ndarray:
    """The textbook: a kernel of three lobes, as wide as a result's pixel, with a sum of 1."""
    scale = (stop - start) / size
    stretch = max(scale, 1)
    rows = []
    for place in range(size):
        centre = start + (place + 0.5) * scale
        x = (np.arange(length) + 0.5 - centre) / stretch
        kernel = np.where(abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)
        rows.append(kernel / kernel.sum())
    return np.array(rows)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 99), st.integers(17, 400), st.integers(17, 400), st.sampled_from([32, 64]))
def test_each_pixel_is_within_a_level_of_the_exact_sum(
    seed: int, width: int, height: int, side: int
) -> None:
    pixels = noise(seed, width, height)
    into = buckets.bucket(width, height, side)
    left, top, right, bottom = box = buckets.covered(width, height, into)

    found = resample.resize(pixels, into.width, into.height, box)

    across = weights(width, left, right, into.width)
    down = weights(height, top, bottom, into.height)
    exact = np.einsum("yh,xw,hwc->yxc", down, across, pixels, optimize=True)
    assert found.dtype == np.uint8
    assert np.abs(found - exact.clip(0, 255)).max() < 1


@pytest.mark.parametrize("size", [(640, 360), (1392, 752), (960, 402), (100, 80)])
def test_it_is_pillows_lanczos_to_a_level_where_nothing_is_clipped(size: tuple[int, int]) -> None:
    pixels = noise(1, *size, 100, 156)
    into = buckets.bucket(*size, 192)
    box = buckets.covered(*size, into)

    found = resample.resize(pixels, into.width, into.height, box)

    theirs = images.resize(pixels, into.width, into.height, box)
    assert np.abs(found.astype(int) - theirs).max() <= 1


def test_a_flat_image_stays_flat_and_each_channel_stays_its_own() -> None:
    pixels = np.full((360, 640, 3), (0, 128, 255), np.uint8)

    found = resample.resize(pixels, 256, 144, (3.5, 0.25, 636.5, 359.75))

    assert (found == (0, 128, 255)).all()


def test_the_bytes_do_not_depend_on_the_order_in_which_sums_are_added(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pixels = noise(3, 1392, 752)
    box = (0.0, 0.0, 1392.0, 752.0)
    bands = resample.resize(pixels, 256, 144, box)

    resample._matrix.cache_clear()
    monkeypatch.setattr(resample, "_BAND", 1000)  # one product with the whole matrix
    whole = resample.resize(pixels, 256, 144, box)
    monkeypatch.undo()
    resample._matrix.cache_clear()

    assert (bands == whole).all()
