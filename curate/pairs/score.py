"""How good a pair is, as one number: it chooses between several twins of one frame."""

from __future__ import annotations

from curate.pairs.verdict import DEFAULTS, LIMITS, Measures, Thresholds
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


def score(measures: Measures, concept: Concept, limits: Thresholds = DEFAULTS) -> float:
    """A number in (0, 1]: 1 is a perfect pair; .5 one whose measures all stand at their limits.

    Each measure's distance from its ideal is divided by its limit's distance from it; with the
    mean m of the squares of these, the score is 1 / (1 + m). Pairs of one frame can be compared,
    pairs of two frames hardly: some frames are harder than others.
    """
    ideals = _IDEALS | dict.fromkeys(_DETAIL, sum(limits[key] for key in _DETAIL) / 2)
    strains: dict[str, float] = {}
    for limit in LIMITS:
        if concept not in limit.concepts or limit.key not in ideals:
            continue
        value, ideal = limit.value(measures), ideals[limit.key]
        room = limits[limit.key] - ideal
        if value is not None and room:
            strains[limit.key] = min(max((value - ideal) / room, 0.0) ** 2, _MOST)
        elif value is None and limit.missing is not None:
            strains[limit.key] = _MISSING
    return 1 / (1 + sum(strains.values()) / len(strains)) if strains else 1.0
