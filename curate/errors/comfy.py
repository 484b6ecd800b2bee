"""Instructions, graphs and ComfyUI servers that do not do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from curate.errors.base import BadInput, ItemFailed, NoComfy, nearest


class InstructionMissing(BadInput):
    def __init__(self, name: str, known: Iterable[str]) -> None:
        message = f"There is no instruction {name!r}: not as a path, in ./prompts or packaged."
        super().__init__(message, remedy=nearest(name, known))


class InstructionEmpty(BadInput):
    def __init__(self, file: Path) -> None:
        super().__init__(
            f"The instruction {file} has no text.",
            remedy="Write what the model shall change below the # comment line.",
        )


class GraphUnusable(BadInput):
    """A ComfyUI graph in which a role cannot be found."""


class ServerUnreachable(NoComfy):
    """A server that cannot be used now, whatever the reason."""


class ServerSilent(ServerUnreachable):
    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"No ComfyUI answers at {url}: {reason}.",
            remedy="Start ComfyUI, or name it with --server URL; "
            "`curate kontext --backend embedded` tries the loop without one.",
        )


class ServerFailing(ServerUnreachable):
    def __init__(self, url: str, said: str) -> None:
        super().__init__(
            f"ComfyUI at {url} keeps failing: {said}.",
            remedy="See its own log, or that of the proxy before it; then run the command again.",
        )


class ServerStalled(ServerUnreachable):
    def __init__(self, url: str, stall_s: float) -> None:
        super().__init__(
            f"ComfyUI at {url} stands still: its job has not moved for {stall_s:g} s.",
            remedy="Restart it; if its jobs do take as long, name a longer --stall-after.",
        )


class ServerForbids(ServerUnreachable):
    def __init__(self, url: str, status: int) -> None:
        super().__init__(
            f"The server at {url} does not let us in: HTTP {status}.",
            remedy="Write --server https://user:password@host, or --header 'Authorization: …'.",
        )


class ServerLost(NoComfy):
    def __init__(self, url: str, waiting: int) -> None:
        frames = f"{waiting} frame{'s' if waiting != 1 else ''}"
        super().__init__(
            f"ComfyUI at {url} stopped answering with {frames} to go.",
            remedy="Restart ComfyUI and run the same command again; what is finished is kept.",
        )


class ModelsMissing(NoComfy):
    """ComfyUI runs, but lacks model files or nodes that the graph names."""


class GraphRefused(NoComfy):
    def __init__(self, url: str, why: str) -> None:
        super().__init__(
            f"ComfyUI at {url} refuses the graph: {why}.",
            remedy="Open the graph in ComfyUI, make it run there, then export it again (API).",
        )


class JobFailed(ItemFailed):
    """ComfyUI took the job and reported an error for it."""


class AnswerUnusable(ItemFailed):
    """What ComfyUI made is whole for ComfyUI, but not what was wanted."""


class CellUnusable(AnswerUnusable):
    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"ComfyUI's answer for {name} is no cell of a grid: {reason}.",
            remedy="Look at the graph in ComfyUI; run the command again to retry this cell.",
        )


class TwinUnusable(AnswerUnusable):
    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"ComfyUI's answer for {name} is not a twin: {reason}.",
            remedy="Look at the graph in ComfyUI; run the command again to retry this frame.",
        )
