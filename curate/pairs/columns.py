"""The measures of many pairs as columns of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def columns(
    measures: Sequence[Mapping[str, float | None]], names: Sequence[str]
) -> NDArray[np.float64]:
    """Shape (names, pairs); NaN where a measure was not had.

    Read pair by pair: the measures of ten thousand do not fit into a processor's cache.
    """
    rows = [tuple(map(one.get, names)) for one in measures]
    return np.array(rows, np.float64).reshape(len(measures), len(names)).T
