from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from curate.pairs.judging import judged
from curate.pairs.score import score
from curate.pairs.verdict import DEFAULTS, LIMITS, judge

NAMES = sorted({name for limit in LIMITS for name in (*limit.value.names, limit.stand_in) if name})
NUMBERS = st.none() | st.floats(-3, 3) | st.floats(-99, 99)
MEASURES = st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, NUMBERS))
PAIRS = st.tuples(MEASURES, st.sampled_from(("density", "light", "none")))


@settings(max_examples=200)
@given(st.lists(PAIRS), st.sampled_from(LIMITS), st.floats(-2, 40))
def test_many_pairs_are_judged_and_scored_as_each_is_alone(pairs, limit, threshold):
    limits = DEFAULTS | {limit.key: threshold}

    assert judged(pairs, limits) == [
        (judge(measures, concept, limits), score(measures, concept, limits))
        for measures, concept in pairs
    ]
