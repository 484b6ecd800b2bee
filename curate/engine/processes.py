"""Items worked on in processes of this machine."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

from curate.engine.outcome import ONE_THREAD, TRIES, Outcome, given_up, worked

if TYPE_CHECKING:  # a single item needs no processes, so they are imported where they start
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing.connection import Connection

T = TypeVar("T")
R = TypeVar("R")

_WINDOWS_MOST = 61  # WaitForMultipleObjects takes 64 handles, the pool needs three
_MOST = 1024
_AHEAD = 2  # items in flight for each worker: one in work, one waiting


@dataclass(slots=True)
class _Kept:
    """Processes that wait for the next map, at most `most`, and what ends them."""

    ending: ExitStack
    most: int = 0
    pool: ProcessPoolExecutor | None = None


_kept: ContextVar[_Kept | None] = ContextVar("kept", default=None)


def map(work: Callable[[T], R], items: Iterable[T], most: int) -> Iterator[Outcome[T, R]]:
    """As `engine.map`, in at most `most` processes; a single item is worked in this one."""
    queue = iter(items)
    first = list(itertools.islice(queue, 2))
    if len(first) < 2:
        for item in first:
            yield worked(work, item)
        return
    most = min(most, _WINDOWS_MOST if sys.platform == "win32" else _MOST)
    yield from _pooled(partial(worked, work), itertools.chain(first, queue), most)


def _pooled(
    work: Callable[[T], Outcome[T, R]], items: Iterator[T], most: int
) -> Iterator[Outcome[T, R]]:
    suspects: list[T] = []
    while True:
        waiting: dict[Future[Outcome[T, R]], T] = {}
        try:
            with _lent(most) as pool:
                while True:
                    for item in itertools.islice(items, most * _AHEAD - len(waiting)):
                        suspects.append(item)
                        with _deaf():
                            future = pool.submit(work, item)
                        waiting[future] = suspects.pop()
                    if not waiting:
                        return
                    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                        outcome = future.result()
                        del waiting[future]
                        yield outcome
        except BrokenExecutor:
            pass
        for future, item in waiting.items():
            if future.cancelled() or future.exception():
                suspects.append(item)
            else:
                yield future.result()
        while suspects:
            yield _alone(work, suspects.pop(0))


def _alone(work: Callable[[T], Outcome[T, R]], item: T) -> Outcome[T, R]:
    for _ in range(TRIES - 1):
        with _pool(1) as pool:
            try:
                with _deaf():
                    future = pool.submit(work, item)
                return future.result()
            except BrokenExecutor:
                continue
    return given_up(item)


@contextmanager
def kept() -> Iterator[None]:
    """What is mapped inside, one after the other, is worked on by the same processes."""
    with ExitStack() as ending:
        before = _kept.set(_Kept(ending))
        try:
            yield
        finally:
            _kept.reset(before)


@contextmanager
def _lent(most: int) -> Iterator[ProcessPoolExecutor]:
    """Processes for one map: those that are kept, where some are to be."""
    held = _kept.get()
    if held is None:
        with _pool(most) as pool:
            yield pool
        return
    if held.pool is None or held.most != most:
        held.ending.close()
        held.pool, held.most = held.ending.enter_context(_pool(most)), most
    try:
        yield held.pool
    except BaseException as error:
        held.pool = None
        held.ending.__exit__(type(error), error, error.__traceback__)
        raise


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
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Connection) -> None:
    try:
        lifeline.recv()
    except (EOFError, OSError):
        os._exit(1)
