"""Simulated ComfyUI servers behind the fleet's transport seam.

No socket, no picture: a server takes jobs one after the other, for seconds drawn from a seeded
distribution, and fails, hangs, dies and returns by chance. All that decides what goes where is
the fleet's own code.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import log
from types import TracebackType
from typing import Self

from curate.comfy.protocol import Broken, Finished, Graph, News, Queue, Stored
from curate.comfy.transport import Hear
from curate.errors import ServerSilent, ServerStalled

OUTPUT = "out"
STEPS = 20
PATIENCE_S, STALL_S = 10.0, 900.0  # as Server's own


@dataclass(frozen=True, slots=True)
class Chances:
    """What a simulated server is like; times in seconds, shares in [0, 1].

    A job takes log-normal time. A server dies after exponential time, and is back after
    log-normal time with its files, but without queue and history.
    """

    job_s: float = 20.0
    job_sigma: float = 0.35
    upload_s: float = 0.3
    view_s: float = 0.3
    answer_s: float = 0.02
    breaks: float = 0.002
    runs_out_of_memory: float = 0.005
    hangs: float = 0.00005
    dies_after_s: float = 4 * 3600.0
    down_s: float = 300.0
    down_sigma: float = 1.0
    never_returns: float = 0.02
    restarted_after_s: float = 1800.0


@dataclass(slots=True)
class _Queued:
    prompt_id: str
    key: str
    prefix: str
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class SimulatedServer:
    """One server; what it did can be read off it.

    `busy_s` are the seconds of jobs that ended, `up_s` those in which it could have worked.

    Args:
        number: makes its address.
        chances: what it is like.
        seed: of its luck; another number has other luck.
        tally: counts, by order, the pictures that all servers finished.
    """

    def __init__(self, number: int, chances: Chances, seed: int, tally: bytearray) -> None:
        self.url = f"http://simulated-{number}"
        self.version = "simulated"
        self.running: str | None = None
        self.busy_s = self.up_s = 0.0
        self.deaths = self.hangs = 0
        self.died_with: Counter[str] = Counter()
        self._tally = tally
        self._chances = chances
        self._random = random.Random(f"{seed} {number}")
        self._queue: deque[_Queued] = deque()
        self._known: dict[str, _Queued] = {}
        self._history: dict[str, Finished | Broken] = {}
        self._files: dict[str, str] = {}
        self._came = asyncio.Event()
        self._is_up, self._is_stuck = True, False
        self._up_since: float | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._hear: Hear = lambda _news: None

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._live())]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop_counting()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def listen(self, hear: Hear) -> None:
        self._hear = hear

    async def awake(self) -> str:
        await self._answer(self._chances.answer_s)
        if self._is_stuck:
            raise ServerStalled(self.url, STALL_S)
        return self.version

    async def upload(self, png: bytes, name: str, subfolder: str) -> str:
        del png
        await self._answer(self._chances.upload_s)
        return f"{subfolder}/{name}"

    async def submit(self, graph: Graph, prompt_id: str) -> None:
        await self._answer(self._chances.answer_s)
        made = _Queued(prompt_id, graph["key"]["is"], graph["prefix"]["is"])
        self._known[prompt_id] = made
        self._queue.append(made)
        self._came.set()

    async def ended(self, prompt_id: str, output: str = "") -> Finished | Broken | None:
        del output
        made = self._known.get(prompt_id)
        if made is not None:
            await made.ended.wait()
        if self._is_stuck:
            raise ServerStalled(self.url, STALL_S)
        await self._answer(self._chances.answer_s)
        return self._history.get(prompt_id)

    async def history(self, prompt_id: str) -> Finished | Broken | None:
        await self._answer(self._chances.answer_s)
        return self._history.get(prompt_id)

    async def queue(self) -> Queue:
        await self._answer(self._chances.answer_s)
        running = (self.running,) if self.running else ()
        return Queue(running, tuple(made.prompt_id for made in self._queue))

    async def view(self, file: Stored) -> bytes | None:
        await self._answer(self._chances.view_s)
        key = self._files.pop(f"{file.subfolder}/{file.filename}", None)
        return None if key is None else key.encode()

    async def cancel(self, prompt_ids: Iterable[str]) -> None:
        await self._answer(self._chances.answer_s)
        unwanted = set(prompt_ids)
        self._queue = deque(made for made in self._queue if made.prompt_id not in unwanted)

    async def free(self) -> None:
        await self._answer(self._chances.answer_s)

    async def _answer(self, spent_s: float) -> None:
        await asyncio.sleep(spent_s)
        if not self._is_up:
            await asyncio.sleep(PATIENCE_S)
            if not self._is_up:
                raise ServerSilent(self.url, "connection refused")

    async def _live(self) -> None:
        """Work and die, again and again."""
        while True:
            self._up_since = asyncio.get_running_loop().time()
            self._is_up = True
            work = asyncio.create_task(self._work())
            self._tasks[1:] = [work]
            lasts_s = self._random.expovariate(1 / self._chances.dies_after_s)
            await asyncio.wait({work}, timeout=lasts_s)  # it ends by itself if it hung
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            self._die()
            if self._random.random() < self._chances.never_returns:
                await asyncio.get_running_loop().create_future()
            await asyncio.sleep(self._drawn(self._chances.down_s, self._chances.down_sigma))

    def _die(self) -> None:
        self._stop_counting()
        self._is_up = False
        self.died_with.update(self._files.values())
        self.deaths += 1
        self._is_stuck = False
        self.running = None
        known, self._known = self._known, {}
        self._queue.clear()
        self._history.clear()
        for made in known.values():
            made.ended.set()

    def _stop_counting(self) -> None:
        if self._up_since is not None:
            self.up_s += asyncio.get_running_loop().time() - self._up_since
        self._up_since = None

    async def _work(self) -> None:
        while True:
            while not self._queue:
                self._came.clear()
                await self._came.wait()
            made = self._queue.popleft()
            self.running = made.prompt_id
            if self._random.random() < self._chances.hangs:
                await self._hang()
                return
            spent_s = self._drawn(self._chances.job_s, self._chances.job_sigma)
            for step in range(STEPS):
                await asyncio.sleep(spent_s / STEPS)
                self._hear(News(made.prompt_id, False, step + 1, STEPS))
            self.busy_s += spent_s
            self._history[made.prompt_id] = self._ending(made)
            self.running = None
            made.ended.set()
            self._hear(News(made.prompt_id, True))

    def _ending(self, made: _Queued) -> Finished | Broken:
        self._known.pop(made.prompt_id)
        if self._random.random() < self._chances.runs_out_of_memory:
            return Broken("node 11 (KSampler)", "torch.OutOfMemoryError", "CUDA out of memory")
        if self._random.random() < self._chances.breaks:
            return Broken("node 11 (KSampler)", "RuntimeError", "simulated")
        folder, _, name = made.prefix.rpartition("/")
        file = Stored(f"{name}_00001_.png", folder, "output")
        self._files[f"{folder}/{file.filename}"] = made.key
        self._tally[int(made.key)] += 1
        return Finished({OUTPUT: (file,)})

    async def _hang(self) -> None:
        """Stand still until somebody restarts it; the time counts as none in which it was up."""
        self.hangs += 1
        self._stop_counting()
        await asyncio.sleep(STALL_S)
        self._is_stuck = True
        for made in self._known.values():
            made.ended.set()
        await asyncio.sleep(self._chances.restarted_after_s - STALL_S)

    def _drawn(self, mean_s: float, sigma: float) -> float:
        return self._random.lognormvariate(log(mean_s) - sigma**2 / 2, sigma)
