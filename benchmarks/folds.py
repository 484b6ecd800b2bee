"""Limits set on some bases and simplifiers, judged on others: the procedure, and its folds.

Bases and simplifiers are each dealt into FOLDS groups by a seed. A pair is judged by limits that
were set without any pair of its base's group or of its simplifier's group, so that every pair is
held out once and no figure hangs on one draw.

Limits are set so. Each stands first at the worst of the training good: at that quantile, the same
for all limits, with which together they keep KEPT of them. Then each is moved away from the good by
MARGIN times as much as they spread (from their median to that quantile), but not farther than
TOWARDS of the way to the nearest (NEAREST of them, as a quantile) of the training bad that it alone
holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from simulator import Measured

from curate.pairs.verdict import DEFAULTS, LIMITS, Judgement, Limit, judge

FOLDS = 4
KEPT = 0.985
NEAREST = 0.1
MARGIN = 2.0
TOWARDS = 0.6
SET = ("shift_px", "edges_moved", "edges_anew", "tint", "brightness", "chroma_min", "chroma_max",
       "contrast_min", "contrast_max", "detail_max")  # fmt: skip
"""The limits that are set; the others of the concept stand as they are.

How far edges correlate and how much one tile changed tell how much was taken away as well as what
is wrong, so some simplifiers say nothing of where others end: those limits only refuse what is far
off, and none is learnt for them.
"""

_FITTED = [limit for limit in LIMITS if limit.key in SET]
_STANDING = [one for one in LIMITS if "density" in one.concepts and one.key not in SET]
_QUANTILES = 1 - np.arange(0, 0.06, 0.0005)
_LEAST_SPREAD = {"edges_moved": 0.05}

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Set:
    """Limits by their keys, and what they do to the pairs that they were set on."""

    limits: Mapping[str, float]
    kept: float
    caught: float


def fitted(pairs: Sequence[Measured]) -> Set:
    """The limits that the procedure sets on these pairs."""
    good = _values([one for one in pairs if one.label == "good"])
    bad = _values([one for one in pairs if one.is_bad and not _is_refused(one)])
    tight = next(
        at for at in np.nanquantile(good, _QUANTILES[::-1], axis=0)
        if (~_passed(good, at)).mean() >= KEPT
    )  # fmt: skip
    spread = np.maximum(tight - np.nanmedian(good, axis=0), 0)
    spread = np.maximum(spread, [_LEAST_SPREAD.get(one.key, 0.0) for one in _FITTED])
    middle = tight + MARGIN * spread
    over = np.nan_to_num(bad, nan=-np.inf) > tight
    for place in range(len(_FITTED)):
        alone = bad[over[:, place] & (over.sum(axis=1) == 1), place]
        if len(alone):
            near = float(np.quantile(alone, NEAREST))
            farthest = tight[place] + TOWARDS * (near - tight[place])
            middle[place] = min(middle[place], farthest)
    limits = {one.key: _sign(one) * float(at) for one, at in zip(_FITTED, middle, strict=True)}
    return Set(limits, float((~_passed(good, middle)).mean()), float(_passed(bad, middle).mean()))


def judged(pairs: Sequence[Measured], seed: int) -> list[Judgement]:
    """Each pair by limits that were set on other bases and other simplifiers."""
    dice = np.random.default_rng(seed)
    bases = dealt(sorted({one.case.base for one in pairs}), dice)
    simple = dealt(sorted({one.case.simplifier for one in pairs}), dice)
    found: dict[int, Judgement] = {}
    for group, other in product(range(FOLDS), repeat=2):
        held = [one for one in pairs if (bases[one.case.base], simple[one.case.simplifier])
                == (group, other)]  # fmt: skip
        train = [one for one in pairs if bases[one.case.base] != group
                 and simple[one.case.simplifier] != other]  # fmt: skip
        limits = dict(DEFAULTS) | dict(fitted(train).limits)
        found |= {id(one): judge(one.measures, one.case.concept, limits) for one in held}
    return [found[id(one)] for one in pairs]


def dealt(names: Sequence[str], dice: np.random.Generator) -> dict[str, int]:
    """A group from 0 to FOLDS - 1 for each name, as even as can be."""
    return {str(name): at % FOLDS for at, name in enumerate(dice.permutation(names))}


def _values(pairs: Sequence[Measured]) -> Values:
    """Shape (pairs, limits), larger is worse; NaN where a limit has no say, inf where it must."""
    return np.array([[_value(limit, one) for limit in _FITTED] for one in pairs])


def _is_refused(one: Measured) -> bool:
    """By a limit that stands."""
    return any(
        (value := limit.value(one.measures)) is not None
        and limit.passed(value, DEFAULTS[limit.key])
        and not limit.is_off(DEFAULTS)
        for limit in _STANDING
    )


def _value(limit: Limit, one: Measured) -> float:
    value = limit.value(one.measures)
    if value is None:
        return np.nan if limit.missing is None else np.inf
    return _sign(limit) * value if limit.counts(one.measures, DEFAULTS) else np.nan


def _sign(limit: Limit) -> int:
    return 1 if limit.side == "over" else -1


def _passed(values: Values, limits: Values) -> NDArray[np.bool_]:
    return np.asarray((np.nan_to_num(values, nan=-np.inf) > limits).any(axis=1))
