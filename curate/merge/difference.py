"""The arithmetic: a weighted sum of low-rank changes, solved exactly without ever forming it.

Every change is a product of thin matrices, so their sum is one too: D = U V, U (rows, R) and
V (R, columns), R the sum of the ranks. With U'U = Lu Lu' and VV' = Lv Lv' (Cholesky), the small
matrix M = Lu' Lv has the singular values of D, and if M = P S W' then the best factors of rank k
are U (Lv W_k S_k^-½) and (S_k^-½ P_k' Lu') V: the change itself is never solved for or inverted.

Two halves of a pair differ by little, and A − B then cancels nearly all of both. Where their
ranks are equal it is written in the difference basis, A's up times the difference of the downs
plus the difference of the ups times B's down, whose products do not cancel. That keeps Gram
matrices, whose condition is the square of the factors', safe in float64. Where an estimate says
that they are not, Householder QR takes their place.

Arrays are numpy's or torch's: only names that both have are used on them. What is R × R is
numpy's in every case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = Any
"""A matrix of numpy or torch, on whatever device; float64 where nothing else is said."""

Small: TypeAlias = NDArray[np.float64]

_EPS = float(np.finfo(np.float64).eps)
_TOLERATED = 1e-9  # estimated relative error of D above which Gram matrices are not trusted


@dataclass(frozen=True, slots=True)
class Term:
    """`weight · up @ down`, the adapter's own scale included in the weight."""

    up: Array
    down: Array
    weight: float


@dataclass(frozen=True, slots=True)
class Basis:
    """D = up @ down, and each term t as up @ mixes[t] @ down; `mixes` is (terms, R, R)."""

    up: Array
    down: Array
    mixes: Small


@dataclass(frozen=True, slots=True)
class Solution:
    """The singular values of D, largest first, and what turns the basis into its factors.

    Factors of rank k are `basis.up @ up_mix[:, :k]` and `down_mix[:k] @ basis.down`, the root of
    each singular value in both. `inner[s, t]` is the inner product of the terms s and t.
    """

    singular: Small
    up_mix: Small
    down_mix: Small
    inner: Small
    by_householder: bool


def basis(xp: Any, terms: Sequence[Term], room: Callable[[tuple[int, int]], Array]) -> Basis:
    """The terms side by side; the first two in the difference basis if they are A − B.

    Args:
        xp: numpy or torch.
        terms: one or more, of equal rows and columns, in any float type.
        room: a float64 matrix of a shape, where the arithmetic shall run.
    """
    ranks = [term.down.shape[0] for term in terms]
    paired = len(terms) > 1 and terms[0].weight * terms[1].weight < 0 and ranks[0] == ranks[1]
    ends = [int(end) for end in np.cumsum(ranks)]
    places = [slice(end - rank, end) for end, rank in zip(ends, ranks, strict=True)]
    ups = [term.up for term in terms]
    up = room((ups[0].shape[0], ends[-1]))
    down = room((ends[-1], terms[0].down.shape[1]))
    for term, here in zip(terms, places, strict=True):
        down[here] = term.down
    if paired:
        one, two = places[:2]
        apart = room(ups[1].shape)
        apart[...] = ups[1]
        _scale(apart, -terms[1].weight / terms[0].weight)
        ups[1] = xp.subtract(ups[0], apart, out=apart)
        down[one] -= down[two]
        _scale(down[: ends[1]], terms[0].weight)
    xp.concatenate(ups, axis=1, out=up)
    for term, here in list(zip(terms, places, strict=True))[2 if paired else 0 :]:
        _scale(down[here], term.weight)
    return Basis(up, down, _mixes(tuple(ranks), paired=paired))


def grams(base: Basis) -> tuple[Array, Array]:
    """The Gram matrices U'U and VV', (R, R) each; best made while the basis is in the cache."""
    return base.up.T @ base.up, base.down @ base.down.T


def solve(
    xp: Any, fetch: Any, bases: Sequence[Basis], gram: Sequence[tuple[Array, Array]]
) -> list[Solution]:
    """The exact singular value decomposition of each `up @ down`, in float64.

    Many are solved in the time that numpy takes to be called for one.

    Args:
        xp: numpy or torch.
        fetch: brings an array of xp's to numpy.
        bases: as `basis` gives them, of one number of terms and one R.
        gram: `grams` of each.

    Raises:
        FloatingPointError: a NaN or an infinity is in one.
    """
    left, right = (fetch(xp.stack(side)) for side in zip(*gram, strict=True))
    if not (np.isfinite(left).all() and np.isfinite(right).all()):
        raise FloatingPointError
    return _solved(xp, fetch, bases, left, right)


def factors(
    base: Basis, solution: Solution, rank: int, multiplier: float, send: Any
) -> tuple[Array, Array]:
    """The best factors of a rank, (rows, rank) and (rank, columns), √(multiplier · S) in both.

    `send` takes a numpy matrix to where the basis is. A negative sign is in the first.
    """
    root = abs(multiplier) ** 0.5
    up_mix = solution.up_mix[:, :rank] * float(np.copysign(root, multiplier))
    return base.up @ send(up_mix), send(solution.down_mix[:rank] * root) @ base.down


def _scale(matrix: Array, weight: float) -> None:
    if weight != 1:
        matrix *= weight


@cache
def _mixes(ranks: tuple[int, ...], *, paired: bool) -> Small:
    size, starts = sum(ranks), np.cumsum([0, *ranks])
    mixes = np.zeros((len(ranks), size, size))
    for number, rank in enumerate(ranks):
        here = slice(starts[number], starts[number + 1])
        mixes[number, here, here] = np.eye(rank)
    if paired:
        # U = [a, a - b], V = [A - B; B]: a A = U0 (V0 + V1), -b B = (U1 - U0) V1
        rank = ranks[0]
        one, two = slice(0, rank), slice(rank, 2 * rank)
        mixes[0, one, two] = np.eye(rank)
        mixes[1, one, two] = -np.eye(rank)
    return mixes


def _solved(
    xp: Any, fetch: Any, bases: Sequence[Basis], left: Small, right: Small
) -> list[Solution]:
    """The same from the Gram matrices, (modules, R, R) each."""
    roots = _gram_roots(left, right)
    if roots is None and len(bases) > 1:  # one of them is to blame
        alone = (([one], left[n : n + 1], right[n : n + 1]) for n, one in enumerate(bases))
        return [solution for one in alone for solution in _solved(xp, fetch, *one)]
    inner = _inner(left, right, np.stack([one.mixes for one in bases]))
    if roots is not None:
        return _decomposed(*roots, inner, by_householder=False)
    if not (left.any() and right.any()):
        empty = np.zeros(left.shape[1:])
        return [Solution(empty[0], empty, empty, inner[0], by_householder=False)]
    lu, lv = (fetch(xp.linalg.qr(m)[1]).T[None] for m in (bases[0].up, bases[0].down.T))
    return _decomposed(lu, lv, inner, by_householder=True)


def _inner(left: Small, right: Small, mixes: Small) -> Small:
    # <U X V, U Y V> = tr(X' U'U Y VV') for the mixes X, Y
    flat = *mixes.shape[:2], -1
    products = (left[:, None] @ mixes @ right[:, None]).reshape(flat)
    return np.asarray(mixes.reshape(flat) @ _transposed(products))


def _gram_roots(left: Small, right: Small) -> tuple[Small, Small] | None:
    """Cholesky roots of both Gram matrices, or None where one would not be exact enough."""
    grams = np.stack([left, right])
    lengths = np.sqrt(np.diagonal(grams, axis1=-2, axis2=-1))
    if not lengths.all():
        return None
    try:
        roots = np.linalg.cholesky(grams / (lengths[..., None] * lengths[..., None, :]))
        inverses = np.linalg.inv(roots)
    except np.linalg.LinAlgError:
        return None
    condition = np.sum(_norms(roots) ** 2 * _norms(inverses) ** 2, axis=0)
    lu, lv = roots * lengths[..., None]
    if np.any(
        _EPS * condition * _sums_of_parts(lu, lv) > _TOLERATED * _norms(_transposed(lu) @ lv)
    ):
        return None
    return lu, lv


def _decomposed(lu: Small, lv: Small, inner: Small, *, by_householder: bool) -> list[Solution]:
    p, singular, wt = np.linalg.svd(_transposed(lu) @ lv, full_matrices=False)
    noise = lu.shape[1] * _EPS * _sums_of_parts(lu, lv)
    real = singular > noise[:, None]
    roots = np.sqrt(np.where(real, singular, np.inf))[:, None]
    found = (
        np.where(real, singular, 0.0),
        lv @ _transposed(wt) / roots,
        _transposed(p / roots) @ _transposed(lu),
        inner,
    )
    return [Solution(*one, by_householder) for one in zip(*found, strict=True)]


def _transposed(matrices: Small) -> Small:
    return matrices.swapaxes(-1, -2)


def _norms(matrices: Small) -> Small:
    return np.asarray(np.linalg.norm(matrices, axis=(-2, -1)))


def _sums_of_parts(lu: Small, lv: Small) -> Small:
    """Roots of the summed squares of |column of U| |row of V|: what rounding errors scale with."""
    parts = np.linalg.norm(lu, axis=-1) * np.linalg.norm(lv, axis=-1)
    return np.asarray(np.linalg.norm(parts, axis=-1))
