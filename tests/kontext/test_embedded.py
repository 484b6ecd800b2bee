import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from curate.images import RGB
from curate.kontext import embedded
from tests.pictures import room

SIZE = (1392, 752)


@pytest.fixture(scope="module", params=range(4))
def halves(request) -> tuple[RGB, RGB]:
    frame = room(request.param, *SIZE)
    return frame, embedded.simplified(frame)


def gradient(pixels: RGB) -> NDArray[np.float32]:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))


def lab(pixels: RGB) -> NDArray[np.float32]:
    converted = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return cv2.GaussianBlur(converted, (0, 0), 8)


def test_the_clutter_goes(halves):
    frame, twin = halves

    wall = np.s_[: SIZE[1] // 2, SIZE[0] * 6 // 10 :]  # nothing but clutter
    assert gradient(twin)[wall].mean() < 0.2 * gradient(frame)[wall].mean()
    assert gradient(twin).mean() < 0.9 * gradient(frame).mean()


def test_the_outlines_stay(halves):
    frame, twin = halves
    line = slice(SIZE[1] * 2 // 3 - 3, SIZE[1] * 2 // 3 + 4)

    kept = gradient(twin)[line].mean() / gradient(frame)[line].mean()

    assert kept > 0.8


def test_the_colours_do_not_drift(halves):
    frame, twin = halves
    drift = np.median(np.abs(lab(twin) - lab(frame)), axis=(0, 1))

    assert drift.max() < 1


def test_nothing_moves(halves):
    frame, twin = halves
    grey = [cv2.cvtColor(half, cv2.COLOR_RGB2GRAY).astype(np.float64) for half in (frame, twin)]

    (x, y), _ = cv2.phaseCorrelate(*grey)

    assert np.hypot(x, y) < 0.5


def test_the_same_frame_gives_the_same_pixels_on_one_thread_and_on_two():
    frame = room(9, *SIZE)
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        one = embedded.simplified(frame)
        cv2.setNumThreads(2)
        two = embedded.simplified(frame)
    finally:
        cv2.setNumThreads(threads)

    assert np.array_equal(one, two)


def test_a_plain_frame_stays_as_it_is():
    plain = np.full((*SIZE[::-1], 3), (90, 120, 150), np.uint8)

    assert np.array_equal(embedded.simplified(plain), plain)
