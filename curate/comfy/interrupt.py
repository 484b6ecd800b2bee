"""Ctrl-C: once, wind down and keep what finishes; twice, leave at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def heeded(wind_down: Callable[[], object], leave: Callable[[], object]) -> Iterator[None]:
    """Call `wind_down` at the first Ctrl-C, `leave` at the second and raise KeyboardInterrupt.

    At the end, one Ctrl-C that was heeded becomes KeyboardInterrupt too. Outside the main thread
    and where someone else has a handler, nothing is changed.
    """
    pressed = 0
    is_ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal pressed
        pressed += 1
        if pressed > 1:
            leave()
            raise KeyboardInterrupt
        wind_down()

    if is_ours:
        signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        if is_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    if pressed:
        raise KeyboardInterrupt
