from __future__ import annotations

import numpy as np
import pytest

from curate.measures import flat
from tests.pairs.scenes import recoloured, scene, twin_of


def everywhere(shape: tuple[int, ...]) -> np.ndarray:
    return np.ones(shape[:2], np.bool_)


@pytest.mark.parametrize("chroma", [0.7, 1.0, 1.15])
def test_the_saturation_of_flat_ground_is_told(chroma: float) -> None:
    frame = scene(1)

    found = flat.slopes(frame, recoloured(frame, chroma=chroma), everywhere(frame.shape))

    assert found
    assert found.chroma == pytest.approx(chroma, abs=0.05)


def test_clutter_that_was_taken_away_is_no_loss_of_colour_or_contrast() -> None:
    frame = scene(2)

    found = flat.slopes(frame, twin_of(2), everywhere(frame.shape))

    assert found
    assert found.chroma == pytest.approx(1, abs=0.06)
    assert found.contrast == pytest.approx(1, abs=0.06)


def test_a_grey_ground_has_no_saturation_to_tell() -> None:
    grey = np.repeat(scene(1)[:, :, :1], 3, axis=2)

    found = flat.slopes(grey, grey, everywhere(grey.shape))

    assert found
    assert found.chroma is None


def test_halves_that_hardly_overlap_tell_nothing() -> None:
    frame = scene(1)

    assert flat.slopes(frame, frame, np.zeros(frame.shape[:2], np.bool_)) is None
