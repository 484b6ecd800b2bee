"""What follows from the spectra: the modules worth keeping, their ranks, the multiplier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

import numpy as np

from curate.errors import LorasDiffer, NoModuleChosen
from curate.merge import numbers, ranks, solving
from curate.merge.align import Aligned
from curate.merge.settings import Settings
from curate.merge.solving import Full, Solved

_HEADER_BYTES, _HEADER_BYTES_A_MODULE = 1500, 400  # metadata; three tensors' names and places


def strong_enough(solved: Sequence[Solved], asked: Settings) -> list[Solved]:
    """The modules that pass the threshold, the percentile and the top count, in their order.

    Raises:
        NoModuleChosen: none does.
    """
    norms = {one.aligned.key: norm(one) for one in solved}
    left = set(norms)
    if asked.threshold is not None:
        left &= {key for key, value in norms.items() if value >= asked.threshold}
    if asked.percentile is not None and norms:
        least = np.percentile(list(norms.values()), asked.percentile)
        left &= {key for key, value in norms.items() if value >= least}
    if asked.top is not None:
        left &= set(sorted(norms, key=lambda key: -norms[key])[: asked.top])
    if norms and not left:
        raise NoModuleChosen(
            "No targeted module's difference is as strong as asked for.",
            remedy=f"Their norms lie between {min(norms.values()):.3g} and "
            f"{max(norms.values()):.3g}; lower --threshold.",
        )
    return [one for one in solved if one.aligned.key in left]


def check_difference(
    solved: Iterable[Solved],
    whole: Mapping[str, tuple[Aligned, Mapping[str, Full]]],
    asked: Settings,
) -> None:
    """See that there is something to write.

    Raises:
        LorasDiffer: every difference is zero, and zeros were not asked for.
    """
    full = (values for _, parts in whole.values() for values in parts.values())
    there = chain((one.solution.singular for one in solved), full)
    if not asked.allow_zero and not any(values.any() for values in there):
        raise LorasDiffer(
            "There is no difference between the two LoRAs in the chosen modules.",
            remedy="Check that they are not the same file; --allow-zero writes zeros.",
        )


def ranks_of(solved: Sequence[Solved], asked: Settings, dtype: str) -> dict[str, int]:
    """The rank of each module: one for all, the largest that is written, or mixed ranks."""
    spectra = solving.spectra(solved)
    if not spectra:
        return {}
    if asked.energy is not None:
        return ranks.for_energy(spectra, asked.energy, mixed=asked.mixed_ranks)
    if asked.size_mb is not None:
        costs = {one.aligned.key: _bytes_a_rank(one, dtype) for one in solved}
        budget = asked.size_mb * 1e6 - _HEADER_BYTES - _HEADER_BYTES_A_MODULE * len(solved)
        return ranks.for_size(spectra, costs, budget, mixed=asked.mixed_ranks)
    return dict.fromkeys(spectra, max(asked.ranks))


def multiplier(solved: Sequence[Solved], chosen: Mapping[str, int], asked: Settings) -> float:
    """alpha, or what gives the result the target norm."""
    if asked.target_norm is None:
        return asked.alpha
    cut = asked.norm_of.endswith("after")
    squares = [
        float(np.sum(one.solution.singular[: chosen[one.aligned.key] if cut else None] ** 2))
        for one in solved
    ]
    total = float(np.sqrt(sum(squares)))
    have = float(np.mean(np.sqrt(squares))) if asked.norm_of.startswith("mean") else total
    return asked.target_norm / have if have else 1.0


def norm(one: Solved) -> float:
    """The Frobenius norm of a module's difference."""
    return float(np.sqrt(np.sum(one.solution.singular**2)))


def _bytes_a_rank(one: Solved, dtype: str) -> int:
    shape = one.aligned.shape
    assert shape is not None
    return (shape.rows + shape.columns) * numbers.BYTES[dtype]
