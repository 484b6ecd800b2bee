"""One picture from one server: found again if it was made before, else made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from curate import identity
from curate.comfy.protocol import Broken, Finished, Graph, Stored
from curate.comfy.server import Refused, Server
from curate.errors import GraphRefused, JobFailed, ServerUnreachable, TwinUnusable
from curate.records import Job

FOLDER = "curate"
"""The folder in the server's input and output that is ours: a full root slows ComfyUI down."""

_TRIES = 3
_TOO_LARGE = 413
_BAD_REQUEST = 400


@dataclass(frozen=True, slots=True)
class Order:
    """A picture that is wanted.

    `begin` is called when its turn comes and gives the jobs that were submitted for it before,
    oldest first. `picture` gives the PNG to upload; `accept` takes the PNG that came back and
    keeps it, or raises TwinUnusable: these two run in a thread. `graph` binds the uploaded
    image's name and an output prefix; `output` is the node whose image counts.
    """

    key: str
    name: str
    output: str
    begin: Callable[[], tuple[Job, ...]]
    picture: Callable[[], bytes]
    graph: Callable[[str, str], Graph]
    accept: Callable[[bytes], None]


async def fill(
    order: Order, server: Server, book: Callable[[str], Job], fleet: Mapping[str, Server]
) -> None:
    """Have a picture made, unless it is found, and accepted.

    Args:
        order: looked for on the servers of its earlier jobs before anything is submitted.
        server: makes it if it is not found.
        book: writes down the job on the server of an address before it is submitted there.
        fleet: the servers that may be asked, by address.

    Raises:
        ServerUnreachable: `server` does not answer, or stands still.
        GraphRefused: no order with this graph can be filled there.
        JobFailed, TwinUnusable: this order cannot.
    """
    earlier = order.begin()
    try:
        for job in reversed(earlier):
            if await _is_found(order, job, fleet.get(job.server), server):
                return
        await _make(order, server, book)
    except Refused as refusal:
        raise _in_words(refusal, order, server) from refusal


async def _make(order: Order, server: Server, book: Callable[[str], Job]) -> None:
    png = await asyncio.to_thread(order.picture)
    image = await server.upload(png, f"{identity.of_bytes(png)}.png", FOLDER)
    has_freed = False
    for _ in range(_TRIES):
        job = book(server.url)
        await server.submit(order.graph(image, job.prefix), job.prompt_id)
        ending = await server.ended(job.prompt_id)
        if isinstance(ending, Broken):
            if not ending.is_out_of_memory or has_freed:
                raise _failed(order, server, str(ending))
            await server.free()
            has_freed = True
        elif ending is not None:
            png_back = await server.view(_expected(order, ending, server))
            if png_back is not None:
                await asyncio.to_thread(order.accept, png_back)
                return
        elif await _is_left_behind(order, job, server):
            return
    raise _failed(order, server, f"its result was lost {_TRIES} times")


async def _is_found(order: Order, job: Job, then: Server | None, now: Server) -> bool:
    """Whether an earlier job's picture was accepted: from the history, the queue or a file."""
    for server in dict.fromkeys(s for s in (then, now) if s is not None):
        try:
            if server is then:
                ending = await server.history(job.prompt_id)
                if ending is None and job.prompt_id in await server.queued():
                    ending = await server.ended(job.prompt_id)
                if isinstance(ending, Broken):
                    return False
            if await _is_left_behind(order, job, server):
                return True
        except (ServerUnreachable, Refused):
            if server is now:
                raise
    return False


async def _is_left_behind(order: Order, job: Job, server: Server) -> bool:
    """Whether the file that a job wrote is there, and whole; SaveImage counts from 00001."""
    folder, _, name = job.prefix.rpartition("/")
    png = await server.view(Stored(f"{name}_00001_.png", folder, "output"))
    if png is None:
        return False
    try:
        await asyncio.to_thread(order.accept, png)
    except TwinUnusable:  # cut off by a crash
        return False
    return True


def _expected(order: Order, ending: Finished, server: Server) -> Stored:
    images = ending.images.get(order.output)
    if not images:
        raise _failed(order, server, f"node {order.output} wrote no image")
    return images[0]


def _failed(order: Order, server: Server, reason: str) -> JobFailed:
    return JobFailed(
        f"ComfyUI at {server.url} failed on {order.name}: {reason}.",
        remedy="See ComfyUI's own log; run the same command again to retry this frame.",
    )


def _in_words(refusal: Refused, order: Order, server: Server) -> JobFailed | GraphRefused:
    if refusal.status == _TOO_LARGE:
        return JobFailed(
            f"ComfyUI at {server.url} finds {order.name} too large.",
            remedy="Start ComfyUI with a larger --max-upload-size.",
        )
    if refusal.status == _BAD_REQUEST:
        return GraphRefused(
            f"ComfyUI at {server.url} refuses the graph: {refusal}.",
            remedy="Open the graph in ComfyUI, make it run there, then export it again (API).",
        )
    return _failed(order, server, str(refusal))
