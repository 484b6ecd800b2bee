from itertools import combinations

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from curate.demo.ink import Ink
from curate.demo.scenes import SCENES
from curate.extract import coverage, figures
from curate.extract.density import density


def value(crowded: np.ndarray, cells: np.ndarray, taken: list[int]) -> float:
    """The objective, written out."""
    apart = ((cells[:, None].astype(float) - cells[None]) ** 2).mean(axis=2)
    alike = np.floor(255 * np.maximum(0, 1 - apart / coverage.REACH**2)) / 255
    worth = np.rint(255 * crowded.astype(float) / float(crowded.max())) / 255
    offered = alike[:, taken] * worth[taken]
    return float((offered.max(axis=1, initial=0) / alike.sum(axis=1)).sum())


def frames(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Frames of some looks."""
    rng = np.random.default_rng(seed)
    looks = rng.integers(0, 256, (n // 2, 12))[rng.integers(n // 2, size=n)]
    cells = (looks + rng.normal(0, 9, (n, 12))).clip(0, 255).astype(np.uint8)
    return rng.uniform(0.02, 0.4, n).astype(np.float32), cells


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=some.integers(0, 10_000), count=some.integers(1, 4))
def test_the_set_is_nearly_the_best_of_all(seed, count):
    crowded, cells = frames(seed, 8)

    taken = coverage.covering(crowded, cells, count)

    best = max(value(crowded, cells, [*s]) for s in combinations(range(8), count))
    assert value(crowded, cells, taken) >= (1 - 1 / np.e) * best
    assert len(set(taken)) == count


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=some.integers(0, 10_000))
def test_each_frame_taken_is_the_one_that_adds_most_and_adds_less_than_the_one_before(seed):
    crowded, cells = frames(seed, 60)

    taken = coverage.covering(crowded, cells, 20)

    values = [value(crowded, cells, taken[:n]) for n in range(21)]
    steps = np.diff(values)
    assert (steps >= -1e-9).all()
    assert (np.diff(steps) <= 1e-5).all()
    for n in range(20):
        adds = [value(crowded, cells, [*taken[:n], p]) - values[n] for p in range(60)]
        assert steps[n] >= max(adds) - 1e-5


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=some.integers(0, 10_000), poorer=some.floats(0.05, 1.0), each=some.integers(1, 4))
def test_films_give_in_proportion_to_how_crowded_they_are(seed, poorer, each):
    rng = np.random.default_rng(seed)
    cells = rng.integers(0, 256, (260, 96), np.uint8)
    films = np.repeat(np.arange(5), [100, 20, 40, 80, 20])
    crowded = np.where(films == 0, 1.0, poorer).astype(np.float32)

    taken = coverage.covering(crowded, cells, 5 * each, films)

    given = np.bincount(films[taken], minlength=5)
    share = 5 * each / (1 + 4 * poorer) * np.array([1, *[poorer] * 4])
    assert (np.abs(given - share) <= 2).all()
    assert given.min() >= (share.min() >= 1)


def test_of_two_that_are_the_same_one_is_taken_before_something_else_is_left_out():
    cells = np.array([[200] * 4, [200] * 4, [20] * 4], np.uint8)
    crowded = np.array([0.3, 0.3, 0.2], np.float32)

    assert sorted(coverage.covering(crowded, cells, 2)) == [0, 2]


def test_thirty_skies_give_way_to_other_places():
    def seen(name: str, number: int) -> np.ndarray:
        ink = Ink(0.2)
        SCENES[name].draw(ink, np.random.default_rng(number))
        frame = av.VideoFrame.from_ndarray(ink.image, "rgb24").reformat(format="yuv420p")
        frame.pts = 0
        return figures.of_frames([frame], 1).tones[0]

    places = ["library", "market", "street", "bedroom", "kitchen", "night", "field"]
    tones = np.array([*(seen("sky", n) for n in range(30)), *(seen(p, 1) for p in places)])
    alike = np.full(len(tones), 0.2, np.float32)

    taken = coverage.covering(alike, coverage.layouts(tones), 10)

    assert set(range(30, 37)) <= set(taken)


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
