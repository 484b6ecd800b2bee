"""One picture from one server: found again if it was made before, else made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

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

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Order(Generic[T]):
    """A picture that is wanted.

    `begin` is called when its turn comes and gives the jobs that were submitted for it before,
    oldest first. `picture` gives the PNG to upload; `accept` takes the PNG that came back, keeps
    it and returns what shall be known of it, or raises TwinUnusable: these two run in a thread.
    `graph` binds the uploaded image's name and an output prefix; `output` is the node whose image
    counts.
    """

    key: str
    name: str
    output: str
    begin: Callable[[], tuple[Job, ...]]
    picture: Callable[[], bytes]
    graph: Callable[[str, str], Graph]
    accept: Callable[[bytes], T]


async def fill(
    order: Order[T], server: Server, book: Callable[[str], Job], fleet: Mapping[str, Server]
) -> T:
    """What `order.accept` returned for the picture.

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
    for job in reversed(order.begin()):
        made = await _found(order, job, fleet.get(job.server), server)
        if made is not None:
            return made
    try:
        return await _made(order, server, book)
    except Refused as refusal:
        raise _in_words(refusal, order, server) from refusal


async def _made(order: Order[T], server: Server, book: Callable[[str], Job]) -> T:
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
                return await asyncio.to_thread(order.accept, png_back)
        elif (made := await _left_behind(order, job, server)) is not None:
            return made
    raise _failed(order, server, f"its result was lost {_TRIES} times")


async def _found(order: Order[T], job: Job, then: Server | None, now: Server) -> T | None:
    """The result of an earlier job: in the history, in the queue, or as a file."""
    for server in dict.fromkeys(s for s in (then, now) if s is not None):
        try:
            if server is then:
                ending = await server.history(job.prompt_id)
                if ending is None and job.prompt_id in await server.queued():
                    ending = await server.ended(job.prompt_id)
                if isinstance(ending, Broken):
                    return None
            made = await _left_behind(order, job, server)
        except (ServerUnreachable, Refused):
            if server is now:
                raise
            continue
        if made is not None:
            return made
    return None


async def _left_behind(order: Order[T], job: Job, server: Server) -> T | None:
    """The file that a job wrote, if it is there and whole; SaveImage counts from 00001."""
    folder, _, name = job.prefix.rpartition("/")
    png = await server.view(Stored(f"{name}_00001_.png", folder, "output"))
    if png is None:
        return None
    try:
        return await asyncio.to_thread(order.accept, png)
    except TwinUnusable:  # cut off by a crash
        return None


def _expected(order: Order[T], ending: Finished, server: Server) -> Stored:
    images = ending.images.get(order.output)
    if not images:
        raise _failed(order, server, f"node {order.output} wrote no image")
    return images[0]


def _failed(order: Order[T], server: Server, reason: str) -> JobFailed:
    return JobFailed(
        f"ComfyUI at {server.url} failed on {order.name}: {reason}.",
        remedy="See ComfyUI's own log; run the same command again to retry this frame.",
    )


def _in_words(refusal: Refused, order: Order[T], server: Server) -> JobFailed | GraphRefused:
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
