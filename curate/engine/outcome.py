"""What became of an item: its result, or why it has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from curate.errors import Failure, WorkerDied

T = TypeVar("T")
R = TypeVar("R")

TRIES = 3
"""So many workers may die on an item before it is given up."""

ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)
"""The variables that keep a worker's libraries to one thread, read when each is imported."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T, R]):
    """What became of an item: a result or a failure, never both."""

    item: T
    result: R | None
    failure: Failure | None


def worked(work: Callable[[T], R], item: T) -> Outcome[T, R]:
    """Do the work; whatever it raises becomes a failure."""
    try:
        return Outcome(item, work(item), None)
    except Exception as error:
        return failed(item, error)


def failed(item: T, error: Exception) -> Outcome[T, R]:
    """An item that an error was raised on."""
    return Outcome(item, None, Failure.of(named(item), error))


def given_up(item: T) -> Outcome[T, R]:
    """An item on which one worker after the other died."""
    return failed(item, WorkerDied(named(item)))


def named(item: object) -> str:
    return str(getattr(item, "name", item))
