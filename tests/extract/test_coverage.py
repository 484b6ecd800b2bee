from itertools import combinations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from curate.demo.ink import Ink
from curate.demo.scenes import SCENES
from curate.extract import coverage
from curate.extract.density import density


def value(crowded: np.ndarray, tones: np.ndarray, chosen: tuple[int, ...]) -> float:
    """The objective, written out."""
    worth = crowded / crowded.max()
    apart = (tones[:, None].astype(float) - tones[None]) ** 2
    alike = np.exp(-apart.mean(axis=2) / coverage.REACH**2)
    return float((worth * alike[:, list(chosen)].max(axis=1)).sum() + worth[list(chosen)].sum())


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=some.integers(0, 10_000), count=some.integers(1, 4))
def test_the_set_is_nearly_the_best_of_all(seed, count):
    rng = np.random.default_rng(seed)
    crowded = rng.uniform(0.02, 0.4, 8).astype(np.float32)
    tones = rng.integers(0, 256, (8, 12), dtype=np.uint8)

    taken = coverage.covering(crowded, tones, count)

    best = max(value(crowded, tones, chosen) for chosen in combinations(range(8), count))
    assert value(crowded, tones, tuple(taken)) >= (1 - 1 / np.e) * best
    assert len(set(taken)) == count


def test_of_two_that_are_the_same_one_is_taken_before_something_else_is_left_out():
    tones = np.array([[200] * 4, [200] * 4, [20] * 4], np.uint8)
    crowded = np.array([0.3, 0.3, 0.2], np.float32)

    assert sorted(coverage.covering(crowded, tones, 2)) == [0, 2]


@pytest.mark.parametrize("name", ["library", "market", "street", "bedroom", "kitchen", "night"])
def test_density_ranks_the_steps_of_a_simplification(name):
    ink = Ink(0.6)
    SCENES[name].draw(ink, np.random.default_rng(1))
    pixels, steps = ink.image, []
    for _ in range(6):
        steps.append(density(pixels))
        pixels = np.asarray(cv2.bilateralFilter(cv2.medianBlur(pixels, 5), 9, 60, 9), np.uint8)

    ranks = np.argsort(np.argsort(steps))
    assert np.corrcoef(ranks, np.arange(6)[::-1])[0, 1] >= 0.95
