"""What there is to know about a merge: every module's figures, the whole's, the warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from curate.merge import ranks
from curate.merge.solving import Solved

_LOW_COSINE = 0.5  # trainings that share a start and data measure above 0.9
_LOW_ENERGY = 0.5
_STRONG = 8.0  # times the median module


@dataclass(frozen=True, slots=True)
class ModuleReport:
    """One module: norms of A, B and the difference, their cosine, what the rank keeps of it.

    Norms are Frobenius norms of the whole change, scales included, before the multiplier. The
    cosine is None where a file lacks the module. `spectrum` holds all singular values.
    """

    name: str
    norm_a: float
    norm_b: float
    norm_d: float
    cosine: float | None
    rank: int
    kept_energy: float
    spectrum: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """The same figures for all modules together."""

    norm_a: float
    norm_b: float
    norm_d: float
    cosine: float | None
    kept_energy: float


def modules(solved: Sequence[Solved], chosen: Mapping[str, int]) -> tuple[ModuleReport, ...]:
    """The report of each module at its chosen rank."""
    return tuple(_module(one, chosen[one.aligned.key]) for one in solved)


def totals(reports: Sequence[ModuleReport], solved: Sequence[Solved]) -> Totals:
    """Figures over all modules, as if they were one block-diagonal matrix."""
    norm_a, norm_b, norm_d = (
        float(np.sqrt(sum(getattr(one, norm) ** 2 for one in reports)))
        for norm in ("norm_a", "norm_b", "norm_d")
    )
    inner = sum(-one.inner for one in solved)
    return Totals(
        norm_a,
        norm_b,
        norm_d,
        _ratio(inner, norm_a * norm_b),
        kept_energy(solved, [one.rank for one in reports]),
    )


def kept_energy(solved: Sequence[Solved], ranks: Sequence[int]) -> float:
    """The share of the whole's squared norm that a rank for each module keeps, in [0, 1]."""
    spectra = [one.solution.singular for one in solved]
    whole = sum(float(values @ values) for values in spectra)
    kept = sum(
        float(values[:rank] @ values[:rank]) for values, rank in zip(spectra, ranks, strict=True)
    )
    return kept / whole if whole else 1.0


def warnings(reports: Sequence[ModuleReport], whole: Totals) -> list[str]:
    """What the user should look at, in sentences."""
    said = []
    if whole.cosine is not None and whole.cosine < _LOW_COSINE:
        said.append(
            f"The two LoRAs hardly agree (cosine {whole.cosine:.2f}): their trainings did not "
            "share a start or their data, so the difference holds more than the concept."
        )
    if whole.kept_energy < _LOW_ENERGY:
        said.append(
            f"The rank keeps only {whole.kept_energy:.0%} of the difference; "
            "a higher --rank or --energy 0.9 keeps more."
        )
    norms = sorted(one.norm_d for one in reports)
    median = norms[len(norms) // 2] if norms else 0.0  # np.median would load np.ma
    strong = [one for one in reports if median and one.norm_d > _STRONG * median]
    if strong:
        worst = max(strong, key=lambda one: one.norm_d)
        said.append(
            f"{worst.name} is unusually strong: {worst.norm_d / median:.0f} times the median module"
            + (f", and {len(strong) - 1} more are like it." if len(strong) > 1 else ".")
        )
    return said


def _module(one: Solved, rank: int) -> ModuleReport:
    singular = one.solution.singular
    a, b = one.norms[:2]
    return ModuleReport(
        one.aligned.name,
        a,
        b,
        float(np.sqrt(np.sum(singular**2))),
        _ratio(-one.inner, a * b),
        rank,
        ranks.kept(singular, rank),
        tuple(float(value) for value in singular),
    )


def _ratio(inner: float, product: float) -> float | None:
    return max(-1.0, min(1.0, inner / product)) if product else None
