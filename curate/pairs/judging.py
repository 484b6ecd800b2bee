"""Very many pairs judged and scored: most pass no limit, which is seen of all of them at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from curate.pairs.columns import columns
from curate.pairs.score import scores
from curate.pairs.verdict import LIMITS, Judgement, Measures, Thresholds, judge
from curate.records import Concept

Judged: TypeAlias = tuple[Judgement, float]
"""What the rule says of a pair, and its score."""


def judged(pairs: Sequence[tuple[Measures, Concept]], limits: Thresholds) -> list[Judged]:
    """What `verdict.judge` and `score.score` say of each pair."""
    places: dict[Concept, list[int]] = defaultdict(list)
    for place, (_, concept) in enumerate(pairs):
        places[concept].append(place)
    found: dict[int, Judged] = {}
    for concept, some in places.items():
        said = _of_one_concept([pairs[place][0] for place in some], concept, limits)
        found.update(zip(some, said, strict=True))
    return [found[place] for place in range(len(pairs))]


def _of_one_concept(
    measures: Sequence[Measures], concept: Concept, limits: Thresholds
) -> list[Judged]:
    tests = [limit for limit in LIMITS if concept in limit.concepts]
    names = {name for limit in tests for name in (*limit.value.names, limit.stand_in) if name}
    table = dict(zip(names, columns(measures, list(names)), strict=True))
    values = {limit.key: limit.value.column(table) for limit in tests}
    is_passed = np.zeros(len(measures), np.bool_)
    for limit in tests:
        value, threshold = values[limit.key], limits[limit.key]
        is_passed |= value > threshold if limit.side == "over" else value < threshold
    lacking = np.packbits(np.isnan(np.stack(list(table.values()))), axis=0).T
    alike: dict[bytes, Judgement] = {}  # of pairs that pass no limit and lack the same measures
    found = []
    for one, passed, lacks in zip(measures, is_passed.tolist(), lacking, strict=True):
        if passed:
            found.append(judge(one, concept, limits))
            continue
        key = lacks.tobytes()
        if key not in alike:
            alike[key] = judge(one, concept, limits)
        found.append(alike[key])
    return list(zip(found, scores(values, concept, limits).tolist(), strict=True))
