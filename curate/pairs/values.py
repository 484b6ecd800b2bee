"""What a limit looks at: a measure, or what is made of two, of one pair or of very many."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter, methodcaller
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Measures: TypeAlias = Mapping[str, float | None]
Column: TypeAlias = NDArray[np.float64]
"""A measure of every pair, shape (pairs,); NaN where it was not had."""


@dataclass(frozen=True, slots=True)
class Value:
    """Called with a pair's measures it gives the value, None where it cannot be had.

    `column` makes the same of columns by their `names`: bit by bit the same numbers.
    """

    names: tuple[str, ...]
    single: Callable[[Measures], float | None]
    column: Callable[[Mapping[str, Column]], Column]

    def __call__(self, measures: Measures) -> float | None:
        return self.single(measures)


def the(measure: str) -> Value:
    return Value((measure,), methodcaller("get", measure), itemgetter(measure))


def size(measure: str) -> Value:
    def single(measures: Measures) -> float | None:
        value = measures.get(measure)
        return None if value is None else abs(value)

    return Value((measure,), single, lambda columns: np.abs(columns[measure]))


def length(one: str, other: str) -> Value:
    """Of the vector that two measures are."""

    def single(measures: Measures) -> float | None:
        a, b = measures.get(one), measures.get(other)
        return None if a is None or b is None else math.hypot(a, b)

    def column(columns: Mapping[str, Column]) -> Column:
        both = columns[one].tolist(), columns[other].tolist()
        return np.fromiter(map(math.hypot, *both), np.float64)

    return Value((one, other), single, column)


def larger(one: str, other: str) -> Value:
    """The larger of two measures of the same thing: both must fall short for a pair to."""

    def single(measures: Measures) -> float | None:
        a, b = measures.get(one), measures.get(other)
        return b if a is None else a if b is None or a >= b else b

    return Value((one, other), single, lambda columns: np.fmax(columns[one], columns[other]))


def lesser(one: Value, other: Value) -> Value:
    """The lesser of two values of the same thing: both must be too large for a pair to fail."""

    def single(measures: Measures) -> float | None:
        found = (value(measures) for value in (one, other))
        return min((value for value in found if value is not None), default=None)

    def column(columns: Mapping[str, Column]) -> Column:
        return np.fmin(one.column(columns), other.column(columns))

    return Value((*one.names, *other.names), single, column)
