from __future__ import annotations

import dataclasses
import json
import pickle
import sqlite3

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate import ledger as ledgers
from curate.figures import Figures, packed
from curate.ledger import Ledger
from curate.pairs.columns import columns, measured
from curate.records import Pair
from curate.rows import writing
from curate.schema import MIGRATIONS

MEASURES = st.dictionaries(
    st.sampled_from("abcde"), st.none() | st.integers(-9, 9) | st.floats(allow_nan=False)
)


def pair(number, measures):
    return Pair(f"p{number}", "a", "t", "density", "a.png", "b.png", measures, "")


def stored(measures):
    return Figures(json.dumps(measures, sort_keys=True), packed(measures))


@given(MEASURES)
def test_measures_out_of_the_ledger_are_those_that_went_in(measures):
    sent = pickle.loads(pickle.dumps(stored(measures)))
    for one in (stored(measures), Figures(json.dumps(measures)), sent):
        assert one == measures
        assert list(one.names) == sorted(measures)
        assert one.get("f", 3) == 3


@given(st.lists(st.tuples(MEASURES, st.sampled_from((dict, Figures, stored)))))
def test_columns_are_the_same_however_the_measures_are_kept(some):
    kept = [
        Figures(json.dumps(measures)) if kind is Figures else kind(measures)
        for measures, kind in some
    ]
    names = ["b", "x", "a"]

    expected = np.array([[one.get(name) for one, _ in some] for name in names], np.float64)

    assert np.array_equal(columns(kept, names), expected.reshape(3, len(some)), equal_nan=True)
    assert measured(kept) == {name for one, _ in some for name in one}


def test_a_pair_comes_back_with_its_numbers(tmp_path):
    one = pair(1, {"b": 0.5, "a": None, "c": -1e-7})
    with Ledger(tmp_path) as ledger:
        ledger.put(one)
        (back,) = ledger.all(Pair)

        assert back == one
        assert back.measures.numbers == packed(one.measures)
        ledger.put(dataclasses.replace(back, twin_id="other"))
        assert ledger.get(Pair, twin_id="other").measures == one.measures


def test_what_an_older_version_measured_is_read(tmp_path):
    old = [pair(number, {"ssim": number / 10}) for number in range(3)]
    version = next(i for i, script in enumerate(MIGRATIONS) if "numbers" in script)
    with sqlite3.connect(tmp_path / ledgers.FILE) as db:
        for statement in ";".join(MIGRATIONS[:version]).split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {version}")
        rows = [writing(Pair)[1](one)[:-1] for one in old]
        db.executemany("INSERT INTO pairs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        db.execute("INSERT INTO verdicts VALUES ('p1', 'person', 'keep', '[]', '2026', 0)")
    db.close()

    with Ledger(tmp_path) as ledger:
        found = ledger.all(Pair)
        assert found == old
        assert columns([one.measures for one in found], ["ssim"]).tolist() == [[0, 0.1, 0.2]]
        assert [*ledger.columns(Pair, "measures")] == [(one.measures,) for one in old]
        assert ledger.rulings() == {}
        ledger.put(*found)
        assert all(one.measures.numbers for one in ledger.all(Pair))


def test_a_value_that_is_no_number_is_kept_as_text_alone():
    assert packed({"a": "odd"}) == b""  # type: ignore[dict-item]


@pytest.mark.parametrize("count", [1, 49, 50, 51, 173])
def test_however_many_are_written_all_are_there(tmp_path, count):
    with Ledger(tmp_path) as ledger:
        ledger.put(*(pair(f"{number:03}", {"a": number}) for number in range(count)))

        assert [one.measures["a"] for one in ledger.all(Pair)] == list(range(count))
