"""Memory that a thread uses again for every module.

A module's matrices take megabytes, which malloc gets from the system and gives back each time;
the page faults of that cost more than the arithmetic.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class _Shelf(threading.local):
    def __init__(self) -> None:
        self.buffers: list[NDArray[np.uint8]] = []
        self.taken = 0


_shelf = _Shelf()


def begin() -> None:
    """Start a module: all that this thread took before may be overwritten from now on."""
    _shelf.taken = 0


def take(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """An array with anything in it, this thread's own until it calls `begin` again."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if _shelf.taken == len(_shelf.buffers):
        _shelf.buffers.append(np.empty(size, np.uint8))
    elif len(_shelf.buffers[_shelf.taken]) < size:
        _shelf.buffers[_shelf.taken] = np.empty(size, np.uint8)
    buffer = _shelf.buffers[_shelf.taken]
    _shelf.taken += 1
    return buffer[:size].view(dtype).reshape(shape)
