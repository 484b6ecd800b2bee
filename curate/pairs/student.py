"""Student's t distribution: how far a mean may lie from the truth."""

from __future__ import annotations

import math
from functools import cache

_TINY = 1e-300
_TERMS = 500
_EXACT = 1e-14
_STEPS = 100
_NEAR = 1e-13


@cache
def quantile(share: float, freedom: float) -> float:
    """The t that `share` of the distribution lies below.

    By Newton's method from 0: the distribution is concave above, so no step passes the quantile.

    Args:
        share: in [0.5, 1).
        freedom: degrees of freedom, above 0; need not be whole.
    """
    t = 0.0
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2))
    scale /= math.sqrt(freedom * math.pi)
    for _ in range(_STEPS):
        density = scale * (1 + t * t / freedom) ** (-(freedom + 1) / 2)
        step = (share - _below(t, freedom)) / density
        t += step
        if step <= _NEAR * t:
            break
    return t


def _below(t: float, freedom: float) -> float:
    """The share below t >= 0."""
    return 1 - _beta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2


def _beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function (DLMF 8.17.22, by Lentz's method)."""
    if x <= 0 or x >= 1:
        return min(max(x, 0.0), 1.0)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(1 - x, b, a)
    front = math.exp(
        a * math.log(x)
        + b * math.log1p(-x)
        - (math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b))
    )
    fraction = c = 1.0
    d = 0.0
    for term in range(_TERMS):
        m = term // 2
        if term == 0:
            step = 1.0
        elif term % 2 == 0:
            step = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        else:
            step = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / (_away(1 + step * d))
        c = _away(1 + step / c)
        fraction *= c * d
        if abs(1 - c * d) < _EXACT:
            break
    return front * (fraction - 1) / a


def _away(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
