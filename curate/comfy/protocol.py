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
_STATUS = '{"type": "status"'
_BESIDES = (
    _STATUS,
    '{"type": "progress_state"',
    '{"type": "execution_cached"',
    '{"type": "executing", "data": {"node": "',
)
"""Three quarters of all messages, which say nothing that others do not say as well."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in one of the server's folders, as `/view` wants it named."""

    filename: str
    subfolder: str
    type: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A job that ended well: node id -> the images or videos it wrote."""

    files: dict[str, tuple[Stored, ...]]


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
    """A socket message about a job; `has_ended` when its result can be asked for.

    `step` of `steps` is what the node in work, such as a sampler, says of itself; 0 of 0 if it
    says nothing. `files` are what the node `node` wrote; `has_succeeded` once no node has failed.
    """

    prompt_id: str
    has_ended: bool
    step: int = 0
    steps: int = 0
    has_succeeded: bool = False
    node: str = ""
    files: tuple[Stored, ...] = ()


@dataclass(frozen=True, slots=True)
class Queue:
    """The ids of the jobs at a server, anybody's."""

    running: tuple[str, ...]
    pending: tuple[str, ...]

    def __contains__(self, prompt_id: str) -> bool:
        return prompt_id in self.running or prompt_id in self.pending


def is_sign_of_life(message: str | bytes) -> bool:
    """Whether a socket message comes of work: all do but those on the length of the queue."""
    return isinstance(message, bytes) or not message.startswith(_STATUS)


def news(message: str | bytes) -> News | None:
    """The news in a socket message; None for previews and for all that is not about a job.

    The end is `executing` without a node: `execution_success` comes before the history is written.
    """
    if isinstance(message, bytes) or message.startswith(_BESIDES):
        return None
    try:
        said = json.loads(message)
        data = said["data"]
        prompt_id = data["prompt_id"]
    except (ValueError, KeyError, TypeError):
        return None
    kind = said.get("type")
    if kind == "progress":
        return News(str(prompt_id), False, int(data.get("value", 0)), int(data.get("max", 0)))
    if kind == "executed":
        return News(
            str(prompt_id), False, node=str(data.get("node")), files=_files(data.get("output"))
        )
    has_ended = kind == "executing" and data.get("node") is None
    return News(str(prompt_id), has_ended, has_succeeded=kind == "execution_success")


def ending(entry: dict[str, Any]) -> Finished | Broken:
    """How a job ended, from its entry in the history."""
    status = entry.get("status") or {}
    if status.get("status_str") == "success" and status.get("completed"):
        outputs = entry.get("outputs", {})
        return Finished({node: _files(output) for node, output in outputs.items()})
    for name, data in status.get("messages", ()):
        if name == "execution_error":
            return Broken(
                f"node {data.get('node_id')} ({data.get('node_type')})",
                str(data.get("exception_type") or "error"),
                str(data.get("exception_message", "")),
            )
    return Broken("", "", "")


def _files(output: object) -> tuple[Stored, ...]:
    """The files among what a node gave: images, videos, whatever it calls them."""
    if not isinstance(output, dict):
        return ()
    return tuple(
        Stored(file["filename"], file.get("subfolder", ""), file.get("type", ""))
        for listed in output.values()
        if isinstance(listed, list)
        for file in listed
        if isinstance(file, dict) and "filename" in file
    )


def queue(body: dict[str, Any]) -> Queue:
    """The jobs at a server, from the answer to `/queue`."""
    running, pending = (
        tuple(str(job[1]) for job in body.get(key, ()))
        for key in ("queue_running", "queue_pending")
    )
    return Queue(running, pending)


def is_about_input(body: object) -> bool:
    """Whether a prompt was refused for nothing but a file that it names, such as the image."""
    if not isinstance(body, dict):
        return False
    kinds = {
        error.get("type")
        for about in (body.get("node_errors") or {}).values()
        for error in about.get("errors", ())
    }
    return kinds == {"custom_validation_failed"}


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
