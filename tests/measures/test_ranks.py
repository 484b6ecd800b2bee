from __future__ import annotations

import numpy as np
import pytest

from curate.measures.ranks import median, quantile


def test_the_share_of_values_lies_below_it():
    values = np.random.default_rng(0).permutation(101).reshape(1, 101).astype(np.float32)

    assert [quantile(values, share) for share in (0, 0.25, 0.5, 0.9, 1)] == [0, 25, 50, 90, 100]
    assert quantile(np.array([7], np.uint8), 0.4) == 7


@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_the_median_of_each_row_is_numpys(count: int) -> None:
    values = np.random.default_rng(count).normal(size=(3, count)).astype(np.float32)

    assert (median(values) == np.median(values, axis=1)).all()
