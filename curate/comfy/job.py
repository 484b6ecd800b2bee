"""One picture from one server: found again if it was made before, else made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, Protocol, TypeVar
from uuid import uuid4

from curate import identity
from curate.comfy import protocol
from curate.comfy.protocol import Broken, Finished, Graph, Stored
from curate.comfy.transport import Transport
from curate.comfy.wire import Refused
from curate.errors import AnswerUnusable, GraphRefused, JobFailed, ServerUnreachable
from curate.records import Job

FOLDER = "curate"
"""The folder in the server's input and output that is ours: a full root slows ComfyUI down."""

_TRIES = 3
_TOO_LARGE = 413
_BAD_REQUEST = 400


Errand = Literal["picture", "accept"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """A picture, or a clip, that is wanted.

    `begin` is called when its turn comes and gives the jobs that were submitted for it before,
    oldest first. `picture` gives the PNG to upload, if there is one; `accept` takes the file that
    came back and keeps it, or raises AnswerUnusable: these two may run in a thread. `graph` binds
    the uploaded image's name and an output prefix; `output` is the node whose file counts, and
    `suffix` what that file's name ends in. Orders of one `group` go to one server if they can.
    """

    key: str
    name: str
    output: str
    begin: Callable[[], tuple[Job, ...]]
    picture: Callable[[], bytes] | None
    graph: Callable[[str, str], Graph]
    accept: Callable[[bytes], None]
    group: str = ""
    suffix: str = "png"


class Post(Protocol):
    """A server's end of the fleet: what `fill` needs of it."""

    @property
    def server(self) -> Transport: ...

    @property
    def slots(self) -> asyncio.Semaphore:
        """Taken for each job that stands in the server's queue."""
        ...

    @property
    def is_up(self) -> bool: ...

    def demand_up(self) -> None:
        """Raise ServerUnreachable if the server is known to be lost."""
        ...

    async def aside(self, errand: Errand, run: Callable[[], T]) -> T:
        """What `run` gives, without keeping the others waiting meanwhile."""
        ...


@dataclass(slots=True, eq=False)
class Work:
    """An order in work at a server: how far it is, and the job that stands for it there."""

    order: Order
    post: Post
    stage: Literal["seeking", "preparing", "submitting", "queued", "fetching"] = "seeking"
    job: Job | None = None
    task: asyncio.Task[None] | None = field(default=None, repr=False)
    is_recalled: bool = False
    is_kept: bool = False


Book = Callable[[Order, str], Job]
"""Write down, before it is submitted, the job for an order on the server of that address."""


def new(order: Order, server: str, at: str) -> Job:
    """A job for an order, under an id and an output prefix that no other has; `at` is now."""
    prompt_id = str(uuid4())
    return Job(prompt_id, order.key, server, f"{FOLDER}/{order.key[:12]}-{prompt_id[:8]}", at)


async def fill(work: Work, book: Book, posts: Mapping[str, Post]) -> None:
    """Have a picture made, unless it is found, and accepted.

    Args:
        work: its order is looked for on the servers of its earlier jobs before anything is
            submitted; its post makes it if it is not found.
        book: writes down the job before it is submitted.
        posts: the servers that may be asked, by address.

    Raises:
        ServerUnreachable: the server cannot be used now.
        GraphRefused: the server does not accept this graph.
        JobFailed, AnswerUnusable: this order cannot be filled.
    """
    earlier = work.order.begin()
    try:
        for job in reversed(earlier):
            if await _is_found(work, job, posts.get(job.server)):
                return
        await _make(work, book)
    except Refused as refusal:
        raise _in_words(refusal, work) from refusal


async def _make(work: Work, book: Book) -> None:
    order, server = work.order, work.post.server
    work.stage = "preparing"
    image = await _uploaded(work)
    has_freed = has_uploaded_again = False
    for _ in range(_TRIES):
        async with work.post.slots:
            work.post.demand_up()
            work.job = job = book(order, server.url)
            work.stage = "submitting"
            try:
                await server.submit(order.graph(image, job.prefix), job.prompt_id)
            except Refused as refusal:
                if not protocol.is_about_input(refusal.body) or has_uploaded_again:
                    raise
                image, has_uploaded_again = await _uploaded(work), True
                continue
            work.stage = "queued"
            ending = await server.ended(job.prompt_id, order.output)
        work.stage = "fetching"
        if isinstance(ending, Broken):
            if not ending.is_out_of_memory or has_freed:
                raise _broken(work, ending)
            await server.free()
            has_freed = True
        elif ending is not None:
            came_back = await server.view(_expected(work, ending))
            if came_back is not None:
                await work.post.aside("accept", partial(order.accept, came_back))
                return
        elif await _is_left_behind(order, job, work.post):
            return
    raise _failed(work, f"its result was lost {_TRIES} times")


async def _uploaded(work: Work) -> str:
    if work.order.picture is None:
        return ""
    png = await work.post.aside("picture", work.order.picture)
    return await work.post.server.upload(png, f"{identity.of_bytes(png)}.png", FOLDER)


async def _is_found(work: Work, job: Job, then: Post | None) -> bool:
    """Whether an earlier job's picture was accepted: from the history, the queue or a file."""
    for post in dict.fromkeys(p for p in (then, work.post) if p is not None and p.is_up):
        try:
            if post is then:
                ending = await post.server.history(job.prompt_id)
                if ending is None and job.prompt_id in await post.server.queue():
                    ending = await post.server.ended(job.prompt_id, work.order.output)
                if isinstance(ending, Broken):
                    return False
            if await _is_left_behind(work.order, job, post):
                return True
        except (ServerUnreachable, Refused):
            if post is work.post:
                raise
    return False


async def _is_left_behind(order: Order, job: Job, post: Post) -> bool:
    """Whether the file that a job wrote is there, and whole; ComfyUI counts from 00001."""
    folder, _, name = job.prefix.rpartition("/")
    came_back = await post.server.view(Stored(f"{name}_00001_.{order.suffix}", folder, "output"))
    if came_back is None:
        return False
    try:
        await post.aside("accept", partial(order.accept, came_back))
    except AnswerUnusable:  # cut off by a crash
        return False
    return True


def _expected(work: Work, ending: Finished) -> Stored:
    files = ending.files.get(work.order.output)
    if not files:
        raise _failed(work, f"node {work.order.output} wrote no file")
    return files[0]


def _broken(work: Work, ending: Broken) -> JobFailed:
    if not ending.is_out_of_memory:
        return _failed(work, str(ending))
    return JobFailed(
        f"ComfyUI at {work.post.server.url} ran out of memory on {work.order.name}, twice.",
        remedy="Start ComfyUI with --lowvram, or let a server with more memory do this frame.",
    )


def _failed(work: Work, reason: str) -> JobFailed:
    return JobFailed(
        f"ComfyUI at {work.post.server.url} failed on {work.order.name}: {reason}.",
        remedy="See ComfyUI's own log; run the same command again to retry it.",
    )


def _in_words(refusal: Refused, work: Work) -> JobFailed | GraphRefused:
    url = work.post.server.url
    if refusal.status == _TOO_LARGE:
        return JobFailed(
            f"ComfyUI at {url} finds {work.order.name} too large.",
            remedy="Start ComfyUI with a larger --max-upload-size.",
        )
    if refusal.status == _BAD_REQUEST and not protocol.is_about_input(refusal.body):
        return GraphRefused(url, str(refusal))
    return _failed(work, str(refusal))
