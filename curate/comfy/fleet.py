"""Many ComfyUI servers, one pile of orders: none is lost, no server waits while there are some."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import AsyncGenerator, Generator, Iterable, Sequence
from functools import partial
from typing import TypeVar

from curate.comfy import interrupt, job, recall
from curate.comfy.backlog import Backlog
from curate.comfy.host import WINDOW, Host
from curate.comfy.job import Book, Order, Work
from curate.comfy.protocol import News
from curate.comfy.recovery import GIVE_UP_S, Recovery
from curate.comfy.transport import Transport
from curate.comfy.wire import Refused
from curate.engine import Outcome
from curate.errors import (
    BadInput,
    Failure,
    GraphRefused,
    ItemFailed,
    JobFailed,
    ServerFailing,
    ServerUnreachable,
)
from curate.events import Notice, Tell, silent

__all__ = ["GIVE_UP_S", "WINDOW", "Fleet", "make"]

_AHEAD = 2  # orders of a server that are prepared or fetched while WINDOW others are queued
_BLAMES = 3  # an order in whose work servers are lost so often is set aside
_TELL_EVERY_S = 0.5
_TELL_APART_S = 0.05  # all servers together: of a hundred, each is heard every 5 s
_LOOK_S = 0.05  # on winding down: whether what was being submitted is in the queue

T = TypeVar("T")


def make(
    servers: Sequence[Transport],
    orders: Iterable[Order],
    book: Book,
    *,
    tell: Tell = silent,
    give_up_after_s: float = GIVE_UP_S,
) -> Generator[Outcome[Order, str]]:
    """Yield for each order the address of the server that filled it, or a failure, as they finish.

    A lost server hands its orders to the others, and is used again when it answers again; when
    all are lost it is waited for one. The first Ctrl-C takes our waiting jobs out of the queues
    and keeps what runs; then, or at a second one, KeyboardInterrupt is raised. When the caller
    stops early our waiting jobs are taken out too; the running ones are found by the next run.

    Args:
        servers: no two with the same address.
        orders: read at once; those of one group are kept together.
        book: called in this thread.
        tell: hears how the servers stand, which are lost and which are back.
        give_up_after_s: how long it is waited while no server can be used.

    Raises:
        ServerLost: no server came back in time; what was finished was yielded.
        GraphRefused: no server accepts the graph.
        PlaceError: what was made cannot be kept here.
    """
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        fleet = Fleet(servers, orders, book, tell, give_up_after_s)
        outcomes = fleet.outcomes()
        with interrupt.heeded(partial(loop.call_soon_threadsafe, fleet.wind_down), fleet.abandon):
            try:
                while (outcome := loop.run_until_complete(_next(outcomes))) is not None:
                    yield outcome
            finally:
                if not fleet.is_abandoned:  # then the runner cancels all that goes on
                    loop.run_until_complete(outcomes.aclose())


async def _next(outcomes: AsyncGenerator[T]) -> T | None:
    return await anext(outcomes, None)


class Fleet:
    """The servers, the orders that wait, and the lanes that bring them together.

    `outcomes` is what `make` yields, for a caller that has an event loop of its own.
    """

    def __init__(
        self,
        servers: Sequence[Transport],
        orders: Iterable[Order],
        book: Book,
        tell: Tell = silent,
        give_up_after_s: float = GIVE_UP_S,
    ) -> None:
        self._hosts = {server.url: Host(server) for server in servers}
        self._backlog = Backlog(orders)
        self._book = book
        self._tell = tell
        self._changed = asyncio.Condition()
        self._results: asyncio.Queue[Outcome[Order, str] | asyncio.Task[None]] = asyncio.Queue()
        self._recovery = Recovery(self._hosts, self._backlog, self._wake, tell, give_up_after_s)
        self._open = 0
        self._none_waits = False
        self._tell_every_s = max(_TELL_EVERY_S, len(self._hosts) * _TELL_APART_S)
        self._per_s, self._rated_at = 0.0, -_TELL_EVERY_S
        self._blames: Counter[str] = Counter()
        self._winding_down: asyncio.Task[None] | None = None
        self.is_abandoned = False

    async def outcomes(self) -> AsyncGenerator[Outcome[Order, str]]:
        """Yield for each order what became of it; raises as `make`, but for KeyboardInterrupt."""
        async with contextlib.AsyncExitStack() as connections:
            for host in self._hosts.values():
                await connections.enter_async_context(host.server)
                host.server.listen(partial(self._hear, host))
            rounds = itertools.chain.from_iterable([self._hosts.values()] * (WINDOW + _AHEAD))
            lanes = [asyncio.create_task(self._lane(host)) for host in rounds]
            for lane in lanes:
                lane.add_done_callback(self._results.put_nowait)
            self._recovery.open()
            try:
                for _ in lanes:
                    while not isinstance(result := await self._results.get(), asyncio.Task):
                        yield result
                    result.result()
            finally:
                await self._stop(lanes)
        if len(self._backlog) and self._winding_down is None:
            raise self._recovery.error()

    def wind_down(self) -> None:
        """Submit nothing more, take what waits out of the queues; what runs there is fetched."""
        if self._winding_down is None:
            running = sum(work.stage in ("queued", "fetching") for work in self._works())
            kept = "what runs on the servers is kept" if running else "nothing runs"
            self._tell(Notice(f"Stopping: {kept}. Ctrl-C again leaves at once."))
            self._winding_down = asyncio.create_task(self._recall_all())

    def abandon(self) -> None:
        """Ask the servers nothing more on leaving."""
        self.is_abandoned = True

    async def _lane(self, host: Host) -> None:
        while (order := await self._taken(host)) is not None:
            work = Work(order, host)
            host.works.append(work)
            work.task = asyncio.create_task(job.fill(work, self._book, self._hosts))
            await asyncio.wait({work.task})
            self._settle(work, host)
            host.works.remove(work)
            await self._wake()
            self._show(host)

    async def _wake(self) -> None:
        """Let those who wait for an order look whether there is one."""
        async with self._changed:
            self._none_waits = False
            self._changed.notify_all()

    async def _taken(self, host: Host) -> Order | None:
        """The next order, as soon as there is one for this server; None when all are done."""
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._is_over(host) or self._has_for(host))
                if self._is_over(host):
                    return None
                if order := self._backlog.take(host.server.url):
                    self._open += 1
                    return order
                prey = self._prey(host)
                host.is_recalling = True
            try:
                if prey is not None and await recall.succeeds(prey):
                    return prey.order
            except (ServerUnreachable, Refused):
                continue  # whoever works there will notice
            finally:
                host.is_recalling = False

    def _has_for(self, host: Host) -> bool:
        return host.is_up and bool(len(self._backlog) or self._prey(host))

    def _prey(self, host: Host) -> Work | None:
        """An order to take from another server; looked for by one idle lane for all of them."""
        if self._none_waits or host.works or host.is_recalling:
            return None
        prey = recall.prey(self._hosts.values())
        self._none_waits = prey is None
        return prey

    def _is_over(self, host: Host) -> bool:
        is_done = not self._open and not len(self._backlog)
        has_ended = self._winding_down is not None or self._recovery.has_given_up
        return is_done or has_ended or host.barred is not None

    def _settle(self, work: Work, host: Host) -> None:
        """Make of a work that ended an outcome, or let its order wait again."""
        assert work.task is not None
        if work.task.cancelled():
            if not work.is_recalled:
                self._hand_back(work.order)
            return
        error = work.task.exception()
        if isinstance(error, ServerUnreachable):
            self._recovery.lose(host, error)
            if not (error := self._blamed(work, host, error)):
                self._hand_back(work.order)
                return
        elif isinstance(error, GraphRefused) and not host.is_trusted:
            self._recovery.bar(host, error)
            self._hand_back(work.order)
            return
        elif error is not None and not isinstance(error, BadInput | ItemFailed | GraphRefused):
            raise error
        failure = Failure.of(work.order.name, error) if error else None
        host.has_taken = host.has_taken or work.job is not None
        host.count(asyncio.get_running_loop().time(), has_failed=failure is not None)
        self._open -= 1
        result = None if failure else host.server.url
        self._results.put_nowait(Outcome(work.order, result, failure))

    def _blamed(self, work: Work, host: Host, error: ServerUnreachable) -> JobFailed | None:
        """An error for an order in whose work servers are lost again and again."""
        was_running = work.job is not None and work.job.prompt_id == host.server.running
        if isinstance(error, ServerFailing) or was_running:
            self._blames[work.order.key] += 1
        if self._blames[work.order.key] < _BLAMES:
            return None
        return JobFailed(
            f"Servers were lost {_BLAMES} times while they worked on {work.order.name}: {error}",
            remedy="See ComfyUI's own log: it may run out of memory; lower the size of the frame.",
        )

    def _hand_back(self, order: Order) -> None:
        self._open -= 1
        self._backlog.hand_back(order)

    def _hear(self, host: Host, news: News) -> None:
        host.hear(news)
        now = asyncio.get_running_loop().time()
        if news.steps and now - host.told_at > self._tell_every_s:
            self._show(host)

    def _show(self, host: Host) -> None:
        now = host.told_at = asyncio.get_running_loop().time()
        if now - self._rated_at >= _TELL_EVERY_S or not self._per_s:
            self._rated_at = now
            self._per_s = sum(other.per_s for other in self._hosts.values() if other.is_up)
        left = len(self._backlog) + self._open
        self._tell(host.working(round(left / self._per_s, 1) if self._per_s else None))

    def _works(self) -> list[Work]:
        return [work for host in self._hosts.values() for work in host.works]

    async def _recall_all(self) -> None:
        await self._wake()
        while works := [work for work in self._works() if not work.is_kept]:
            # first those that would be submitted when a slot falls free
            for work in sorted(works, key=lambda work: work.stage == "queued"):
                if work.stage != "submitting":
                    with contextlib.suppress(ServerUnreachable, Refused):
                        await recall.succeeds(work)
            await asyncio.sleep(_LOOK_S)

    async def _stop(self, lanes: Iterable[asyncio.Task[None]]) -> None:
        """End all that goes on; take what waits for nobody any more out of the servers' queues."""
        await self._recovery.close()
        works = self._works()
        ending = [*lanes, *(work.task for work in works if work.task)]
        if self._winding_down is not None:
            ending.append(self._winding_down)
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        for host in self._hosts.values():
            sent = [w for w in works if w.post is host and w.stage in ("submitting", "queued")]
            if host.is_up and sent and not self.is_abandoned:
                with contextlib.suppress(ServerUnreachable, Refused):
                    await host.server.cancel(work.job.prompt_id for work in sent if work.job)
