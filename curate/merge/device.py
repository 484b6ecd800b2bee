"""Where the arithmetic runs: numpy on the processor, torch on a card, one set of functions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate import engine
from curate.errors import BadSetting
from curate.merge import scratch
from curate.merge.settings import DeviceWish

_WORTH_A_CARD_FLOP = 1e12
_LANES = 4  # modules on a card at once: one in copy, one in work, two to hide their waits


@dataclass(frozen=True, slots=True)
class Device:
    """`xp` is numpy or torch; `send` takes any float array there, `fetch` a float64 one back.

    `room` is a float64 matrix there with anything in it, to be used before the next module.
    `lane` is entered around a module's work: on a card, a stream of the thread's own, so that the
    copies of one module run beside the arithmetic of another. `lanes` modules are there at most.
    """

    name: str
    xp: Any
    send: Callable[[NDArray[Any]], Any]
    fetch: Callable[[Any], NDArray[np.float64]]
    room: Callable[[tuple[int, int]], Any]
    lane: Callable[[], AbstractContextManager[Any]]
    lanes: int


def choose(wish: DeviceWish, *, work_flop: float, workers: int | None = None) -> Device:
    """The device to work on; torch is imported only where a card is wished or worth its start.

    `auto` stays on the processor up to 1e12 floating-point operations, which it does before torch
    and CUDA have started; beyond, it takes a card if there is one. The results agree. Apple's
    `mps` has no float64, so the processor does its work too.

    Raises:
        BadSetting: `cuda` is asked for and there is none.
    """
    if wish in ("cpu", "mps") or (wish == "auto" and work_flop < _WORTH_A_CARD_FLOP):
        return processor(workers)
    import torch

    if torch.cuda.is_available():
        return through_torch("cuda", workers=workers)
    if wish == "auto":
        return processor(workers)
    raise BadSetting(
        f"--device cuda: torch {torch.__version__} finds no CUDA card.",
        remedy="Leave --device out; the processor does it in seconds.",
    )


def processor(workers: int | None = None) -> Device:
    """numpy, a module a core."""

    def send(array: NDArray[Any]) -> NDArray[Any]:
        return array

    def room(shape: tuple[int, int]) -> NDArray[np.float64]:
        return scratch.take(shape, np.float64)

    return Device("cpu", np, send, np.asarray, room, nullcontext, workers or engine.cores())


def through_torch(where: str, *, workers: int | None = None) -> Device:
    """Torch on one of its devices: "cuda", or "cpu" so that this path runs everywhere."""
    import torch

    types = {2: torch.float16, 4: torch.float32, 8: torch.float64}
    device = torch.device(where)
    is_card = device.type == "cuda"
    own = threading.local()
    if is_card:  # torch loads its linear algebra at the first call, which must not be two at once
        torch.linalg.qr(torch.eye(2, dtype=torch.float64, device=device))
    else:  # modules are worked side by side, and an OpenMP pool for each thread can spin for ever
        torch.set_num_threads(1)

    def send(array: NDArray[Any]) -> torch.Tensor:
        # pinned memory is what a card copies from while it works
        held = torch.empty(array.shape, dtype=types[array.dtype.itemsize], pin_memory=is_card)
        held.numpy()[...] = array
        return held.to(device, non_blocking=True)

    def room(shape: tuple[int, int]) -> torch.Tensor:
        return torch.empty(shape, dtype=torch.float64, device=device)

    def fetch(tensor: torch.Tensor) -> NDArray[np.float64]:
        return np.asarray(tensor.cpu().numpy())

    def lane() -> AbstractContextManager[Any]:
        if not is_card:
            return nullcontext()
        if not hasattr(own, "stream"):
            own.stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call] # torch's gap
        return torch.cuda.stream(own.stream)

    name = torch.cuda.get_device_name(device) if is_card else f"torch on {where}"
    return Device(name, torch, send, fetch, room, lane, workers or _LANES)
