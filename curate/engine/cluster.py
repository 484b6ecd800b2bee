"""Items worked on by the nodes of a Ray cluster."""

from __future__ import annotations

import pickle
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from curate.engine import fit, node, start
from curate.engine.needs import Needs
from curate.engine.outcome import TRIES, Outcome, failed, given_up
from curate.errors import ClusterLost

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 2  # items in flight for each that can be worked on: one in work, one waiting
_LOOK_S = 1.0
_PATIENCE_S = 120.0
_MB = 1 << 20


@contextmanager
def joined(
    address: str | None, shared: Path, inputs: Sequence[Path], cores: int
) -> Iterator[Cluster]:
    """A cluster, fit for the work; arguments and errors are those of `engine.ray`."""
    with start.joined(address, cores) as ray:
        fit.hold(ray, shared, inputs)
        yield Cluster(ray)


@dataclass(slots=True)
class _Try(Generic[T]):
    """An item that is to be worked on, and how many workers have died on it."""

    item: T
    deaths: int = 0


class Cluster:
    """A Ray cluster that this process has joined."""

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._folder = str(Path.cwd())
        self._nodes: list[dict[str, Any]] = []
        self._looked_s = 0.0
        self._fit_s = time.monotonic()

    def __str__(self) -> str:
        cores = sum(found["Resources"].get("CPU", 0) for found in self._alive())
        nodes = len(self._nodes)
        return f"Ray: {nodes} node{'' if nodes == 1 else 's'}, {cores:g} cores."

    def map(
        self, work: Callable[[T], R], items: Iterable[T], needs: Needs
    ) -> Iterator[Outcome[T, R]]:
        """As `engine.map`."""
        run = self._ray.remote(
            num_cpus=needs.cpus,
            num_gpus=needs.gpus,
            memory=needs.memory_mb * _MB,
            max_retries=0,  # Ray would retry for ever what the memory cannot hold
            max_calls=0,  # a worker stays, with the models that it has loaded
            scheduling_strategy="SPREAD",
        )(node.run)
        queue, again = (_Try(item) for item in items), deque[_Try[T]]()
        pickled = pickle.dumps(work)
        waiting: dict[Any, _Try[T]] = {}
        try:
            while True:
                room = _AHEAD * self._slots(needs)
                while len(waiting) < room:
                    one = again.popleft() if again else next(queue, None)
                    if one is None:
                        break
                    waiting[run.remote(self._folder, pickled, pickle.dumps(one.item))] = one
                if room and not waiting:
                    return
                for reference in self._done(waiting):
                    one = waiting.pop(reference)
                    outcome: Outcome[T, R] | None = self._outcome(reference, one)
                    if outcome:
                        yield outcome
                    else:
                        again.append(one)
        finally:
            for reference in waiting:
                self._ray.cancel(reference, force=True)

    def _done(self, waiting: dict[Any, _Try[T]]) -> list[Any]:
        """What is done; waits for it a second at most."""
        references = list(waiting)
        if not references:
            time.sleep(_LOOK_S)
        elif self._ray.wait(references, num_returns=1, timeout=_LOOK_S)[0]:
            return list(self._ray.wait(references, num_returns=len(references), timeout=0)[0])
        return []

    def _outcome(self, reference: Any, one: _Try[T]) -> Outcome[T, Any] | None:
        """What came of an item; None if it is to be tried again, as its worker or node died."""
        errors = self._ray.exceptions
        try:
            result, failure = pickle.loads(self._ray.get(reference))
        except errors.RayTaskError as error:
            return failed(one.item, error.cause if isinstance(error.cause, Exception) else error)
        except errors.RayError:
            one.deaths += 1
            return given_up(one.item) if one.deaths == TRIES else None
        return Outcome(one.item, result, failure)

    def _slots(self, needs: Needs) -> int:
        """How many items the nodes that are there can work on at once.

        Raises:
            ClusterLost: none, for two minutes.
        """
        slots = 0
        for found in self._alive():
            has = found["Resources"]
            slots += needs.fit(has.get("CPU", 0), has.get("GPU", 0), has.get("memory", 0) / _MB)
        now_s = time.monotonic()
        if slots:
            self._fit_s = now_s
        elif now_s - self._fit_s > _PATIENCE_S:
            raise ClusterLost(str(needs))
        return slots

    def _alive(self) -> list[dict[str, Any]]:
        """The nodes, as they were a second ago at most."""
        now_s = time.monotonic()
        if not self._nodes or now_s - self._looked_s > _LOOK_S:
            self._nodes = [found for found in self._ray.nodes() if found["Alive"]]
            self._looked_s = now_s
        return self._nodes
