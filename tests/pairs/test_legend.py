from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curate.pairs.legend import Number

SIXTH = st.integers(-(10**6), 10**6).map(lambda steps: steps / 1000)
"""Among them very many that lie halfway between two texts."""


@given(st.lists(SIXTH | st.floats(-1e6, 1e6)), st.integers(0, 4), st.booleans())
def test_a_column_is_written_as_each_value_is_alone(values, digits, is_signed):
    number = Number("shift", "shift", digits, " px", is_signed)

    texts = number.texts(np.array(values, np.float64), str.upper, "none")

    assert texts == [number.form.format(value).upper() for value in values]


def test_a_value_that_was_not_had_is_said_to_be_missing():
    texts = Number("shift", "shift", 1).texts(np.array([np.nan, 2.0]), str, "not measured")

    assert texts == ["not measured", "2.0"]
