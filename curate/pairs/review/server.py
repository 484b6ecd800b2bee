"""The page's server: Starlette and uvicorn on this machine's own address."""

from __future__ import annotations

import asyncio
import json
import math
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Protocol, TypeVar

import uvicorn
from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from curate.engine import cores
from curate.errors import CurateError, PortTaken
from curate.pairs.review import decisions, guard, thumbs
from curate.pairs.review.decisions import Answer, Change

T = TypeVar("T")

_MOST_BYTES = 16 << 20
_GRACE_S = 2
_HALVES = {"frame": 0, "twin": 1, "frame-before": 2, "twin-before": 3}
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_FRESH = {"Cache-Control": "no-store"}
_KEPT = {"Cache-Control": "private, max-age=600"}


class Desk(Protocol):
    """What the server needs of the pairs; everything but `halves` is to be run by `clerk`."""

    thumbs: Path

    @property
    def clerk(self) -> Executor: ...
    def halves(self, pair_id: str) -> tuple[Path, ...]: ...
    def table(self) -> bytes: ...
    def decided(self) -> Mapping[str, list[str] | None]: ...
    def decide(self, changes: Sequence[Change]) -> Answer: ...
    def whatif(self, changed: Mapping[str, float]) -> bytes: ...
    def judge(self, changed: Mapping[str, float]) -> None: ...


def serve(desk: Desk, port: int, ready: Callable[[str], None]) -> None:
    """Answer on 127.0.0.1 until Ctrl-C.

    Raises:
        PortTaken: the port cannot be had.
    """
    try:
        listening = socket.create_server((guard.HOST, port))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PortTaken(port, reason.lower()) from error
    with listening:
        port = listening.getsockname()[1]
        secret = guard.token()
        config = uvicorn.Config(
            guard.guarded(app(desk, secret), secret, port),
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
        ready(f"http://{guard.HOST}:{port}/{secret}/")
        try:
            uvicorn.Server(config).run(sockets=[listening])
        except KeyboardInterrupt:  # uvicorn has ended in order and passes the signal on
            return


def app(desk: Desk, secret: str) -> Starlette:
    """The routes below the secret."""
    limiter = CapacityLimiter(cores())
    routes = [
        Route("/", partial(_asset, "index.html")),
        Route("/asset/{name}", _named_asset),
        Route("/pairs", partial(_table, desk)),
        Route("/decisions", partial(_decisions, desk), methods=["GET"]),
        Route("/decisions", partial(_decide, desk), methods=["POST"]),
        Route("/whatif", partial(_whatif, desk), methods=["POST"]),
        Route("/judge", partial(_judge, desk), methods=["POST"]),
        Route("/half/{pair}/{half}", partial(_half, desk)),
        Route("/thumb/{pair}", partial(_thumb, desk, limiter)),
    ]
    return Starlette(
        routes=[Mount(f"/{secret}", routes=routes)],
        exception_handlers={CurateError: _in_words, ValueError: _malformed},
    )


async def _asset(name: str, request: Request) -> Response:  # noqa: ARG001 - Starlette passes it
    asset = resources.files("curate.pairs.review") / "page" / name
    kind = _KINDS.get(Path(name).suffix)
    if kind is None or not asset.is_file():
        return Response(status_code=404)
    return Response(asset.read_bytes(), media_type=kind, headers=_FRESH)


async def _named_asset(request: Request) -> Response:
    return await _asset(request.path_params["name"], request)


async def _table(desk: Desk, request: Request) -> Response:  # noqa: ARG001
    return _json(await _by(desk, desk.table))


async def _decisions(desk: Desk, request: Request) -> Response:  # noqa: ARG001
    return JSONResponse(await _by(desk, desk.decided), headers=_FRESH)


async def _decide(desk: Desk, request: Request) -> Response:
    wishes = decisions.changes(await _body(request))
    answer = await _by(desk, lambda: desk.decide(wishes))
    value = {
        "decided": {key: decisions.wire(one) for key, one in answer.decided.items()},
        "conflicts": {key: decisions.wire(one) for key, one in answer.conflicts.items()},
        "gone": answer.gone,
    }
    return JSONResponse(value, 409 if answer.conflicts else 200, headers=_FRESH)


async def _whatif(desk: Desk, request: Request) -> Response:
    changed = _thresholds(await _body(request))
    return _json(await _by(desk, lambda: desk.whatif(changed)))


async def _judge(desk: Desk, request: Request) -> Response:
    changed = _thresholds(await _body(request))
    await _by(desk, lambda: desk.judge(changed))
    return _json(await _by(desk, desk.table))


async def _half(desk: Desk, request: Request) -> Response:
    halves = desk.halves(request.path_params["pair"])
    which = _HALVES.get(request.path_params["half"])
    if which is None or which >= len(halves) or not halves[which].is_file():
        return Response(status_code=404)
    return FileResponse(halves[which], headers=_FRESH)


async def _thumb(desk: Desk, limiter: CapacityLimiter, request: Request) -> Response:
    halves = desk.halves(request.path_params["pair"])
    if not halves:
        return Response(status_code=404)
    async with limiter:
        if await request.is_disconnected():  # scrolled past while it waited
            return Response(status_code=204)
        frame, twin = halves[:2]
        data = await to_thread.run_sync(thumbs.thumb, frame, twin, desk.thumbs)
    return Response(data, media_type="image/jpeg", headers=_KEPT)


async def _in_words(request: Request, error: Exception) -> Response:  # noqa: ARG001
    assert isinstance(error, CurateError)
    said = {"message": str(error), "remedy": error.remedy}
    return JSONResponse(said, 422 if error.exit_code == 2 else 500, headers=_FRESH)


async def _malformed(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return JSONResponse({"message": f"Cannot read the request: {error}."}, 400, headers=_FRESH)


async def _body(request: Request) -> bytes:
    if request.headers.get("content-type") != "application/json":
        raise ValueError("it is not JSON")
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > _MOST_BYTES:
            raise ValueError("it is too long")
    return bytes(data)


def _thresholds(data: bytes) -> dict[str, float]:
    body = json.loads(data)
    given = body.get("set") if isinstance(body, dict) else None
    if not isinstance(given, dict):
        raise ValueError("no thresholds")
    changed = {str(key): value for key, value in given.items()}
    for value in changed.values():
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise ValueError("a threshold is a number")
    return changed


def _by(desk: Desk, function: Callable[[], T]) -> Awaitable[T]:
    return asyncio.get_running_loop().run_in_executor(desk.clerk, function)


def _json(data: bytes) -> Response:
    return Response(data, media_type="application/json", headers=_FRESH)
