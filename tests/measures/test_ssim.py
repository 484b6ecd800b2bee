from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from curate.measures.ssim import SCALE_WEIGHTS, similarity, ssim
from tests.pairs.scenes import scene, shifted, twin_of

WANG_ARRAY = NDArray[np.float64]


def luma(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(image.astype(np.float64) @ (0.299, 0.587, 0.114), np.float32)


def by_the_paper(a: WANG_ARRAY, b: WANG_ARRAY) -> float:
    """Equation 13 of Wang et al. 2004, window by window, as the paper writes it."""
    x = np.arange(11) - 5
    line = np.exp(-(x**2) / (2 * 1.5**2))
    window = np.outer(line, line) / np.outer(line, line).sum()
    windows_a, windows_b = (np.lib.stride_tricks.sliding_window_view(v, (11, 11)) for v in (a, b))
    mean_a, mean_b = ((v * window).sum(axis=(2, 3)) for v in (windows_a, windows_b))
    from_a, from_b = windows_a - mean_a[..., None, None], windows_b - mean_b[..., None, None]
    var_a, var_b, covariance = (
        (product * window).sum(axis=(2, 3)) for product in (from_a**2, from_b**2, from_a * from_b)
    )
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    quotient = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    quotient /= (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
    return float(quotient.mean())


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_papers_ssim_within_a_millionth(seed: int) -> None:
    frame, twin = luma(scene(seed)[:120, :160]), luma(twin_of(seed)[:120, :160])

    assert ssim(frame, twin) == pytest.approx(
        by_the_paper(frame.astype(np.float64), twin.astype(np.float64)), abs=1e-6
    )


def test_it_is_exact_on_bright_flat_pictures_too() -> None:
    random = np.random.default_rng(0)
    frame, twin = (random.normal(250, 1, (64, 64)).astype(np.float32) for _ in range(2))

    assert ssim(frame, twin) == pytest.approx(
        by_the_paper(frame.astype(np.float64), twin.astype(np.float64)), abs=1e-6
    )


def test_it_is_exact_on_a_dark_picture_with_hardly_a_difference() -> None:
    random = np.random.default_rng(0)
    frame = random.normal(0, 0.3, (96, 96)).astype(np.float32)
    twin = frame + random.normal(0, 0.3, (96, 96)).astype(np.float32)

    assert ssim(frame, twin) == pytest.approx(
        by_the_paper(frame.astype(np.float64), twin.astype(np.float64)), abs=1e-6
    )


def test_identical_pictures_have_one() -> None:
    frame = luma(scene(1))

    assert ssim(frame, frame) == pytest.approx(1, abs=1e-6)


def test_drift_lowers_it() -> None:
    assert ssim(luma(scene(1)), luma(shifted(scene(1), 4, 0))) < 0.8


@pytest.mark.parametrize("shape", [(10, 64), (64, 10)])
def test_a_picture_smaller_than_the_window_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="under 11 px"):
        ssim(np.zeros(shape, np.float32), np.zeros(shape, np.float32))


def test_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        ssim(np.zeros((64, 64), np.float32), np.zeros((64, 32), np.float32))


def test_ms_ssim_is_the_product_over_five_scales() -> None:
    frame, twin = luma(scene(1)), luma(twin_of(1))
    product = 1.0
    for scale, weight in enumerate(SCALE_WEIGHTS):
        whole, structure = factors(frame, twin)
        product *= (whole if scale == 4 else structure) ** weight
        frame, twin = (
            v[: v.shape[0] // 2 * 2, : v.shape[1] // 2 * 2]
            .reshape(v.shape[0] // 2, 2, v.shape[1] // 2, 2)
            .mean(axis=(1, 3))
            for v in (frame, twin)
        )

    multi = similarity(luma(scene(1)), luma(twin_of(1))).multi

    assert multi == pytest.approx(product, abs=1e-5)


def factors(a: WANG_ARRAY, b: WANG_ARRAY) -> tuple[float, float]:
    """SSIM and its factor for contrast and structure, from the maps of the whole picture."""
    import cv2

    def blurred(values: WANG_ARRAY) -> WANG_ARRAY:
        return cv2.GaussianBlur(values, (11, 11), 1.5)[5:-5, 5:-5]

    a, b = a.astype(np.float64), b.astype(np.float64)
    mean_a, mean_b = blurred(a), blurred(b)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    covariance = blurred(a * b) - mean_a * mean_b
    variances = blurred(a * a) - mean_a**2 + blurred(b * b) - mean_b**2
    structure = (2 * covariance + c2) / (variances + c2)
    luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    return float((luminance * structure).mean()), float(structure.mean())


def test_a_picture_too_small_for_five_scales_has_no_ms_ssim() -> None:
    small = luma(scene(1))[:175, :300]

    assert similarity(small, small).multi is None
    assert similarity(small, small).single == pytest.approx(1)


def test_bytes_and_floats_of_a_picture_have_the_same_ssim() -> None:
    frame, twin = (np.asarray(half[:, :, 1]) for half in (scene(1), twin_of(1)))

    assert ssim(frame, twin) == pytest.approx(
        ssim(frame.astype(np.float32), twin.astype(np.float32)), abs=1e-9
    )
