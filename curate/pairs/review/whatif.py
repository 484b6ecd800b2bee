"""What another threshold would change: for each limit the value of every pair, and the rest's say.

A pair's ruling under a threshold is the sterner of two: the limit's own, if the value passes the
threshold, and what the rule says without this limit. So a page can follow a dragged threshold
with a comparison a pair, and the rule itself stays in one place.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from curate.pairs.review.shown import Shown
from curate.pairs.verdict import LIMITS, Judgement, Limit, Thresholds, judge
from curate.records import Ruling

_LETTER: dict[Ruling, str] = {"keep": "k", "look": "l", "reject": "r"}


def judged(shown: Sequence[Shown], limits: Thresholds) -> list[Judgement]:
    """What the rule says of each pair under these thresholds."""
    return [judge(one.pair.measures, one.pair.concept, limits) for one in shown]


def table(shown: Sequence[Shown], limits: Thresholds, defaults: Thresholds) -> bytes:
    """Every limit that is not off with its values and rulings, as JSON.

    `now` has a letter a pair for its ruling under `limits`; a limit's `without` has one for the
    ruling without it, its `values` a number, or null where it has no say.
    """
    judgements = judged(shown, limits)
    now = [_LETTER[one.ruling] for one in judgements]
    value = {
        "now": "".join(now),
        "limits": [
            _limit(limit, shown, limits, defaults, now)
            for limit in LIMITS
            if not limit.is_off(limits)
        ],
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _limit(
    limit: Limit,
    shown: Sequence[Shown],
    limits: Thresholds,
    defaults: Thresholds,
    now: Sequence[str],
) -> dict[str, object]:
    lifted = {**limits, limit.key: math.inf if limit.side == "over" else -math.inf}
    values: list[float | None] = []
    without = list(now)
    for index, one in enumerate(shown):
        measures = one.pair.measures
        counts = one.pair.concept in limit.concepts and limit.counts(measures, limits)
        value = limit.value(measures) if counts else None
        values.append(value)
        if value is not None and limit.passed(value, limits[limit.key]):
            without[index] = _LETTER[judge(measures, one.pair.concept, lifted).ruling]
    return {
        "key": limit.key,
        "badge": limit.badge,
        "side": limit.side,
        "ruling": limit.ruling,
        "at": limits[limit.key],
        "default": defaults[limit.key],
        "values": values,
        "without": "".join(without),
    }
