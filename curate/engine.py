"""`map(work, items)`: each item in a process of this machine, each outcome as it finishes."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Generic, TypeVar

from curate.errors import Failure, WorkerDied

if TYPE_CHECKING:  # a single item needs no processes, so they are imported where they start
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing.connection import Connection

T = TypeVar("T")
R = TypeVar("R")

_WINDOWS_MOST = 61  # WaitForMultipleObjects takes 64 handles, the pool needs three
_TRIES_ALONE = 2
_AHEAD = 2  # items in flight for each worker: one in work, one waiting

_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T, R]):
    """What became of an item: a result or a failure, never both."""

    item: T
    result: R | None
    failure: Failure | None


def cores() -> int:
    """The processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map(
    work: Callable[[T], R], items: Iterable[T], *, workers: int | None = None
) -> Iterator[Outcome[T, R]]:
    """Yield an outcome for each item, as they finish; at most two a worker are in flight.

    A single item is worked here. More are worked in spawned processes, each with one BLAS and one
    OpenCV thread; they end with this process however it ends. An item that kills its worker is
    tried twice more, alone, before it is given up.

    Args:
        work: a top-level, picklable function.
        items: picklable; read only as far ahead as there is room.
        workers: processes at most; by default one a core.
    """
    queue = iter(items)
    first = list(itertools.islice(queue, 2))
    if len(first) < 2:
        for item in first:
            yield _worked(work, item)
        return
    most = min(workers or cores(), _WINDOWS_MOST if sys.platform == "win32" else 1024)
    yield from _pooled(partial(_worked, work), itertools.chain(first, queue), most)


def _worked(work: Callable[[T], R], item: T) -> Outcome[T, R]:
    try:
        return Outcome(item, work(item), None)
    except Exception as error:
        return Outcome(item, None, Failure.of(_named(item), error))


def _named(item: object) -> str:
    return str(getattr(item, "name", item))


def _pooled(
    work: Callable[[T], Outcome[T, R]], items: Iterator[T], most: int
) -> Iterator[Outcome[T, R]]:
    suspects: deque[T] = deque()
    exhausted = False
    while not exhausted:
        with _pool(most) as pool:
            waiting: dict[Future[Outcome[T, R]], T] = {}
            broken = False
            while not broken:
                for item in itertools.islice(items, most * _AHEAD - len(waiting)):
                    with _deaf():
                        waiting[pool.submit(work, item)] = item
                if not waiting:
                    exhausted = True
                    break
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    item = waiting.pop(future)
                    try:
                        outcome = future.result()
                    except BrokenExecutor:
                        suspects.append(item)
                        broken = True
                    else:
                        yield outcome
            suspects.extend(waiting.values())
        while suspects:
            yield _alone(work, suspects.popleft())


def _alone(work: Callable[[T], Outcome[T, R]], item: T) -> Outcome[T, R]:
    for _ in range(_TRIES_ALONE):
        with _pool(1) as pool:
            try:
                with _deaf():
                    future = pool.submit(work, item)
                return future.result()
            except BrokenExecutor:
                continue
    name = _named(item)
    return Outcome(item, None, Failure.of(name, WorkerDied(name)))


@contextmanager
def _pool(most: int) -> Iterator[ProcessPoolExecutor]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    spawn = multiprocessing.get_context("spawn")
    lifeline, held = spawn.Pipe(duplex=False)
    pool = ProcessPoolExecutor(most, mp_context=spawn, initializer=_begin, initargs=(lifeline,))
    try:
        yield pool
    except BaseException:
        held.close()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        held.close()
        lifeline.close()


@contextmanager
def _deaf() -> Iterator[None]:
    """Ctrl-C waits until the end; processes started inside never hear it, not even at their start.

    The mask is for them: it survives the start of a program, a handler does not. The handler is
    for this process, where the signal may reach a thread of a library.
    """
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # its own start would lift the mask
    heard: list[tuple[int, FrameType | None]] = []
    handler = signal.signal(signal.SIGINT, lambda number, frame: heard.append((number, frame)))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
        if heard and callable(handler):
            handler(*heard[0])


def _begin(lifeline: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Connection) -> None:
    try:
        lifeline.recv()
    except (EOFError, OSError):
        os._exit(1)
