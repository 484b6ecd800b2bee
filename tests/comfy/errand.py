"""An errand of the real fleet to simulated servers, and what came of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from typing import TypeVar

from curate.comfy import job
from curate.comfy.fleet import Fleet
from curate.comfy.job import Order
from curate.engine import Outcome
from curate.events import Event
from curate.records import Job
from tests.comfy.clock import Clock
from tests.comfy.simulated import OUTPUT, Chances, SimulatedServer

T = TypeVar("T")


class Run:
    """An errand of the real fleet to simulated servers.

    Args:
        servers: how many.
        orders: how many pictures are wanted.
        chances: what the servers are like.
        seed: of all chance.
    """

    def __init__(self, servers: int, orders: int, chances: Chances, seed: int = 1) -> None:
        self.tally = bytearray(orders)
        self.servers = [SimulatedServer(n, chances, seed, self.tally) for n in range(servers)]
        self.accepted = bytearray(orders)
        self.failures: list[str] = []
        self.told = 0
        self.spent_s = 0.0
        self._booked: dict[str, list[Job]] = {}

    async def outcomes(self) -> AsyncGenerator[Outcome[Order, str]]:
        """What the fleet yields."""
        orders = map(self._order, range(len(self.tally)))
        fleet = Fleet(self.servers, orders, self._book, self._hear)
        async for outcome in fleet.outcomes():
            self._booked.pop(outcome.item.key, None)
            if outcome.failure is not None:
                self.failures.append(outcome.item.key)
            yield outcome
        self.spent_s = asyncio.get_running_loop().time()

    @property
    def utilisation(self) -> float:
        """Seconds in which servers worked at what they finished, over those in which they could."""
        up_s = sum(server.up_s for server in self.servers)
        return sum(server.busy_s for server in self.servers) / up_s

    @property
    def lost(self) -> int:
        """Orders without a picture and without a failure, or with both."""
        failed = Counter(self.failures)
        return sum(kept + failed[str(n)] != 1 for n, kept in enumerate(self.accepted))

    @property
    def made_again(self) -> int:
        """Pictures that were made although one lay fetchable on a server that was up."""
        died_with = sum((server.died_with for server in self.servers), Counter[str]())
        return sum(max(0, made - 1 - died_with[str(n)]) for n, made in enumerate(self.tally))

    def _order(self, number: int) -> Order:
        key = str(number)
        return Order(
            key=key,
            name=key,
            output=OUTPUT,
            begin=lambda: tuple(self._booked.get(key, ())),
            picture=lambda: key.encode(),
            graph=lambda _image, prefix: {"key": {"is": key}, "prefix": {"is": prefix}},
            accept=self._accept,
        )

    def _accept(self, came: bytes) -> None:
        self.accepted[int(came)] += 1

    def _book(self, order: Order, server: str) -> Job:
        made = job.new(order, server, "")
        self._booked.setdefault(order.key, []).append(made)
        return made

    def _hear(self, _event: Event) -> None:
        self.told += 1


def driven(run: Run) -> Iterator[Outcome[Order, str]]:
    """The outcomes of a run, on a clock that jumps."""
    with asyncio.Runner(loop_factory=Clock) as runner:
        outcomes = run.outcomes()
        while (outcome := runner.run(_next(outcomes))) is not None:
            yield outcome


async def _next(outcomes: AsyncGenerator[T]) -> T | None:
    return await anext(outcomes, None)
