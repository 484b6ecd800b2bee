"""One ComfyUI server: upload, submit, watch, fetch."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx
import stamina
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from curate.comfy import protocol
from curate.comfy.address import called, shown
from curate.comfy.protocol import Broken, Finished, Graph, Stored
from curate.errors import ServerUnreachable

POLL_S = 1.0
"""The history is asked this often; the socket only makes it earlier."""

PATIENCE_S = 10.0
"""A server that does not answer for this long is lost."""

STALL_S = 900.0
"""So is one whose jobs do not move for this long; a first model load takes minutes."""

_QUEUE_EVERY = 5  # polls; the answer repeats every waiting graph
_TIMEOUT = httpx.Timeout(5.0, read=60.0)  # it answers late while a node holds the interpreter
_RECONNECT_S = 2.0
_MESSAGE_BYTES = 64 << 20  # previews are images

logging.getLogger("stamina").addHandler(logging.NullHandler())  # what it would log, we say in words


class Refused(Exception):
    """The server answered with an error that waiting does not cure."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(f"HTTP {status}: {protocol.sentence(protocol.complaints(body))}")
        self.status = status
        self.body = body


class _Busy(Exception):
    """A 5xx: it may pass."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class Server:
    """A connection to one server; a context manager.

    Every method raises ServerUnreachable when the server does not answer for `patience_s`, and
    Refused when it answers with an error.

    Args:
        url: http or https.
        patience_s: how long connection errors and 5xx answers are retried.
        stall_s: how long a job may show no sign of life.
    """

    def __init__(
        self, url: str, *, patience_s: float = PATIENCE_S, stall_s: float = STALL_S
    ) -> None:
        self._address = called(url)
        self.url = shown(url)
        self.patience_s = patience_s
        self.stall_s = stall_s
        self._client_id = str(uuid4())
        self._http = httpx.AsyncClient(base_url=self._address, timeout=_TIMEOUT)
        self._awaited: dict[str, asyncio.Event] = {}
        self._moved_at = time.monotonic()
        self._listener: asyncio.Task[None] | None = None
        self._is_heard = asyncio.Event()

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
        await self._http.aclose()

    async def version(self) -> str:
        """The version of ComfyUI that runs there.

        Raises:
            ServerUnreachable: also when something else answers at the address.
        """
        try:
            response = await self._ask("GET", "/system_stats")
            return str(response.json()["system"].get("comfyui_version", "of unknown version"))
        except Refused as error:
            raise ServerUnreachable(self.url, f"it answers HTTP {error.status}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ServerUnreachable(self.url, "something else answers there") from error

    async def node(self, class_type: str) -> dict[str, Any] | None:
        """What a node takes and gives; None if the server lacks it."""
        response = await self._ask("GET", f"/object_info/{class_type}")
        found = _read(response).get(class_type)
        return dict(found) if found else None

    async def upload(self, png: bytes, name: str, subfolder: str) -> str:
        """Put an image into the server's input folder; returns what LoadImage must be given."""
        response = await self._ask(
            "POST",
            "/upload/image",
            files={"image": (name, png, "image/png")},
            data={"subfolder": subfolder, "type": "input"},
        )
        stored = _read(response)
        return "/".join(part for part in (stored["subfolder"], stored["name"]) if part)

    async def submit(self, graph: Graph, prompt_id: str) -> None:
        """Queue a graph under an id of our own, once even if the answer is lost.

        Raises:
            Refused: the graph, or a part of it, was not accepted.
        """
        await self._hear()
        self._awaited[prompt_id] = asyncio.Event()
        self._moved_at = time.monotonic()
        request = {"prompt": graph, "prompt_id": prompt_id}
        with self._in_words():
            async for attempt in self._attempts():
                with attempt:
                    if attempt.num > 1 and await self._has(prompt_id):
                        return
                    request["client_id"] = self._client_id
                    response = await self._once("POST", "/prompt", json=request)
        answer = _read(response)
        if answer.get("node_errors"):
            raise Refused(httpx.codes.BAD_REQUEST, answer)

    async def ended(self, prompt_id: str) -> Finished | Broken | None:
        """How a job ends, once it does; None if the server has forgotten it.

        Raises:
            ServerUnreachable: also when nothing moves for `stall_s`.
        """
        news = self._awaited.setdefault(prompt_id, asyncio.Event())
        polls = 0
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_S):
                        await news.wait()
                news.clear()
                if ending := await self.history(prompt_id):
                    self._moved_at = time.monotonic()
                    return ending
                polls += 1
                if polls % _QUEUE_EVERY == 0 and prompt_id not in await self.queued():
                    return await self.history(prompt_id)
                if time.monotonic() - self._moved_at > self.stall_s:
                    raise ServerUnreachable(self.url, f"its job stood still for {self.stall_s:g} s")
        finally:
            self._awaited.pop(prompt_id, None)

    async def history(self, prompt_id: str) -> Finished | Broken | None:
        """How a job ended; None while it runs or waits, or if it is not known."""
        response = await self._ask("GET", f"/history/{prompt_id}")
        entry = _read(response).get(prompt_id)
        return protocol.ending(entry) if entry else None

    async def queued(self) -> set[str]:
        """The ids of all jobs that run or wait there, anybody's."""
        return protocol.queued(_read(await self._ask("GET", "/queue")))

    async def view(self, image: Stored) -> bytes | None:
        """An image's bytes; None if the file is not there."""
        place = {"filename": image.filename, "subfolder": image.subfolder, "type": image.type}
        try:
            return (await self._ask("GET", "/view", params=place)).content
        except Refused as refusal:
            if refusal.status == httpx.codes.NOT_FOUND:
                return None
            raise

    async def cancel(self, prompt_ids: Iterable[str]) -> None:
        """Take jobs of ours that still wait out of the queue."""
        await self._ask("POST", "/queue", json={"delete": list(prompt_ids)})

    async def free(self) -> None:
        """Ask it to unload its models."""
        await self._ask("POST", "/free", json={"unload_models": True, "free_memory": True})

    async def _has(self, prompt_id: str) -> bool:
        waiting = await self._once("GET", "/queue")
        ended = await self._once("GET", f"/history/{prompt_id}")
        return prompt_id in protocol.queued(_read(waiting)) or bool(_read(ended))

    async def _ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        with self._in_words():
            async for attempt in self._attempts():
                with attempt:
                    return await self._once(method, path, **how)
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, method: str, path: str, **how: Any) -> httpx.Response:
        response = await self._http.request(method, path, **how)
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise _Busy(response)
        if response.is_error:
            raise _refusal(response)
        return response

    def _attempts(self) -> AsyncIterator[stamina.Attempt]:
        return stamina.retry_context(
            (httpx.TransportError, _Busy),
            attempts=None,
            timeout=self.patience_s,
            wait_max=2.0,
            wait_jitter=0.1,
        ).__aiter__()

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            reason = str(error).rstrip(".") or type(error).__name__
            raise ServerUnreachable(self.url, reason) from error
        except _Busy as error:
            raise _refusal(error.response) from error

    async def _hear(self) -> None:
        """Have the socket open, or know after a moment that it does not open."""
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_RECONNECT_S):
                await self._is_heard.wait()

    async def _listen(self) -> None:
        """Pass on what the socket says; without a socket the polls do."""
        while True:
            address = f"ws{self._address.removeprefix('http')}/ws?clientId={self._client_id}"
            with contextlib.suppress(OSError, WebSocketException):
                async with connect(address, max_size=_MESSAGE_BYTES) as socket:
                    self._is_heard.set()
                    async for message in socket:
                        self._note(message)
            self._client_id = str(uuid4())  # a known one can leave the new socket silent
            await asyncio.sleep(_RECONNECT_S)

    def _note(self, message: str | bytes) -> None:
        self._moved_at = time.monotonic()
        news = protocol.news(message)
        if news and news.has_ended and news.prompt_id in self._awaited:
            self._awaited[news.prompt_id].set()


def _read(response: httpx.Response) -> dict[str, Any]:
    try:
        return dict(response.json())
    except (ValueError, TypeError) as error:  # a proxy's page, not ComfyUI
        raise Refused(response.status_code, "the answer is not ComfyUI's") from error


def _refusal(response: httpx.Response) -> Refused:
    try:
        return Refused(response.status_code, response.json())
    except ValueError:
        return Refused(response.status_code, response.text or response.reason_phrase)
