"""Outcomes in the order of their items, whichever is done first."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TypeVar

from curate import engine
from curate.engine import Outcome

T = TypeVar("T", bound=Hashable)
R = TypeVar("R")

_NEEDS = engine.Needs(memory_mb=500)


def kept(work: Callable[[T], R], items: Sequence[T]) -> Iterator[Outcome[T, R]]:
    """As `engine.map`, in the order of `items`; what is done early waits.

    The items that come back are copies, so they are told apart by value.
    """
    numbers = {item: number for number, item in enumerate(items)}
    early: dict[int, Outcome[T, R]] = {}
    following = 0
    for outcome in engine.map(work, items, needs=_NEEDS):
        early[numbers[outcome.item]] = outcome
        while following in early:
            yield early.pop(following)
            following += 1
