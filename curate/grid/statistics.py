"""How a measure follows the strength: rank correlation, slope, whether it ever turns back."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Trend:
    """How values follow strengths: Spearman's rho in [-1, 1], None where the values are all equal.

    `slope` is that of the least-squares line, in the measure's unit for a strength of 1;
    `is_monotone` is whether every step goes the same way.
    """

    spearman: float | None
    slope: float
    is_monotone: bool


def trend(strengths: Sequence[float], values: Sequence[float]) -> Trend | None:
    """The trend of values over strictly ascending strengths; None of fewer than two.

    Raises:
        ValueError: there are not as many of the one as of the other.
    """
    if len(strengths) != len(values):
        raise ValueError(f"{len(strengths)} strengths and {len(values)} values")
    if len(values) < 2:
        return None
    x, y = np.asarray(strengths, np.float64), np.asarray(values, np.float64)
    steps = [after - before for before, after in itertools.pairwise(values)]
    centred = x - x.mean()
    return Trend(
        spearman=spearman(strengths, values),
        slope=float(centred @ (y - y.mean()) / (centred @ centred)),
        is_monotone=all(step > 0 for step in steps) or all(step < 0 for step in steps),
    )


def spearman(a: Sequence[float], b: Sequence[float]) -> float | None:
    """The correlation of the ranks of two samples, equal values at their mean rank (Spearman 1904).

    None where one of them has only one value.
    """
    x, y = (ranks - ranks.mean() for ranks in (_ranks(a), _ranks(b)))
    norm = float(np.sqrt((x @ x) * (y @ y)))
    return round(float(x @ y) / norm, 12) if norm > 0 else None


def _ranks(values: Sequence[float]) -> NDArray[np.float64]:
    _, place, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[place], np.float64)
