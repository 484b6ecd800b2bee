from __future__ import annotations

import platform
import subprocess
import sys

import numpy as np
import pytest

from curate import images
from curate.images import RGB
from curate.measures.measure import measure
from tests.pairs.scenes import recoloured, scene, shifted, twin_of


def value(frame: RGB, twin: RGB, key: str) -> float:
    found = measure(frame, twin)[key]
    assert found is not None
    return found


@pytest.mark.parametrize(("key", "change"), [("a_shift", "a"), ("b_shift", "b")])
def test_a_tint_is_measured_although_the_twin_is_simpler(key: str, change: str) -> None:
    twin = recoloured(twin_of(1), **{change: 5})

    assert value(scene(1), twin, key) == pytest.approx(5, abs=0.6)


def test_brightness_is_measured() -> None:
    assert value(scene(1), recoloured(twin_of(1), lightness=-6), "lightness_shift") == (
        pytest.approx(-6, abs=0.6)
    )


@pytest.mark.parametrize("chroma", [0.7, 1.15])
def test_saturation_is_measured(chroma: float) -> None:
    assert value(scene(1), recoloured(twin_of(1), chroma=chroma), "chroma_slope") == pytest.approx(
        chroma, abs=0.06
    )


def test_drift_is_not_taken_for_colour_or_content() -> None:
    still, moved = (measure(scene(2), twin) for twin in (twin_of(2), shifted(twin_of(2), 6, 3)))

    for key, most in (("a_shift", 0.3), ("lightness_shift", 0.3), ("tile_residual", 4.0)):
        assert moved[key] == pytest.approx(still[key], abs=most)


def test_a_removed_figure_is_the_worst_tile_and_its_place_is_told() -> None:
    frame, twin = scene(3), twin_of(3)
    frame[100:220, 480:540] = (250, 30, 30)

    found = measure(frame, twin)

    assert found["tile_residual"] is not None
    assert found["tile_residual"] > 40
    assert found["tile_x"] == pytest.approx(510 / 640, abs=0.05)
    assert found["tile_y"] == pytest.approx(160 / 360, abs=0.15)


def test_detail_falls_with_clutter_and_rises_when_the_halves_are_reversed() -> None:
    assert value(scene(4), twin_of(4), "detail_ratio") < 0.7
    assert value(twin_of(4), scene(4), "detail_ratio") > 1.4
    assert value(scene(4), scene(4), "detail_ratio") == 1
    assert value(scene(4), twin_of(4), "density_frame") > value(
        scene(4), twin_of(4), "density_twin"
    )


def test_a_copy_loses_texture_nowhere_and_a_twin_somewhere() -> None:
    noisy = scene(4) + np.random.default_rng(1).normal(0, 2, scene(4).shape)
    copy = np.asarray(noisy.clip(0, 255), np.uint8)

    assert value(scene(4), copy, "texture_least") > 0.9
    assert value(scene(4), twin_of(4), "texture_least") < 0.7


def test_shapes_that_the_frame_has_not_are_edges_drawn_anew() -> None:
    painted = twin_of(6)
    for left in range(300, 380, 20):
        painted[100:220, left : left + 10] = (30, 20, 60)

    assert value(scene(6), twin_of(6), "edges_anew") < 2
    assert value(scene(6), painted, "edges_anew") > 5


def test_a_change_of_a_third_of_the_picture_is_not_what_most_of_it_has_in_common() -> None:
    twin = twin_of(1)
    twin[:, :210] = recoloured(twin, a=20)[:, :210]

    assert abs(value(scene(1), twin, "a_mode")) < 0.6
    assert value(scene(1), recoloured(twin_of(1), a=5), "a_mode") == pytest.approx(5, abs=0.6)


def test_density_does_not_depend_on_exposure() -> None:
    frame = scene(5)
    dark = np.asarray(frame * 0.4, np.uint8)

    assert value(dark, dark, "density_frame") == pytest.approx(
        value(frame, frame, "density_frame"), rel=0.1
    )


def test_edges_agree_in_a_twin_and_not_in_another_scene() -> None:
    assert value(scene(6), twin_of(6), "gradient_ncc") > 0.85
    assert value(scene(6), twin_of(7), "gradient_ncc") < 0.5


def test_a_grey_frame_has_no_saturation_to_measure() -> None:
    grey = np.repeat(scene(1)[:, :, :1], 3, axis=2)

    assert measure(grey, grey)["chroma_slope"] is None


def test_a_flat_pair_has_measures_that_are_none_and_no_error() -> None:
    flat = np.full((90, 160, 3), 128, np.uint8)

    found = measure(flat, flat)

    assert found["shift_px"] is None
    assert found["detail_ratio"] is None
    assert found["ssim"] == pytest.approx(1)


def test_a_larger_copy_measures_the_same() -> None:
    frame, twin = scene(2, width=1024, height=576), twin_of(2, width=1024, height=576)
    small = measure(frame, twin)
    large = measure(images.resize(frame, 2048, 1152), images.resize(twin, 2048, 1152))

    assert large["detail_ratio"] == pytest.approx(small["detail_ratio"], abs=0.03)
    assert large["tile_residual"] == pytest.approx(small["tile_residual"], abs=1)


@pytest.mark.parametrize("shape", [(63, 200, 3), (200, 63, 3)])
def test_a_tiny_picture_is_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="under 64 px"):
        measure(np.zeros(shape, np.uint8), np.zeros(shape, np.uint8))


def test_a_pair_has_the_same_bits_wherever_it_lies_in_memory() -> None:
    frame, twin = scene(1), twin_of(1)
    first = measure(frame, twin)

    for size in range(1001, 1009):
        _elsewhere = np.empty(size * 37, np.uint8)
        assert measure(frame.copy(), twin.copy()) == first


PAIR_AFTER_PAIR = """
import resource
import numpy as np
from curate import images
from curate.measures.measure import measure

pixels = np.random.default_rng(0).integers(0, 255, (752, 1392, 3), np.uint8)
file = images.encode_png(pixels)
for _ in range(4):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    halves = [images.decode(file) for _ in range(2)]
    measure(*halves)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")
def test_the_memory_of_one_pair_serves_the_next() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PAIR_AFTER_PAIR], capture_output=True, text=True, check=True
    )

    assert int(ended.stdout) < 500  # page faults: without care there are some thousand
