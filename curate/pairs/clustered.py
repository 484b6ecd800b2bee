"""The mean of values that come in clusters, and how far it may lie from the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.pairs import student

_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean, its covariance over clusters, and how many standard errors 95 % confidence takes.

    `reach` is None where fewer than two clusters leave nothing to compare.
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    reach: float | None
    clusters: int


def mean(values: NDArray[np.float64], clusters: NDArray[np.intp]) -> Mean:
    """The mean of `values`, with the variance between clusters in the place of that between values.

    Frames of one shot are alike, so they count for less than as many shots. The variance is the
    cluster-robust one with the correction CR2, the degrees of freedom Satterthwaite's (Bell and
    McCaffrey 2002) under the correlation found within clusters: with few or unequal shots the
    interval is honest where counting clusters alone is not.

    Args:
        values: shape (values, dimensions), at least one row.
        clusters: shape (values,), any numbers.
    """
    _, index, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    count, dimensions = values.shape
    middle = values.mean(axis=0)
    if len(sizes) < 2:
        return Mean(middle, np.zeros((dimensions, dimensions)), None, len(sizes))
    centred = values - middle
    sums = np.stack(
        [np.bincount(index, centred[:, i], len(sizes)) for i in range(dimensions)], axis=1
    ).astype(np.float64)
    share = sizes / count
    weight = 1 / (1 - share)
    covariance = (sums * weight[:, None]).T @ sums / count**2
    freedom = min(
        _freedom(sizes.astype(np.float64), _correlation(centred[:, i], sums[:, i], sizes))
        for i in range(dimensions)
    )
    reach = student.quantile((1 + _CONFIDENCE) / 2, freedom)
    return Mean(middle, covariance, reach, len(sizes))


def _correlation(
    centred: NDArray[np.float64], sums: NDArray[np.float64], sizes: NDArray[np.intp]
) -> float:
    """The correlation of two values of a cluster, in [0, 1], by the analysis of variance."""
    count, groups = len(centred), len(sizes)
    between = float((sums**2 / sizes).sum())
    within = float((centred**2).sum()) - between
    if count == groups:
        return 0.0
    typical = (count - float((sizes**2).sum()) / count) / (groups - 1)
    between, within = between / (groups - 1), max(within, 0.0) / (count - groups)
    spread = between + (typical - 1) * within
    return min(max((between - within) / spread, 0.0), 1.0) if spread > 0 else 0.0


def _freedom(sizes: NDArray[np.float64], correlation: float) -> float:
    """Satterthwaite's degrees of freedom of the CR2 variance of a mean, in linear time."""
    variance = sizes * (1 + (sizes - 1) * correlation)
    share = sizes / sizes.sum()
    weight = 1 / (1 - share)
    total = float(variance.sum())
    own = variance - 2 * share * variance + share**2 * total
    of_both = -2 * share * variance + share**2 * total
    trace = float((weight * own).sum())
    pp = float((weight * share**2).sum())
    vv = float((weight * variance**2).sum())
    pv = float((weight * share * variance).sum())
    squares = float((weight**2 * (variance**2 + 2 * variance * of_both)).sum())
    squares += 2 * vv * pp + total**2 * pp**2 + 2 * pv**2 - 4 * total * pv * pp
    return max(trace**2 / squares, 1.0) if squares > 0 else 1.0
