"""One server as the fleet sees it: whether it can be used, what is in work there, how fast."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from curate.comfy.job import Errand, T, Work
from curate.comfy.protocol import News
from curate.comfy.transport import Transport
from curate.errors import GraphRefused, ServerUnreachable
from curate.events import Working

WINDOW = 3
"""Jobs queued at a server: one runs, the next is ready, the last comes while one is fetched."""

_BRIEF_S = 0.01
_RATED = 20  # the rate is that of the last so many


@dataclass(slots=True, eq=False)
class Host:
    """A server and its share of the work.

    It is up once it was found awake, until it is lost, and again when it answers; it is barred
    when it refuses the graph before it has taken any order.
    """

    server: Transport
    works: list[Work] = field(default_factory=list)
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(WINDOW))
    is_awake: bool = False
    lost: ServerUnreachable | None = None
    barred: GraphRefused | None = None
    has_taken: bool = False
    is_recalling: bool = False
    done: int = 0
    failed: int = 0
    step: int = 0
    steps: int = 0
    told_at: float = 0.0
    _errands_s: dict[Errand, float] = field(default_factory=dict)
    _ended_at: deque[float] = field(default_factory=lambda: deque(maxlen=_RATED))

    @property
    def is_up(self) -> bool:
        return self.is_awake and self.lost is None and self.barred is None

    @property
    def is_trusted(self) -> bool:
        """Whether it has accepted the graph of some order."""
        return self.has_taken or any(work.stage in ("queued", "fetching") for work in self.works)

    @property
    def running(self) -> Work | None:
        """The order whose job runs there, as far as is known."""
        prompt_id = self.server.running
        return next((w for w in self.works if w.job and w.job.prompt_id == prompt_id), None)

    @property
    def per_s(self) -> float:
        """Items a second; 0 until it is known."""
        spent = self._ended_at[-1] - self._ended_at[0] if self._ended_at else 0.0
        return (len(self._ended_at) - 1) / spent if spent > 0 else 0.0

    def demand_up(self) -> None:
        """Raise what made it unusable, if it is."""
        if self.lost is not None:
            raise self.lost
        if self.barred is not None:
            raise self.barred

    async def aside(self, errand: Errand, run: Callable[[], T]) -> T:
        """What `run` gives: from a thread, unless the last such errand was brief.

        A tiny picture costs less than to wake a thread does.
        """

        def timed() -> T:
            began = time.perf_counter()
            try:
                return run()
            finally:
                self._errands_s[errand] = time.perf_counter() - began

        is_brief = self._errands_s.get(errand, _BRIEF_S) < _BRIEF_S
        return timed() if is_brief else await asyncio.to_thread(timed)

    def rouse(self, now: float) -> None:
        """It can be used from `now` on, in seconds; its rate begins anew."""
        self.is_awake, self.lost, self.has_taken = True, None, False
        self._ended_at.clear()
        self._ended_at.append(now)

    def count(self, now: float, *, has_failed: bool) -> None:
        """One more item ended, at `now` in seconds."""
        self.done += not has_failed
        self.failed += has_failed
        self.step = self.steps = 0
        self._ended_at.append(now)

    def hear(self, news: News) -> None:
        """Note the step of the job in work."""
        self.step, self.steps = news.step, news.steps

    def working(self, left_s: float | None) -> Working:
        """How it stands, to be told."""
        work = self.running or next(iter(self.works), None)
        return Working(
            server=self.server.url,
            item=work.order.name if work else "",
            step=self.step,
            steps=self.steps,
            done=self.done,
            failed=self.failed,
            per_minute=round(self.per_s * 60, 2),
            left_s=left_s,
            is_lost=not self.is_up,
        )
