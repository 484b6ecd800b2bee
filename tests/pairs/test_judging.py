from __future__ import annotations

import sqlite3

from hypothesis import given, settings
from hypothesis import strategies as st

from curate.ledger import FILE, Ledger
from curate.pairs.judging import judged
from curate.pairs.run import pair_check
from curate.pairs.score import score
from curate.pairs.verdict import DEFAULTS, LIMITS, judge
from curate.records import Pair
from tests.pairs.scenes import place_twin, scene, twin_of

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


def test_what_an_older_version_measured_is_given_its_numbers_when_it_is_judged(tmp_path):
    place_twin(tmp_path, "street", scene(1), twin_of(1))
    with Ledger(tmp_path) as ledger:
        before = pair_check(ledger).pairs[0].judgement
        measures = dict(ledger.all(Pair)[0].measures)
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("UPDATE pairs SET numbers = x''")
    db.close()

    with Ledger(tmp_path) as ledger:
        assert not ledger.all(Pair)[0].measures.numbers
        assert pair_check(ledger).pairs[0].judgement == before
        (pair,) = ledger.all(Pair)

    assert pair.measures.numbers
    assert pair.measures == measures
