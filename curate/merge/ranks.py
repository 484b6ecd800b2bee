"""How many singular values to keep: by energy or by the size of the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from curate.errors import BadSetting

Spectra = Mapping[str, NDArray[np.float64]]
"""Module -> singular values of its difference, largest first."""


def for_energy(spectra: Spectra, energy: float, *, mixed: bool) -> dict[str, int]:
    """The smallest ranks that keep a share of the squared norm of all modules together.

    One rank for all; or, mixed, the largest singular values of all modules until the share is
    reached, at least one each.
    """
    if mixed:
        return _greedy(spectra, energy=energy)
    longest = max(len(values) for values in spectra.values())
    squares = np.zeros(longest)
    for values in spectra.values():
        squares[: len(values)] += values**2
    return dict.fromkeys(spectra, _reached(squares, energy))


def for_size(
    spectra: Spectra, costs: Mapping[str, int], budget_bytes: float, *, mixed: bool
) -> dict[str, int]:
    """The ranks that keep most within a size.

    Args:
        spectra: by module.
        costs: bytes that one rank takes in each module.
        budget_bytes: for all modules together.
        mixed: a rank for each module, chosen greedily by squared singular value per byte.

    Raises:
        BadSetting: rank 1 takes more already.
    """
    least = sum(costs.values())
    if least > budget_bytes:
        raise BadSetting(
            f"--size-mb: rank 1 takes {least / 1e6:.1f} MB already.",
            remedy="Allow more, choose fewer modules (--target, --top) or a smaller --dtype.",
        )
    if mixed:
        return _greedy(spectra, costs=costs, budget=budget_bytes)
    longest = max(len(values) for values in spectra.values())
    return dict.fromkeys(spectra, min(int(budget_bytes // least), longest))


def kept(singular: NDArray[np.float64], rank: int) -> float:
    """The share of the squared norm that a rank keeps, in [0, 1]; 1 where there is nothing."""
    total = float(np.sum(singular**2))
    return float(np.sum(singular[:rank] ** 2)) / total if total else 1.0


def _reached(squares: NDArray[np.float64], share: float) -> int:
    sums = np.cumsum(squares)
    within = np.searchsorted(sums, share * sums[-1] * (1 - 1e-12))
    return min(int(within) + 1, len(squares))


def _greedy(
    spectra: Spectra,
    *,
    energy: float | None = None,
    costs: Mapping[str, int] | None = None,
    budget: float = np.inf,
) -> dict[str, int]:
    chosen = dict.fromkeys(spectra, 1)
    wanted = np.inf if energy is None else energy * _squares(spectra) * (1 - 1e-12)
    gained = sum(float(values[0]) ** 2 for values in spectra.values())
    spent = sum(costs.values()) if costs else 0.0
    for key, gain in _by_worth(spectra, costs):
        cost = costs[key] if costs else 0
        if gained >= wanted or spent + cost > budget:
            break
        chosen[key] += 1
        gained, spent = gained + gain, spent + cost
    return chosen


def _by_worth(spectra: Spectra, costs: Mapping[str, int] | None) -> Sequence[tuple[str, float]]:
    rest = [
        (float(value) ** 2 / (costs[key] if costs else 1), key, float(value) ** 2)
        for key, values in spectra.items()
        for value in values[1:]
        if value > 0
    ]
    rest.sort(key=lambda entry: -entry[0])  # stable: equal ones stay in the modules' order
    return [(key, gain) for _, key, gain in rest]


def _squares(spectra: Spectra) -> float:
    return sum(float(np.sum(values**2)) for values in spectra.values())
