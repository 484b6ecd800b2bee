"""`map(work, items)`: processes of this machine, or a Ray cluster; nothing else knows which."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TypeVar

from curate.engine import cluster, processes
from curate.engine.cluster import Cluster
from curate.engine.needs import Needs
from curate.engine.outcome import Outcome
from curate.engine.processes import kept

__all__ = ["Cluster", "Needs", "Outcome", "cores", "kept", "map", "ray"]

T = TypeVar("T")
R = TypeVar("R")

_used: ContextVar[Cluster | None] = ContextVar("cluster", default=None)


def cores() -> int:
    """The processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map(
    work: Callable[[T], R],
    items: Iterable[T],
    *,
    workers: int | None = None,
    needs: Needs = Needs(),  # noqa: B008 - it is frozen
) -> Iterator[Outcome[T, R]]:
    """Yield an outcome for each item, as they finish; at most two a worker are in flight.

    Inside `ray` on its nodes. Else on this machine: a single item in this process, more in spawned
    ones, which end with it however it ends. A worker has one BLAS and one OpenCV thread. An item
    that kills its worker is tried twice more before it is given up.

    Args:
        work: a top-level, picklable function.
        items: picklable; read only as far ahead as there is room.
        workers: processes at most, on this machine; by default one for each core, or for as many
            as an item needs.
        needs: what each item takes of a machine.

    Raises:
        ClusterLost: no node has been left to work on for two minutes.
    """
    if used := _used.get():
        return used.map(work, items, needs)
    return processes.map(work, items, workers or max(1, int(cores() / needs.cpus)))


@contextmanager
def ray(address: str | None, shared: Path, inputs: Sequence[Path] = ()) -> Iterator[Cluster]:
    """`map` works on a Ray cluster inside; what was started for it ends with it.

    Args:
        address: HOST:PORT of a cluster's head, or "auto"; None starts Ray on this machine.
        shared: a folder that this process may write to, and that all nodes must see.
        inputs: files and folders that they must see too.

    Raises:
        RayMissing: Ray is not installed.
        ClusterUnreachable: there is no cluster, or it does not take this process.
        NodeUnfit: a node has another curate, or does not see the files.
    """
    with cluster.joined(address, shared, inputs, cores()) as joined:
        before = _used.set(joined)
        try:
            yield joined
        finally:
            _used.reset(before)
