from __future__ import annotations

import itertools

import numpy as np
import pytest

from curate.pairs import purity
from curate.pairs.balance import balance
from curate.pairs.purity import MARGINS


def pairs(values: np.ndarray) -> list[dict[str, float | None]]:
    return [{"a_shift": float(a), "b_shift": float(b), "lightness_shift": 0.0} for a, b in values]


def drifting(seed: int, count: int, bad: int) -> list[dict[str, float | None]]:
    """A clean set, and `bad` pairs among it that are tinted green."""
    random = np.random.default_rng(seed)
    values = random.normal(0, 0.3, (count, 2))
    values[random.permutation(count)[:bad], 0] -= 4
    return pairs(values)


def test_the_pairs_that_drift_are_named_and_without_them_the_set_passes() -> None:
    measures = drifting(1, 200, 60)

    found = balance(measures, range(200), "density", MARGINS)

    assert found.is_inside
    assert {drift.finding for drift in found.left} == {"pass"}
    assert all((measures[i]["a_shift"] or 0) < -2 for i in found.drop)
    assert found.least <= len(found.drop) < 60


def test_a_set_without_drift_loses_nothing() -> None:
    found = balance(drifting(2, 100, 0), range(100), "density", MARGINS)

    assert (found.drop, found.least, found.is_inside) == ((), 0, True)


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_holds_against_every_smaller_choice(seed: int) -> None:
    random = np.random.default_rng(seed)
    measures = pairs(random.normal((1.2, -0.9), 0.35, (12, 2)) * random.integers(0, 2, (12, 1)))

    found = balance(measures, range(12), "density", MARGINS)

    for size in range(min(found.least, 4)):
        for drop in itertools.combinations(range(12), size):
            left = [one for i, one in enumerate(measures) if i not in drop]
            drifts = purity.purity(left, range(len(left)), "density", MARGINS)
            assert any(drift.finding != "pass" for drift in drifts)


def test_what_a_person_keeps_is_not_dropped() -> None:
    measures = drifting(3, 200, 60)
    first = balance(measures, range(200), "density", MARGINS).drop[:10]

    found = balance(measures, range(200), "density", MARGINS, held=first)

    assert not set(first) & set(found.drop)
    assert found.is_inside


def test_a_set_that_drifts_as_a_whole_cannot_be_balanced_and_that_is_said() -> None:
    random = np.random.default_rng(4)
    measures = pairs(random.normal((-3, 0), 0.2, (50, 2)))

    assert not balance(measures, range(50), "density", MARGINS).is_inside


def test_ten_thousand_pairs_are_balanced_near_the_bound() -> None:
    found = balance(drifting(5, 10_000, 2_500), range(10_000), "density", MARGINS)

    assert found.is_inside
    assert len(found.drop) <= 1.1 * found.least
