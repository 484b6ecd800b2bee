"""Many ComfyUI servers: one lane each; a lost server hands its work back."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from curate.comfy import job
from curate.comfy.job import Order
from curate.comfy.server import PATIENCE_S, STALL_S, Refused, Server
from curate.engine import Outcome
from curate.errors import BadInput, Failure, ItemFailed, ServerLost, ServerUnreachable
from curate.events import Notice, Tell, silent
from curate.records import Job

WINDOW = 3
"""Jobs queued at a server: one runs, the next is ready, the last is being fetched."""

T = TypeVar("T")


Book = Callable[[Order, str], Job]
"""Write down, before it is submitted, the job for an order on the server of that address."""


def make(
    urls: Sequence[str],
    orders: Iterable[Order],
    book: Book,
    *,
    tell: Tell = silent,
    patience_s: float = PATIENCE_S,
    stall_s: float = STALL_S,
) -> Generator[Outcome[Order, str]]:
    """Yield for each order the address of the server that filled it, or a failure, as they finish.

    The servers work on while the caller handles an outcome. When the caller stops early, or is
    interrupted, jobs of ours that still wait on the servers are taken out of their queues; the
    running ones finish there and are found by the next run.

    Args:
        urls: where the servers are; duplicates count once.
        orders: read only as far ahead as there is room.
        book: called in this thread.
        tell: hears of servers that are lost.
        patience_s: a server that does not answer for this long is lost.
        stall_s: so is one whose jobs do not move for this long.

    Raises:
        ServerLost: the last server is gone and orders are left; what was finished was yielded.
        GraphRefused: a server does not accept the graph.
        PlaceError: what was made cannot be kept here.
    """
    servers = [Server(url, patience_s=patience_s, stall_s=stall_s) for url in dict.fromkeys(urls)]
    with asyncio.Runner() as runner:
        outcomes = _Fleet(servers, iter(orders), book, tell).outcomes()
        try:
            while (outcome := runner.run(_next(outcomes))) is not None:
                yield outcome
        finally:
            runner.run(outcomes.aclose())


async def _next(outcomes: AsyncGenerator[T]) -> T | None:
    return await anext(outcomes, None)


class _Fleet:
    """The orders that wait or are in work, and the lanes that take them: WINDOW for a server."""

    def __init__(
        self, servers: Sequence[Server], orders: Iterator[Order], book: Book, tell: Tell
    ) -> None:
        self._servers = {server.url: server for server in servers}
        self._orders = orders
        self._book = book
        self._tell = tell
        self._handed_back: deque[Order] = deque()
        self._in_work = 0
        self._changed = asyncio.Condition()
        self._results: asyncio.Queue[Outcome[Order, str] | asyncio.Task[None]]
        self._results = asyncio.Queue()
        self._open: dict[str, Job] = {}
        self._lost: list[str] = []

    async def outcomes(self) -> AsyncGenerator[Outcome[Order, str]]:
        async with contextlib.AsyncExitStack() as connections:
            for server in self._servers.values():
                await connections.enter_async_context(server)
            lanes = {
                asyncio.create_task(self._lane(server))
                for server in self._servers.values()
                for _ in range(WINDOW)
            }
            for lane in lanes:
                lane.add_done_callback(self._results.put_nowait)
            try:
                for _ in lanes:
                    while not isinstance(result := await self._results.get(), asyncio.Task):
                        yield result
                    result.result()
            finally:
                await self._stop(lanes)
        if waiting := len(self._handed_back) + sum(1 for _ in self._orders):
            raise ServerLost(" and ".join(self._lost), waiting)

    async def _lane(self, server: Server) -> None:
        while (order := await self._taken(server)) is not None:
            outcome: Outcome[Order, str]
            try:
                await job.fill(order, server, partial(self._booked, order), self._servers)
            except ServerUnreachable as error:
                self._lose(server, error)
                await self._settle(handed_back=order)
                return
            except (BadInput, ItemFailed) as error:
                outcome = Outcome(order, None, Failure.of(order.name, error))
            else:
                outcome = Outcome(order, server.url, None)
            self._results.put_nowait(outcome)
            self._open.pop(order.key, None)
            await self._settle()

    async def _taken(self, server: Server) -> Order | None:
        """The next order; None when this server is lost or all that there is is done."""
        async with self._changed:
            while server.url not in self._lost:
                order = self._handed_back.popleft() if self._handed_back else None
                order = order or next(self._orders, None)
                if order is not None:
                    self._in_work += 1
                    return order
                if not self._in_work:
                    break
                await self._changed.wait()
        return None

    async def _settle(self, *, handed_back: Order | None = None) -> None:
        async with self._changed:
            self._in_work -= 1
            if handed_back is not None:
                self._handed_back.append(handed_back)
            self._changed.notify_all()

    def _booked(self, order: Order, url: str) -> Job:
        self._open[order.key] = self._book(order, url)
        return self._open[order.key]

    def _lose(self, server: Server, error: ServerUnreachable) -> None:
        if server.url not in self._lost:
            self._lost.append(server.url)
            if len(self._lost) < len(self._servers):
                self._tell(Notice(f"{error} The others take over its frames."))

    async def _stop(self, lanes: Iterable[asyncio.Task[None]]) -> None:
        """End the lanes; take what waits for nobody any more out of the servers' queues."""
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        for url, server in self._servers.items():
            ours = [job.prompt_id for job in self._open.values() if job.server == url]
            if ours and url not in self._lost:
                with contextlib.suppress(ServerUnreachable, Refused):
                    await server.cancel(ours)
