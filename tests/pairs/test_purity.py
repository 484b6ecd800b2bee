from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.errors import BadSetting
from curate.pairs import clustered, purity, student
from curate.pairs.purity import Drift

COLOURS = ("lightness_shift", "a_shift", "b_shift")


def drifts(values: np.ndarray, shots: np.ndarray, concept: str = "density") -> dict[str, Drift]:
    measures = [dict(zip(COLOURS, map(float, row), strict=True)) for row in values]
    found = purity.purity(measures, shots.tolist(), concept)  # type: ignore[arg-type]
    return {drift.axis.key: drift for drift in found}


def of_shots(random: np.random.Generator, shots: int, each: int) -> tuple[np.ndarray, np.ndarray]:
    """Colour shifts with a spread of 1, correlated by .4 within a shot."""
    numbers = np.repeat(np.arange(shots), each)
    common = random.normal(0, 0.4**0.5, (shots, 3))[numbers]
    return common + random.normal(0, 0.6**0.5, (shots * each, 3)), numbers


def has_failed(found: dict[str, Drift]) -> bool:
    return any(drift.finding == "fail" for drift in found.values())


def test_a_drift_of_point_eight_in_any_direction_is_found_in_200_pairs() -> None:
    caught = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        way = random.normal(size=3)
        way *= 0.8 / np.linalg.norm(way)
        caught += has_failed(drifts(random.normal(0, 1, (200, 3)) + way, np.arange(200)))

    assert caught >= 80


@pytest.mark.parametrize(("shots", "each"), [(200, 1), (25, 8), (4, 8)])
def test_no_drift_is_called_none(shots: int, each: int) -> None:
    called = 0
    for seed in range(100):
        called += has_failed(drifts(*of_shots(np.random.default_rng(seed), shots, each)))

    assert called < 5


def test_no_drift_in_200_independent_pairs_passes_and_in_four_shots_cannot_be_told() -> None:
    random = np.random.default_rng(1)

    enough = drifts(*of_shots(random, 200, 1))
    few = drifts(*of_shots(random, 4, 8))

    assert {drift.finding for drift in enough.values()} == {"pass"}
    assert {drift.finding for drift in few.values()} == {"too few shots to tell"}
    assert "4 shots are too few" in few["a"].words


@pytest.mark.parametrize("sizes", [[8] * 25, [1, 1, 2, 3, 5, 8, 20, 40]])
def test_the_interval_holds_the_truth_as_often_as_it_says_also_with_unequal_shots(
    sizes: list[int],
) -> None:
    numbers = np.repeat(np.arange(len(sizes)), sizes)
    held = 0
    for seed in range(500):
        random = np.random.default_rng(seed)
        values = random.normal(0, 0.4**0.5, len(sizes))[numbers]
        values += random.normal(0, 0.6**0.5, len(numbers))
        found = clustered.mean(values[:, None], numbers)
        held += abs(found.mean[0]) <= (found.reach or 0) * found.covariance[0, 0] ** 0.5

    assert held / 500 > 0.93


def test_frames_of_one_shot_alone_tell_nothing() -> None:
    found = drifts(np.full((50, 3), 3.0), np.zeros(50))

    assert {drift.finding for drift in found.values()} == {"too few shots to tell"}


def test_a_night_may_differ_in_colour_but_not_in_place() -> None:
    measures = [{"a_shift": 9.0, "shift_x_px": 3.0 + i % 2 / 10} for i in range(40)]

    found = purity.purity(measures, range(40), "light")

    assert [(drift.axis.key, drift.finding) for drift in found] == [("shift_x", "fail")]
    assert "further right by 3.05 px" in found[0].words


def test_a_green_drift_is_named_with_its_amount() -> None:
    random = np.random.default_rng(2)

    found = drifts(random.normal(0, 0.5, (100, 3)) - (0, 2, 0), np.arange(100))

    assert found["a"].finding == "fail"
    assert "greener by" in found["a"].words
    assert found["b"].finding == "pass"


def test_a_measure_that_was_not_had_is_left_out_of_its_axis() -> None:
    found = purity.purity(
        [{"chroma_slope": None}, {"chroma_slope": 0.9}, {"chroma_slope": 0.0}], range(3), "density"
    )

    assert [(drift.axis.key, drift.pairs) for drift in found] == [("saturation", 1)]


def test_margins_are_settings_and_wrong_ones_are_refused() -> None:
    assert purity.margins(["purity_a=1"])["a"] == 1
    for wrong in ("purity_x=1", "purity_a=0", "purity_a=wide", "purity_a"):
        with pytest.raises(BadSetting):
            purity.margins([wrong])


@pytest.mark.parametrize(
    ("freedom", "t"), [(1, 12.7062047), (2.5, 3.5746548), (24, 2.0638986), (9999, 1.9602013)]
)
def test_students_quantiles_are_those_of_the_tables(freedom: float, t: float) -> None:
    assert student.quantile(0.975, freedom) == pytest.approx(t, abs=1e-6)


@settings(max_examples=30)
@given(st.lists(st.floats(-5, 5), min_size=3, max_size=20))
def test_pairs_that_are_all_of_other_shots_have_the_textbook_interval(values: list[float]) -> None:
    array = np.array(values)

    found = clustered.mean(array[:, None], np.arange(len(array)))

    assert found.covariance[0, 0] == pytest.approx(array.var(ddof=1) / len(array), abs=1e-12)
    assert found.reach == pytest.approx(student.quantile(0.975, len(array) - 1), rel=1e-9)
