"""The value that a share of others lies below."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def quantile(values: NDArray[Any], share: float) -> float:
    """The value at that rank; without interpolating, which takes three times as long.

    Args:
        values: any shape, at least one.
        share: in [0, 1].
    """
    place = round(share * (values.size - 1))
    return float(np.partition(values, place, axis=None)[place])
