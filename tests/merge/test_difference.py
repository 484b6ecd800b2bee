"""The arithmetic against a dense SVD in float64."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.merge import device as devices
from curate.merge import difference
from curate.merge.difference import Term
from tests.merge.drawn import best

NUMPY = devices.processor(1)
TORCH = devices.through_torch("cpu")
BOTH = pytest.mark.parametrize("device", [NUMPY, TORCH], ids=["numpy", "torch"])


def drawn(seed, rows, columns, rank, weight):
    rng = np.random.default_rng(seed)
    up = rng.standard_normal((rows, rank))
    return Term(up, rng.standard_normal((rank, columns)) / columns**0.5, weight)


def near(term, apart, seed, weight):
    rng = np.random.default_rng(seed)
    up = term.up + apart * rng.standard_normal(term.up.shape)
    down = term.down + apart * rng.standard_normal(term.down.shape) / term.down.shape[1] ** 0.5
    return Term(up, down, weight)


def dense(terms):
    return sum(term.weight * term.up @ term.down for term in terms)


def solved(terms, device):
    sent = [Term(device.send(t.up), device.send(t.down), t.weight) for t in terms]
    base = difference.basis(device.xp, sent, device.room)
    return base, difference.solve(device.xp, device.fetch, [base], [difference.grams(base)])[0]


def product(terms, rank, device, multiplier=1.0):
    base, solution = solved(terms, device)
    made = difference.factors(base, solution, rank, multiplier, device.send)
    up, down = (device.fetch(matrix) for matrix in made)
    return up @ down


def off(found, right, size):
    return np.linalg.norm(found - right) / np.linalg.norm(size)


@BOTH
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    rows=st.integers(1, 40),
    columns=st.integers(1, 40),
    ranks=st.lists(st.integers(1, 8), min_size=1, max_size=3),
    weights=st.lists(st.sampled_from([1.0, -1.0, 0.25, -16.0]), min_size=3, max_size=3),
    rank=st.integers(1, 12),
)
def test_any_sum_is_the_dense_optimum(device, seed, rows, columns, ranks, weights, rank):
    terms = [
        drawn(seed + i, rows, columns, r, w)
        for i, (r, w) in enumerate(zip(ranks, weights, strict=False))
    ]
    whole = dense(terms)

    found = product(terms, rank, device)

    assert off(found, best(whole, rank), whole) < 1e-9


@BOTH
@pytest.mark.parametrize("apart", [1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
@pytest.mark.parametrize("scales", [(1.0, -1.0), (0.5, -0.5), (1 / 16, -1 / 16)])
def test_two_that_are_almost_the_same_keep_an_exact_difference(device, apart, scales):
    first = drawn(1, 200, 180, 16, scales[0])
    terms = [first, near(first, apart, 2, scales[1])]
    whole = dense(terms)

    found = product(terms, 4, device)

    assert off(found, best(whole, 4), whole) < 1e-6


def test_that_needs_no_householder():
    first = drawn(1, 200, 180, 16, 1.0)

    _, solution = solved([first, near(first, 1e-6, 2, -1.0)], NUMPY)

    assert not solution.by_householder


@BOTH
@pytest.mark.parametrize("apart", [1e-2, 1e-4, 1e-6])
def test_the_same_change_written_in_other_factors_takes_householder_and_stays_exact(device, apart):
    first = drawn(1, 200, 180, 16, 1.0)
    mix = np.random.default_rng(5).standard_normal((16, 16)) + 4 * np.eye(16)
    twin = near(first, apart, 2, -1.0)
    other = Term(twin.up @ mix, np.linalg.solve(mix, twin.down), -1.0)
    whole = dense([first, other])

    _, solution = solved([first, other], device)

    assert solution.by_householder
    assert off(product([first, other], 4, device), best(whole, 4), whole) < 1e-6


def test_only_the_modules_of_a_batch_that_ask_for_it_take_householder():
    sound = [drawn(1, 60, 50, 8, 1.0)]
    doubled = [Term(np.repeat(t.up[:, :4], 2, 1), np.repeat(t.down[:4], 2, 0), 1.0) for t in sound]
    nothing = [Term(np.zeros((60, 8)), sound[0].down, 1.0)]
    bases = [difference.basis(np, terms, NUMPY.room) for terms in (sound, doubled, nothing, sound)]

    batch = difference.solve(np, NUMPY.fetch, bases, [difference.grams(base) for base in bases])

    assert [one.by_householder for one in batch] == [False, True, False, False]
    for terms, one in zip((sound, doubled, nothing, sound), batch, strict=True):
        np.testing.assert_array_equal(one.singular, solved(terms, NUMPY)[1].singular)


def test_factors_that_repeat_themselves_take_householder():
    first = drawn(1, 60, 50, 8, 1.0)
    doubled = Term(np.repeat(first.up, 2, axis=1), np.repeat(first.down, 2, axis=0), 1.0)
    whole = dense([doubled])

    _, solution = solved([doubled], NUMPY)

    assert solution.by_householder
    assert off(product([doubled], 3, NUMPY), best(whole, 3), whole) < 1e-12


@BOTH
def test_nothing_minus_itself_is_zero(device):
    first = drawn(3, 30, 20, 4, 1.0)

    found = product([first, Term(first.up, first.down, -1.0)], 4, device)

    assert not found.any()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), rank=st.integers(1, 8), apart=st.sampled_from([1.0, 1e-3, 1e-6]))
def test_swapping_the_two_negates(seed, rank, apart):
    a = drawn(seed, 40, 30, 4, 1.0)
    b = near(a, apart, seed + 1, -1.0)
    forth = product([a, b], rank, NUMPY)

    back = product([Term(b.up, b.down, 1.0), Term(a.up, a.down, -1.0)], rank, NUMPY)

    assert off(-back, forth, forth) < 1e-8


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), strength=st.sampled_from([-2.0, -0.1, 0.5, 3.0]))
def test_the_multiplier_multiplies(seed, strength):
    terms = [drawn(seed, 40, 30, 4, 1.0), drawn(seed + 1, 40, 30, 4, -1.0)]

    once, times = (product(terms, 4, NUMPY, multiplier=m) for m in (1.0, strength))

    np.testing.assert_allclose(times, strength * once, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), small=st.integers(1, 4), large=st.integers(4, 8))
def test_a_smaller_rank_is_the_beginning_of_a_larger_one(seed, small, large):
    terms = [drawn(seed, 40, 30, 4, 1.0), drawn(seed + 1, 40, 30, 4, -1.0)]
    base, solution = solved(terms, NUMPY)
    cut = partial(difference.factors, base, solution, multiplier=1.0, send=NUMPY.send)

    (up, down), (more_up, more_down) = cut(rank=small), cut(rank=large)

    np.testing.assert_allclose(up, more_up[:, :small], atol=1e-12)
    np.testing.assert_allclose(down, more_down[:small], atol=1e-12)


@BOTH
def test_both_factors_have_the_same_norms(device):
    terms = [drawn(1, 50, 40, 4, 1.0), drawn(2, 50, 40, 4, -1.0)]
    base, solution = solved(terms, device)

    made = difference.factors(base, solution, 4, 1.0, device.send)
    up, down = (device.fetch(matrix) for matrix in made)

    roots = np.sqrt(solution.singular[:4])
    np.testing.assert_allclose(np.linalg.norm(up, axis=0), roots)
    np.testing.assert_allclose(np.linalg.norm(down, axis=1), roots)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), apart=st.sampled_from([1.0, 1e-2, 1e-4]))
def test_norms_and_inner_products_are_those_of_the_whole_matrices(seed, apart):
    a = drawn(seed, 40, 30, 4, 0.5)
    terms = [a, near(a, apart, seed + 1, -0.5), drawn(seed + 2, 40, 30, 3, -0.1)]
    wholes = [dense([term]) for term in terms]

    _, solution = solved(terms, NUMPY)

    right = np.array([[np.sum(x * y) for y in wholes] for x in wholes])
    np.testing.assert_allclose(solution.inner, right, rtol=1e-9, atol=1e-9 * right[0, 0])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@BOTH
def test_what_is_not_finite_is_found(device, bad):
    term = drawn(1, 20, 20, 4, 1.0)
    term.up[3, 2] = bad

    with pytest.raises(FloatingPointError), np.errstate(all="ignore"):
        solved([term, drawn(2, 20, 20, 4, -1.0)], device)


@BOTH
def test_what_is_only_rounding_is_zero(device):
    first = drawn(1, 60, 50, 8, 1.0)
    up = first.up.copy()
    up[:, :2] *= -1  # the two differ in rank 2

    _, solution = solved([first, Term(up, first.down, -1.0)], device)

    assert np.count_nonzero(solution.singular) == 2
    assert not solution.up_mix[:, 2:].any()
    assert not solution.down_mix[2:].any()


@pytest.mark.gpu
@pytest.mark.parametrize("apart", [1.0, 1e-2, 1e-4, 1e-6])
def test_a_card_agrees_with_the_processor(apart):
    card = devices.through_torch("cuda")
    first = drawn(1, 2000, 1800, 16, 1.0)
    terms = [first, near(first, apart, 2, -1.0)]

    here, there = product(terms, 4, NUMPY), product(terms, 4, card)

    assert off(there, here, dense(terms)) < 1e-5
