"""What ComfyUI says, as values: no sockets here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

Graph: TypeAlias = dict[str, dict[str, Any]]
"""A graph in ComfyUI's API format: node id -> {"class_type", "inputs"}."""

_OUT_OF_MEMORY = ("outofmemory", "out of memory", "can't allocate memory", "cannot allocate memory")
_DETAIL_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Stored:
    """An image in one of the server's folders, as `/view` wants it named."""

    filename: str
    subfolder: str
    type: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A job that ended well: node id -> the images it wrote."""

    images: dict[str, tuple[Stored, ...]]


@dataclass(frozen=True, slots=True)
class Broken:
    """A job that ended with an error, or was interrupted (then `kind` is empty)."""

    node: str
    kind: str
    message: str

    @property
    def is_out_of_memory(self) -> bool:
        said = f"{self.kind} {self.message}".lower()
        return any(words in said for words in _OUT_OF_MEMORY)

    def __str__(self) -> str:
        if not self.kind:
            return "it was interrupted on the server"
        return f"{self.node}: {self.kind}: {_short(self.message)}"


@dataclass(frozen=True, slots=True)
class News:
    """A socket message about a job; `has_ended` when its result can be asked for."""

    prompt_id: str
    has_ended: bool


def news(message: str | bytes) -> News | None:
    """The news in a socket message; None for previews and for all that is not about a job.

    The end is `executing` without a node: `execution_success` comes before the history is written.
    """
    if isinstance(message, bytes):
        return None
    try:
        said = json.loads(message)
        data = said["data"]
        prompt_id = data["prompt_id"]
    except (ValueError, KeyError, TypeError):
        return None
    has_ended = said.get("type") == "executing" and data.get("node") is None
    return News(str(prompt_id), has_ended)


def ending(entry: dict[str, Any]) -> Finished | Broken:
    """How a job ended, from its entry in the history."""
    status = entry.get("status") or {}
    if status.get("status_str") == "success" and status.get("completed"):
        return Finished(
            {
                node: tuple(
                    Stored(image["filename"], image.get("subfolder", ""), image.get("type", ""))
                    for image in output.get("images", ())
                )
                for node, output in entry.get("outputs", {}).items()
            }
        )
    for name, data in status.get("messages", ()):
        if name == "execution_error":
            return Broken(
                f"node {data.get('node_id')} ({data.get('node_type')})",
                str(data.get("exception_type") or "error"),
                str(data.get("exception_message", "")),
            )
    return Broken("", "", "")


def queued(body: dict[str, Any]) -> set[str]:
    """The ids of all jobs that run or wait, from the answer to `/queue`."""
    jobs = [*body.get("queue_running", ()), *body.get("queue_pending", ())]
    return {str(job[1]) for job in jobs}


def complaints(body: object) -> tuple[str, ...]:
    """Why a prompt was refused, a sentence for each node, from the answer to `/prompt`."""
    if not isinstance(body, dict):
        return (_short(str(body)),)
    said = [
        f"node {node} ({about.get('class_type')}): {error['message']}, "
        f"{_short(str(error.get('details', '')))}"
        for node, about in (body.get("node_errors") or {}).items()
        for error in about.get("errors", ())
    ]
    error = body.get("error")
    if not said and isinstance(error, dict):
        said = [_short(f"{error.get('message', '')} {error.get('details', '')}".strip())]
    elif not said and error:
        said = [_short(str(error))]
    return tuple(said)


def choices(info: dict[str, Any], name: str) -> tuple[str, ...] | None:
    """What an input may be set to, from a node's `/object_info`; None if it is no choice.

    A choice is written `[[…], …]`, or in newer nodes `["COMBO", {"options": […]}]`.
    """
    inputs = info.get("input") or {}
    spec = (inputs.get("required") or {}).get(name) or (inputs.get("optional") or {}).get(name)
    if not spec:
        return None
    listed: object = spec[0]
    if listed == "COMBO" and len(spec) > 1:
        listed = spec[1].get("options")
    if not isinstance(listed, list):
        return None
    return tuple(str(choice) for choice in listed)


def sentence(parts: Iterable[str]) -> str:
    """Parts as one clause, without the last full stop."""
    return "; ".join(part.rstrip(".") for part in parts)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _DETAIL_CHARACTERS else line[: _DETAIL_CHARACTERS - 1] + "…"
