"""Servers that are lost: said, asked again ever more seldom, used again when they answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping

from curate.comfy.backlog import Backlog
from curate.comfy.host import Host
from curate.comfy.job import Work
from curate.comfy.wire import Refused
from curate.errors import (
    CurateError,
    GraphRefused,
    ServerLost,
    ServerSilent,
    ServerStalled,
    ServerUnreachable,
)
from curate.events import Notice, Tell

GIVE_UP_S = 3600.0
"""So long it is waited while no server can be used: a reboot, a driver, a night's update."""

_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 5.0


class Recovery:
    """Watches over the hosts that are not up, and gives up when none is for too long."""

    def __init__(
        self,
        hosts: Mapping[str, Host],
        backlog: Backlog,
        wake: Callable[[], Awaitable[None]],
        tell: Tell,
        give_up_after_s: float,
    ) -> None:
        self.has_given_up = False
        self._hosts = hosts
        self._backlog = backlog
        self._wake = wake
        self._tell = tell
        self._give_up_after_s = give_up_after_s
        self._tasks: set[asyncio.Task[None]] = set()
        self._patience: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Find out which hosts are awake."""
        for host in self._hosts.values():
            self._run(self._open(host))

    async def close(self) -> None:
        """Ask no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def lose(self, host: Host, error: ServerUnreachable) -> None:
        """Say it once, and begin to ask whether the host is back."""
        if host.lost is not None:
            return
        host.lost = error
        left = [work for work in host.works if work.stage in ("submitting", "queued")]
        others = any(not (other.lost or other.barred) for other in self._hosts.values())
        self._tell(Notice(f"{error}{' The others take over its frames.' if others else ''}"))
        self._run(self._wait_for(host, left))
        self._watch()

    def bar(self, host: Host, error: GraphRefused) -> None:
        """Use a host no more that refuses the graph."""
        host.barred = host.barred or error
        if any(other.barred is None for other in self._hosts.values()):
            self._tell(Notice(f"{error} The others do without it."))
        self._watch()

    def error(self) -> CurateError:
        """Why orders are left."""
        if all(host.barred for host in self._hosts.values()):
            return next(host.barred for host in self._hosts.values() if host.barred)
        lost = [host.server.url for host in self._hosts.values() if not host.is_up]
        return ServerLost(" and ".join(lost), len(self._backlog))

    async def _open(self, host: Host) -> None:
        try:
            await host.server.awake()
        except (ServerUnreachable, Refused) as error:
            self.lose(host, _as_lost(host, error))
        else:
            await self._rouse(host)

    async def _wait_for(self, host: Host, left: list[Work]) -> None:
        if isinstance(host.lost, ServerStalled):
            await self._recall(host, left)
        wait_s = _FIRST_WAIT_S
        while True:
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
            with contextlib.suppress(ServerUnreachable, Refused):
                await host.server.awake()
                break
        await self._recall(host, [work for work in left if work.order not in self._backlog])
        self._tell(Notice(f"ComfyUI at {host.server.url} answers again."))
        await self._rouse(host)

    async def _rouse(self, host: Host) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        host.rouse(asyncio.get_running_loop().time())
        await self._wake()

    async def _recall(self, host: Host, works: Iterable[Work]) -> None:
        """Take jobs that others do now out of a host's queue."""
        if prompt_ids := [work.job.prompt_id for work in works if work.job]:
            with contextlib.suppress(ServerUnreachable, Refused):
                await host.server.cancel(prompt_ids)

    def _watch(self) -> None:
        if self._patience is None and all(h.lost or h.barred for h in self._hosts.values()):
            if any(host.barred is None for host in self._hosts.values()):
                limit = _duration(self._give_up_after_s)
                self._tell(Notice(f"No server is left: waiting up to {limit} for one to answer."))
            self._patience = self._run(self._give_up())

    async def _give_up(self) -> None:
        if any(host.barred is None for host in self._hosts.values()):
            await asyncio.sleep(self._give_up_after_s)
        self.has_given_up = True
        await self._wake()

    def _run(self, errand: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(errand)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _as_lost(host: Host, error: ServerUnreachable | Refused) -> ServerUnreachable:
    if isinstance(error, ServerUnreachable):
        return error
    return ServerSilent(host.server.url, str(error))


def _duration(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"
