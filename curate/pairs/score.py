"""How good a pair is, as one number: it chooses between several twins of one frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import numpy as np

from curate.pairs.values import Column
from curate.pairs.verdict import DEFAULTS, LIMITS, Limit, Measures, Thresholds
from curate.records import Concept

_IDEALS = {
    "shift_px": 0.0,
    "gradient_ncc": 1.0,
    "tint": 0.0,
    "brightness": 0.0,
    "chroma_min": 1.0,
    "chroma_max": 1.0,
    "contrast_min": 1.0,
    "contrast_max": 1.0,
    "tile": 0.0,
    "clip_min": 1.0,
}
"""What a measure is in a perfect pair, by its limit; one that is not here has no say."""

_DETAIL = ("detail_min", "detail_max")  # best halfway between both
_MOST = 100.0  # ten times as far off as allowed; farther off is no worse
_MISSING = 4.0  # a measure that could not be had although the pair needs it

_COUNTING: dict[Concept, tuple[Limit, ...]] = {
    concept: tuple(
        limit
        for limit in LIMITS
        if concept in limit.concepts and (limit.key in _IDEALS or limit.key in _DETAIL)
    )
    for concept in get_args(Concept)
}


def score(measures: Measures, concept: Concept, limits: Thresholds = DEFAULTS) -> float:
    """A number in (0, 1]: 1 is a perfect pair; .5 one whose measures all stand at their limits.

    Each measure's distance from its ideal is divided by its limit's distance from it; with the
    mean m of the squares of these, the score is 1 / (1 + m). Pairs of one frame can be compared,
    pairs of two frames hardly: some frames are harder than others.
    """
    values = {limit.key: limit.value(measures) for limit in _COUNTING[concept]}
    columns = {key: np.array([value], np.float64) for key, value in values.items()}
    return float(scores(columns, concept, limits)[0])


def scores(values: Mapping[str, Column], concept: Concept, limits: Thresholds) -> Column:
    """The scores of many pairs.

    Args:
        values: what each limit of the concept looks at, by the limit's key.
        concept: of all the pairs.
        limits: the thresholds.
    """
    middle = sum(limits[key] for key in _DETAIL) / 2
    total = np.zeros(max(map(len, values.values()), default=0))
    count = np.zeros_like(total)
    for limit in _COUNTING[concept]:
        value, ideal = values[limit.key], _IDEALS.get(limit.key, middle)
        is_missing = np.isnan(value)
        if room := limits[limit.key] - ideal:
            with np.errstate(over="ignore"):  # a limit a hair from its ideal; `_MOST` is less
                strain = np.maximum((value - ideal) / room, 0)
                strain *= strain
            total += np.where(is_missing, 0, np.minimum(strain, _MOST))
            count += ~is_missing
        if limit.missing is not None:
            total += _MISSING * is_missing
            count += is_missing
    return 1 / (1 + total / np.maximum(count, 1))
