"""Ranks by energy and by size."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import BadSetting
from curate.merge import ranks

SPECTRA = {"a": np.array([4.0, 3.0, 0.0]), "b": np.array([2.0, 1.0, 0.5])}
COSTS = {"a": 100, "b": 50}


def energy(chosen, spectra=SPECTRA):
    return sum(float(np.sum(s[: chosen[k]] ** 2)) for k, s in spectra.items())


@pytest.mark.parametrize(("share", "rank"), [(0.5, 1), (0.66, 1), (0.9, 2), (0.995, 3), (1.0, 3)])
def test_one_rank_is_the_smallest_that_keeps_the_share(share, rank):
    assert ranks.for_energy(SPECTRA, share, mixed=False) == {"a": rank, "b": rank}


@given(share=st.floats(0.01, 1.0))
def test_mixed_ranks_keep_the_share_with_the_fewest_values(share):
    chosen = ranks.for_energy(SPECTRA, share, mixed=True)

    wanted = share * energy({"a": 3, "b": 3}) * (1 - 1e-9)
    assert energy(chosen) >= wanted
    fewer = [
        dict(zip("ab", pair, strict=True))
        for pair in itertools.product((1, 2, 3), repeat=2)
        if sum(pair) < sum(chosen.values())
    ]
    assert all(energy(other) < wanted for other in fewer)


@pytest.mark.parametrize(("budget", "rank"), [(150, 1), (299, 1), (300, 2), (10_000, 3)])
def test_one_rank_is_the_largest_that_fits(budget, rank):
    assert ranks.for_size(SPECTRA, COSTS, budget, mixed=False) == {"a": rank, "b": rank}


@given(budget=st.integers(150, 500))
def test_mixed_ranks_fit_and_keep_at_least_what_one_rank_keeps(budget):
    chosen = ranks.for_size(SPECTRA, COSTS, budget, mixed=True)

    assert sum(COSTS[key] * rank for key, rank in chosen.items()) <= budget
    even = ranks.for_size(SPECTRA, COSTS, budget, mixed=False)
    assert sum(chosen.values()) >= 2
    assert energy(chosen) >= energy(dict.fromkeys(even, 1))


def test_a_budget_under_rank_one_is_refused():
    with pytest.raises(BadSetting, match="rank 1 takes"):
        ranks.for_size(SPECTRA, COSTS, 149, mixed=False)


def test_what_a_rank_keeps_is_a_share():
    assert ranks.kept(SPECTRA["a"], 1) == pytest.approx(16 / 25)
    assert ranks.kept(np.zeros(3), 1) == 1.0
