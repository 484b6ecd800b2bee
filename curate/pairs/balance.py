"""The fewest pairs to drop so that a drifting set comes inside its margins."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.pairs import purity
from curate.pairs.purity import Drift, Measures
from curate.records import Concept

_ROUNDS = 12
_DUAL_STEPS = 300
_MOST_SHARE = 0.5
_TINY = 1e-9

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Balance:
    """Which pairs to drop, by index, best first; `least` is a proven lower bound on their number.

    `is_inside` tells whether every axis that failed then passes and none fails that did not.
    """

    drop: tuple[int, ...]
    least: int
    is_inside: bool
    left: tuple[Drift, ...]


def balance(
    measures: Sequence[Measures],
    shots: Sequence[object],
    concept: Concept,
    margins: Mapping[str, float],
    held: Collection[int] = (),
) -> Balance:
    """The fewest pairs whose dropping makes the failing axes pass.

    To be inside, a mean m of the n pairs left must satisfy Σ(x - margin) <= 0 on the side where it
    fails: a covering problem, one row an axis. For any weights on the rows, no fewer pairs can do
    than Lagrange's bound says; the pairs are taken in the order of those weights, then any that
    is not needed is put back. With one failing axis that is exact for the mean. Since the whole
    interval must come inside, margins are then drawn in by what it sticks out, and axes that were
    pushed out are added as rows, until all pass or half the set is gone.

    Args:
        measures: of each pair.
        shots: of each pair.
        concept: what may differ.
        margins: by the axis's key.
        held: indices of pairs that may not be dropped.
    """
    before = purity.purity(measures, shots, concept, margins)
    rows = {one.axis.key: _row(one, len(measures)) for one in before if one.finding == "fail"}
    failing = set(rows)
    if not failing:
        return Balance((), 0, True, tuple(before))
    free = np.array([i not in held for i in range(len(measures))])
    least = _least(_excess(rows, dict.fromkeys(rows, 0.0), margins), free)
    inset = dict.fromkeys(rows, 0.0)
    drop: NDArray[np.intp] = np.empty(0, np.intp)
    left = before
    for _ in range(_ROUNDS):
        found = _cover(_excess(rows, inset, margins), free)
        if found is None or len(found) > _MOST_SHARE * len(measures):
            break
        drop = found
        stays = np.setdiff1d(np.arange(len(measures)), drop)
        left = purity.purity(
            [measures[i] for i in stays], [shots[i] for i in stays], concept, margins
        )
        wrong = [one for one in left if _is_wrong(one, failing)]
        if not wrong:
            return Balance(tuple(int(i) for i in drop), least, True, tuple(left))
        for one in wrong:
            key = one.axis.key
            rows[key] = _row(one, len(measures), measures)
            over = max(one.high - one.margin, -one.margin - one.low, 0.0)
            inset[key] = inset.get(key, 0.0) + 1.05 * over + _TINY
    return Balance(tuple(int(i) for i in drop), least, False, tuple(left))


def _is_wrong(drift: Drift, failing: Collection[str]) -> bool:
    return drift.finding == "fail" or (drift.axis.key in failing and drift.finding != "pass")


def _row(drift: Drift, count: int, measures: Sequence[Measures] | None = None) -> Values:
    """Each pair's value on the side where the axis fails, shape (count,); NaN where unknown."""
    way = drift.direction if len(drift.axis.of) > 1 else np.sign([drift.mean])
    if measures is not None:
        (whole,) = purity.values([drift.axis], measures)
        return np.asarray(whole @ way, np.float64)
    row = np.full(count, np.nan)
    row[drift.rows] = drift.values @ way
    return row


def _excess(
    rows: Mapping[str, Values], inset: Mapping[str, float], margins: Mapping[str, float]
) -> Values:
    """By how much each pair is beyond the drawn-in margin, shape (axes, pairs); scaled by it.

    A pair without a value has no part in the mean: its excess is 0.
    """
    table = [
        (row - (margins[key] - inset.get(key, 0.0))) / margins[key] for key, row in rows.items()
    ]
    return np.nan_to_num(np.stack(table), nan=0.0)


def _weights(excess: Values, free: NDArray[np.bool_]) -> tuple[Values, float]:
    """Weights of the rows, shape (axes,), and the bound they prove on the number of pairs.

    Dropping must take at least `need` off each row. For weights w >= 0 the number is at least
    w·need - Σ max(0, w·excess - 1): the dual of the relaxed problem, climbed by subgradients.
    """
    need = excess.sum(axis=1)
    weights = np.maximum(need, 0) / max(float(np.square(need).sum()), _TINY) * free.sum() / 2
    best, bound = weights, 0.0
    columns = excess[:, free]
    for step in range(1, _DUAL_STEPS + 1):
        gain = weights @ columns - 1
        value = float(weights @ need - np.maximum(gain, 0).sum())
        if value > bound:
            best, bound = weights.copy(), value
        slope = need - columns[:, gain > 0].sum(axis=1)
        size = float(np.linalg.norm(slope))
        if size < _TINY:
            break
        weights = np.maximum(weights + slope / size * np.linalg.norm(best) / step**0.7, 0)
    return best, bound


def _least(excess: Values, free: NDArray[np.bool_]) -> int:
    """A number of pairs that no choice can do with less of; exact for one row."""
    need = excess.sum(axis=1)
    single = 0
    for row, lack in zip(excess[:, free], need, strict=True):
        taken = np.cumsum(np.sort(row)[::-1])
        single = max(
            single, int(np.searchsorted(taken >= lack - _TINY, True)) + 1 if lack > 0 else 0
        )
    return max(single, int(np.ceil(_weights(excess, free)[1] - 1e-6)))


def _cover(excess: Values, free: NDArray[np.bool_]) -> NDArray[np.intp] | None:
    """Few pairs whose dropping takes every row down to 0, best first; None if none do."""
    need = excess.sum(axis=1)
    weights, _ = _weights(excess, free)
    order = np.flatnonzero(free)
    order = order[np.argsort(-(weights @ excess[:, order]), kind="stable")]
    taken = np.cumsum(excess[:, order], axis=1)
    enough = (taken >= need[:, None] - _TINY).all(axis=0)
    if (need <= _TINY).all():
        return np.empty(0, np.intp)
    if not enough.any():
        return None
    drop = list(order[: int(enough.argmax()) + 1])
    total = excess[:, drop].sum(axis=1)
    for one in sorted(drop, key=lambda i: float(weights @ excess[:, i])):
        if (total - excess[:, one] >= need - _TINY).all():
            drop.remove(one)
            total = total - excess[:, one]
    return np.array(drop, np.intp)
