"""Thresholds that a person's own rulings speak for, and what they would have done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.errors import TooFewRulings
from curate.pairs.checked import Checked
from curate.pairs.verdict import LIMITS, Limit, Measures, Thresholds
from curate.records import Concept

LEAST_DECIDED = 10
"""With fewer rulings nothing is proposed."""

_SWEEPS = 3
_FOLDS = 5
_CANDIDATES = 64


@dataclass(frozen=True, slots=True)
class Example:
    """A pair that a person ruled on."""

    measures: Measures
    concept: Concept
    is_kept: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """Another value for a threshold."""

    key: str
    now: float
    proposed: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is proposed, and on how many of the decided pairs rule and person agree.

    A pair that the rule rejects or gives to a person counts as caught. `expected` is the share of
    agreement on pairs that the thresholds were not fitted to: each fifth of the pairs is judged by
    what the other four propose.
    """

    proposals: tuple[Proposal, ...]
    decided: int
    agreed_now: int
    agreed: int
    wrongly_caught: tuple[int, int]
    missed: tuple[int, int]
    expected: float


def by_rulings(checked: Iterable[Checked], limits: Thresholds) -> Calibration:
    """What a person's rulings so far propose.

    Raises:
        TooFewRulings: there are fewer than LEAST_DECIDED.
    """
    examples = [
        Example(one.pair.measures, one.halves.concept, one.person == "keep")
        for one in checked
        if one.person in ("keep", "reject")
    ]
    if len(examples) < LEAST_DECIDED:
        raise TooFewRulings(len(examples), LEAST_DECIDED)
    return calibrated(examples, limits)


def calibrated(examples: Sequence[Example], limits: Thresholds) -> Calibration:
    """The thresholds with which the rule agrees with a person most often, one moved at a time.

    A threshold moves only where that makes the rule agree more often, and then to the middle of the
    gap between two pairs that is nearest to where it was: what nobody ruled on stays as it is.

    Args:
        examples: at least LEAST_DECIDED pairs with a person's ruling.
        limits: the thresholds in use.

    Raises:
        ValueError: there are fewer examples.
    """
    if len(examples) < LEAST_DECIDED:
        raise ValueError(f"at least {LEAST_DECIDED} rulings, not {len(examples)}")
    data = _Data.of(examples, limits)
    every = np.ones(len(examples), np.bool_)
    fitted = _fitted(data, limits, every)
    before, after = _caught(data, limits), _caught(data, fitted)
    folds = np.arange(len(examples)) % _FOLDS
    agreed = sum(
        int((_caught(data, _fitted(data, limits, folds != fold)) != data.kept)[folds == fold].sum())
        for fold in range(_FOLDS)
    )
    return Calibration(
        tuple(
            Proposal(key, limits[key], value)
            for key, value in fitted.items()
            if value != limits[key]
        ),
        len(examples),
        int((before != data.kept).sum()),
        int((after != data.kept).sum()),
        (int((before & data.kept).sum()), int((after & data.kept).sum())),
        (int((~before & ~data.kept).sum()), int((~after & ~data.kept).sum())),
        agreed / len(examples),
    )


@dataclass(frozen=True, slots=True)
class _Data:
    """What the limits look at, shape (limits, pairs); NaN where a limit has no say."""

    values: NDArray[np.float64]
    always: NDArray[np.bool_]
    kept: NDArray[np.bool_]

    @classmethod
    def of(cls, examples: Sequence[Example], limits: Thresholds) -> _Data:
        values = [[_value(limit, one, limits) for one in examples] for limit in LIMITS]
        lacking = [
            [
                limit.missing is not None
                and not limit.is_off(limits)
                and one.concept in limit.concepts
                and limit.value(one.measures) is None
                for one in examples
            ]
            for limit in LIMITS
        ]
        return cls(
            np.array(values, np.float64),
            np.asarray(np.array(lacking, np.bool_).any(axis=0), np.bool_),
            np.array([one.is_kept for one in examples], np.bool_),
        )


def _value(limit: Limit, one: Example, limits: Thresholds) -> float:
    value = limit.value(one.measures)
    has_say = one.concept in limit.concepts and limit.counts(one.measures, limits)
    return float("nan") if value is None or not has_say else value


def _passed(limit: Limit, values: NDArray[np.float64], threshold: float) -> NDArray[np.bool_]:
    return values > threshold if limit.side == "over" else values < threshold


def _caught(data: _Data, limits: Thresholds) -> NDArray[np.bool_]:
    caught = data.always.copy()
    for limit, values in zip(LIMITS, data.values, strict=True):
        caught |= _passed(limit, values, limits[limit.key])
    return caught


def _fitted(data: _Data, limits: Thresholds, chosen: NDArray[np.bool_]) -> Mapping[str, float]:
    """The thresholds that agree most often with the rulings on the chosen pairs."""
    found = dict(limits)
    values, kept = data.values[:, chosen], data.kept[chosen]
    for _ in range(_SWEEPS):
        before = dict(found)
        for row, limit in enumerate(LIMITS):
            others = data.always[chosen].copy()
            for other, name in enumerate(LIMITS):
                if other != row:
                    others |= _passed(name, values[other], found[name.key])
            found[limit.key] = _best(limit, values[row], others, kept, found[limit.key])
        if found == before:
            break
    return found


def _best(
    limit: Limit,
    values: NDArray[np.float64],
    others: NDArray[np.bool_],
    kept: NDArray[np.bool_],
    now: float,
) -> float:
    """The threshold of one limit with the fewest errors; the nearest to `now` of several."""
    known = np.unique(values[np.isfinite(values)])
    if len(known) < 2:
        return now
    middles = (known[1:] + known[:-1]) / 2
    some = middles[np.linspace(0, len(middles) - 1, min(len(middles), _CANDIDATES)).astype(int)]
    candidates = [now, *sorted((float(f"{v:.4g}") for v in some), key=lambda v: abs(v - now))]
    errors = [
        int(((others | _passed(limit, values, candidate)) == kept).sum())
        for candidate in candidates
    ]
    return candidates[int(np.argmin(errors))]
