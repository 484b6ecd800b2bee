"""One ComfyUI server: upload, submit, watch, fetch."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from curate.comfy import protocol
from curate.comfy.protocol import Broken, Finished, Graph, News, Queue, Stored
from curate.comfy.transport import Hear
from curate.comfy.wire import Form, Passing, Refused, Wire
from curate.errors import ServerSilent, ServerStalled

__all__ = ["PATIENCE_S", "POLL_S", "STALL_S", "Refused", "Server"]

POLL_S = 1.0
"""The history is asked this often, of a job that takes long more seldom; the socket makes it
earlier."""

PATIENCE_S = 10.0
"""A server that does not answer for this long is lost."""

STALL_S = 900.0
"""So is one whose jobs do not move for this long; a first model load takes minutes."""

_QUEUE_EVERY = 5  # polls; the answer repeats every waiting graph
_SELDOM = 5  # times as long between polls after the first few: a hundred servers are many to ask
_RECONNECT_S = 2.0


@dataclass(slots=True)
class _Awaited:
    """A job of ours, and what the socket has said of it."""

    news: asyncio.Event = field(default_factory=asyncio.Event)
    files: dict[str, tuple[Stored, ...]] = field(default_factory=dict)
    has_succeeded: bool = False


class Server:
    """A connection to one server, the Transport of the fleet.

    Args:
        url: http or https, perhaps with user:password@.
        headers: for a proxy before it, each as `Name: value`.
        patience_s: how long connection errors and 5xx answers are retried.
        stall_s: how long a job may show no sign of life.
        poll_s: how often the history is asked.

    Raises:
        BadSetting: the address or a header is none.
    """

    def __init__(
        self,
        url: str,
        headers: Sequence[str] = (),
        *,
        patience_s: float = PATIENCE_S,
        stall_s: float = STALL_S,
        poll_s: float = POLL_S,
    ) -> None:
        self._wire = Wire(url, headers, patience_s)
        self.url = self._wire.url
        self.version = ""
        self.running: str | None = None
        self._stall_s = stall_s
        self._poll_s = poll_s
        self._client_id = str(uuid4())
        self._awaited: dict[str, _Awaited] = {}
        self._head: tuple[str, ...] = ()
        self._stuck: tuple[str, ...] = ()
        self._moved_at = 0.0
        self._sockets = 0
        self._listener: asyncio.Task[None] | None = None
        self._is_heard = asyncio.Event()
        self._hear: Hear = _deaf

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener
        await self._wire.close()

    def listen(self, hear: Hear) -> None:
        """Call `hear` with all that the socket says of jobs from now on."""
        self._hear = hear

    async def awake(self) -> str:
        """The version of ComfyUI that runs there.

        Raises:
            ServerUnreachable: also when something else answers at the address, or when the job
                still runs for which the server was found to stand still.
        """
        try:
            answer = (await self._wire.ask("GET", "/system_stats")).read()
            version = str(answer["system"].get("comfyui_version", "of unknown version"))
        except Refused as error:
            raise ServerSilent(self.url, f"it answers HTTP {error.status}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ServerSilent(self.url, "something else answers there") from error
        if self._stuck and set(self._stuck) & set((await self.queue()).running):
            raise ServerStalled(self.url, self._stall_s)
        self._stuck = ()
        self.version = version
        return version

    async def node(self, class_type: str) -> dict[str, Any] | None:
        """What a node takes and gives; None if the server lacks it."""
        infos = await self._wire.ask("GET", f"/object_info/{class_type}")
        found = infos.read().get(class_type)
        return dict(found) if found else None

    async def upload(self, png: bytes, name: str, subfolder: str) -> str:
        """Put an image into the server's input folder; returns what LoadImage must be given."""
        form = Form({"subfolder": subfolder}, "image", name, png)
        stored = (await self._wire.ask("POST", "/upload/image", form=form)).read()
        return "/".join(part for part in (stored["subfolder"], stored["name"]) if part)

    async def submit(self, graph: Graph, prompt_id: str) -> None:
        """Queue a graph under an id of our own, once even if the answer is lost.

        Raises:
            Refused: the graph, or a part of it, was not accepted.
        """
        await self._open_socket()
        if not self._awaited:
            self._move()
        self._awaited[prompt_id] = _Awaited()
        posts = itertools.count()

        async def post() -> dict[str, Any]:
            if next(posts) and await self._has(prompt_id):
                return {}
            request = {"prompt": graph, "prompt_id": prompt_id, "client_id": self._client_id}
            return (await self._wire.once("POST", "/prompt", json=request)).read()

        answer = await self._wire.patiently(post)
        if answer.get("node_errors"):
            raise Refused(HTTPStatus.BAD_REQUEST, answer)

    async def ended(self, prompt_id: str, output: str = "") -> Finished | Broken | None:
        """How a job ends, once it does; None if the server has forgotten it.

        With `output`, the node whose files are wanted, the history is not asked when the socket
        has named them and said that the job succeeded: such a server has less to do.

        Raises:
            ServerStalled: nothing moves for the time that was set.
        """
        job = self._awaited.setdefault(prompt_id, _Awaited())
        polls, sockets = 0, self._sockets
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_s * (polls < _QUEUE_EVERY or _SELDOM)):
                        await job.news.wait()
                job.news.clear()
                if job.has_succeeded and job.files.get(output):
                    return Finished(job.files)
                if ending := await self.history(prompt_id):
                    self._move()
                    return ending
                polls += 1
                if polls % _QUEUE_EVERY == 0 or self._sockets != sockets or self._is_late():
                    sockets = self._sockets
                    if prompt_id not in await self._watched():
                        return await self.history(prompt_id)
        finally:
            self._awaited.pop(prompt_id, None)

    async def history(self, prompt_id: str) -> Finished | Broken | None:
        """How a job ended; None while it runs or waits, or if it is not known."""
        entries = await self._wire.ask("GET", f"/history/{prompt_id}")
        entry = entries.read().get(prompt_id)
        return protocol.ending(entry) if entry else None

    async def queue(self) -> Queue:
        """The jobs that run or wait there, anybody's."""
        return protocol.queue((await self._wire.ask("GET", "/queue")).read())

    async def view(self, file: Stored) -> bytes | None:
        """A file's bytes; None if it is not there."""
        place = {"filename": file.filename, "subfolder": file.subfolder, "type": file.type}
        try:
            return (await self._wire.ask("GET", "/view", params=place)).content
        except Refused as refusal:
            if refusal.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    async def cancel(self, prompt_ids: Iterable[str]) -> None:
        """Take jobs of ours that still wait out of the queue."""
        await self._wire.ask("POST", "/queue", json={"delete": list(prompt_ids)})

    async def free(self) -> None:
        """Ask it to unload its models."""
        await self._wire.ask("POST", "/free", json={"unload_models": True, "free_memory": True})

    async def _has(self, prompt_id: str) -> bool:
        waiting = protocol.queue((await self._wire.once("GET", "/queue")).read())
        if prompt_id in waiting:
            return True
        return bool((await self._wire.once("GET", f"/history/{prompt_id}")).read())

    async def _watched(self) -> Queue:
        """The queue; another job at its head is a sign of life.

        Raises:
            ServerStalled: there was none for too long.
        """
        queue = await self.queue()
        if queue.running != self._head:
            self._head = queue.running
            self._move()
        elif self._is_late():
            self._stuck = queue.running
            raise ServerStalled(self.url, self._stall_s)
        return queue

    def _is_late(self) -> bool:
        return asyncio.get_running_loop().time() - self._moved_at > self._stall_s

    def _move(self) -> None:
        self._moved_at = asyncio.get_running_loop().time()

    async def _open_socket(self) -> None:
        """Have the socket open, or know after a moment that it does not open."""
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_RECONNECT_S):
                    await self._is_heard.wait()

    async def _listen(self) -> None:
        """Pass on what the socket says; without a socket the polls do."""
        while True:
            with contextlib.suppress(Passing):
                async with self._wire.socket(f"/ws?clientId={self._client_id}") as socket:
                    self.running = None
                    self._is_heard.set()
                    async for message in socket:
                        self._note(message.data)
            self._sockets += 1  # whoever waits looks whether the server still knows his job
            for job in self._awaited.values():
                job.news.set()
            self._client_id = str(uuid4())  # a known one can leave the new socket silent
            await asyncio.sleep(_RECONNECT_S)

    def _note(self, message: str | bytes) -> None:
        if protocol.is_sign_of_life(message):
            self._move()
        news = protocol.news(message)
        if news is None:
            return
        self.running = None if news.has_ended else news.prompt_id
        if job := self._awaited.get(news.prompt_id):
            job.has_succeeded |= news.has_succeeded
            if news.files:
                job.files[news.node] = news.files
            if news.has_ended:
                job.news.set()
        self._hear(news)


def _deaf(_news: News) -> None:
    """Nobody listens."""
