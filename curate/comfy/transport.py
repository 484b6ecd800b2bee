"""What the fleet asks of a server: the seam behind which another transport may stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Protocol, Self

from curate.comfy.protocol import Broken, Finished, Graph, News, Queue, Stored

Hear = Callable[[News], None]


class Transport(Protocol):
    """One server; an async context manager.

    Every method raises ServerUnreachable when the server cannot be used now, and Refused when it
    answers with an error that waiting does not cure.
    """

    @property
    def url(self) -> str:
        """Its name, as it may be shown and stored; no two in a fleet have the same."""
        ...

    @property
    def version(self) -> str:
        """What the server said of itself when it was last found awake."""
        ...

    @property
    def running(self) -> str | None:
        """The job of ours that runs there, as far as the socket says."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def listen(self, hear: Hear) -> None:
        """Call `hear` with all that is heard of jobs from now on."""
        ...

    async def awake(self) -> str:
        """The server's version, once it can be used."""
        ...

    async def upload(self, png: bytes, name: str, subfolder: str) -> str:
        """Put an image into its input folder; returns what LoadImage must be given."""
        ...

    async def submit(self, graph: Graph, prompt_id: str) -> None:
        """Queue a graph under an id of ours, once even if the answer is lost."""
        ...

    async def ended(self, prompt_id: str, output: str = "") -> Finished | Broken | None:
        """How a job ends, once it does; None if the server has forgotten it.

        With `output`, the node whose files are wanted, these may be all that is told of it.
        """
        ...

    async def history(self, prompt_id: str) -> Finished | Broken | None:
        """How a job ended; None while it runs or waits, or if it is not known."""
        ...

    async def queue(self) -> Queue:
        """The jobs that run or wait there, anybody's."""
        ...

    async def view(self, file: Stored) -> bytes | None:
        """A file's bytes; None if it is not there."""
        ...

    async def cancel(self, prompt_ids: Iterable[str]) -> None:
        """Take jobs of ours that still wait out of the queue."""
        ...

    async def free(self) -> None:
        """Ask it to unload its models."""
        ...
