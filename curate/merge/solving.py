"""Every module's difference, solved in threads, and its factors at a rank."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from curate.errors import LoraUnreadable
from curate.merge import difference, factors, numbers, scratch
from curate.merge.align import Aligned
from curate.merge.device import Device
from curate.merge.difference import Basis, Solution, Term
from curate.merge.files import TensorFile

T = TypeVar("T")
R = TypeVar("R")

Pair = tuple[NDArray[Any], NDArray[Any]]
"""`lora_up` (rows, rank) and `lora_down` (rank, columns), rounded to the output's dtype."""

Full = NDArray[np.float64]
"""A difference that is no product of factors: a bias, a norm, a whole weight."""

_ROOM_BYTES = 1 << 24


@dataclass(frozen=True, slots=True)
class Solved:
    """A module's difference: its spectrum, the inner products of its terms, its factors if asked.

    `norms` and `inner` are by file; a file without the module has norm 0.
    """

    aligned: Aligned
    solution: Solution
    norms: tuple[float, ...]
    inner: float
    factors: Pair | None


@dataclass(frozen=True, slots=True)
class Sources:
    """The open files, each with its weight in the sum."""

    files: Sequence[TensorFile]
    weights: Sequence[float]
    ignore_alpha: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Factors of a rank, times a multiplier, in a dtype."""

    rank: int
    multiplier: float
    dtype: str


def solve(
    batch: Sequence[Aligned], sources: Sources, device: Device, wanted: Wanted | None
) -> list[Solved]:
    """Solve a batch of modules, and make their factors in the same breath if they are wanted.

    Raises:
        LoraUnreadable: a NaN or an infinity, named with its tensor.
    """
    scratch.begin()
    with device.lane(), np.errstate(invalid="ignore", over="ignore"):
        bases, grams = [], []
        for one in batch:
            bases.append(_basis(one, sources, device))
            grams.append(difference.grams(bases[-1]))
        try:
            solutions = difference.solve(device.xp, device.fetch, bases, grams)
        except FloatingPointError:
            raise _culprit(batch, sources) from None
        made = [
            _made(base, solution, wanted, device) if wanted else None
            for base, solution in zip(bases, solutions, strict=True)
        ]
    return [_solved(*one) for one in zip(batch, solutions, made, strict=True)]


def make(solved: Solved, sources: Sources, device: Device, wanted: Wanted) -> Pair:
    """The factors of a module that was solved without them."""
    scratch.begin()
    with device.lane():
        base = _basis(solved.aligned, sources, device)
        return _made(base, solved.solution, wanted, device)


def whole(aligned: Aligned, sources: Sources) -> dict[str, Full]:
    """The weighted sums of a module's full differences (`diff`, `diff_b`, `diff_m`), by role.

    Raises:
        LoraUnreadable: shapes that differ, a NaN or an infinity.
    """
    sums: dict[str, Full] = {}
    for file, weight, side in zip(sources.files, sources.weights, aligned.sides, strict=True):
        for role, tensor in side.tensors.items() if side else ():
            if not role.startswith("diff"):
                continue
            values = file.read(tensor).astype(np.float64) * weight
            if not np.isfinite(values).all():
                raise LoraUnreadable(file.path, f"{tensor} holds NaN or infinity")
            if role in sums and sums[role].shape != values.shape:
                raise LoraUnreadable(
                    file.path, f"{tensor} has another shape than in the other file"
                )
            sums[role] = sums[role] + values if role in sums else values
    return sums


def batches(modules: Iterable[Aligned]) -> Iterator[list[Aligned]]:
    """Neighbours of the same ranks together, as many as the processor's cache has room for."""
    batch: list[Aligned] = []
    free = 0
    for one in modules:
        size = 8 * _numbers(one)
        if batch and (size > free or _ranks(one) != _ranks(batch[0])):
            yield batch
            batch = []
        free = (free if batch else _ROOM_BYTES) - size
        batch.append(one)
    if batch:
        yield batch


def in_threads(work: Callable[[T], R], items: Iterable[T], lanes: int) -> Iterator[R]:
    """`work(item)` for each item, in the items' order, `lanes` at a time."""
    stopped = threading.Event()

    def unless_stopped(item: T) -> R | None:
        return None if stopped.is_set() else work(item)

    pool = ThreadPoolExecutor(lanes)
    try:
        futures: list[Future[R | None]] = [pool.submit(unless_stopped, item) for item in items]
        for future in futures:
            result = future.result()
            assert result is not None
            yield result
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)


def flop(modules: Iterable[Aligned]) -> float:
    """Floating-point operations that solving takes, roughly: two Gram matrices a module."""
    return sum(2.0 * _numbers(one) * sum(_ranks(one)) for one in modules)


def spectra(solved: Iterable[Solved]) -> Mapping[str, NDArray[np.float64]]:
    """The singular values of each module's difference, by module."""
    return {one.aligned.key: one.solution.singular for one in solved}


def _ranks(one: Aligned) -> tuple[int, ...]:
    """The rank of each side, 0 where there is nothing."""
    return tuple(side.shape.rank if side and side.shape else 0 for side in one.sides)


def _numbers(one: Aligned) -> int:
    """How many numbers both matrices of a module's basis hold."""
    return (one.shape.rows + one.shape.columns) * sum(_ranks(one)) if one.shape else 0


def _basis(aligned: Aligned, sources: Sources, device: Device) -> Basis:
    terms = []
    for file, weight, side in zip(sources.files, sources.weights, aligned.sides, strict=True):
        if side is None or side.shape is None:
            continue
        part = factors.load(file, side, ignore_alpha=sources.ignore_alpha)
        terms.append(Term(device.send(part.up), device.send(part.down), weight * part.scale))
    return difference.basis(device.xp, terms, device.room)


def _solved(aligned: Aligned, solution: Solution, made: Pair | None) -> Solved:
    present = [number for number, rank in enumerate(_ranks(aligned)) if rank]
    norms = [0.0] * len(aligned.sides)
    for place, number in enumerate(present):
        norms[number] = float(np.sqrt(max(solution.inner[place, place], 0.0)))
    inner = float(solution.inner[0, 1]) if present[:2] == [0, 1] else 0.0
    return Solved(aligned, solution, tuple(norms), inner, made)


def _made(base: Basis, solution: Solution, wanted: Wanted, device: Device) -> Pair:
    pair = difference.factors(base, solution, wanted.rank, wanted.multiplier, device.send)
    up, down = (numbers.rounded(device.fetch(matrix), wanted.dtype) for matrix in pair)
    return up, down


def _culprit(batch: Sequence[Aligned], sources: Sources) -> LoraUnreadable:
    for aligned in batch:
        for file, side in zip(sources.files, aligned.sides, strict=True):
            tensor = factors.culprit(file, side) if side else None
            if tensor:
                return LoraUnreadable(file.path, f"{tensor} holds NaN or infinity")
    return LoraUnreadable(sources.files[0].path, f"{batch[0].name} overflows float64")
