"""A ComfyUI graph: read from a file, cut to what makes its output, filled in for one frame."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curate.comfy.protocol import Graph
from curate.errors import GraphUnusable

_EXPORT = "In ComfyUI choose Workflow > Export (API) and give that file."


@dataclass(frozen=True, slots=True)
class Slot:
    """A node and those of its inputs that a role is written to."""

    node: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Roles:
    """Where the frame goes in and the twin comes out; what a graph may lack is None.

    `sizes` are the nodes that say how large the twin is, where the graph does not take it from the
    frame: their inputs are a width and a height.
    """

    image: Slot
    output: Slot
    text: Slot | None
    seed: Slot | None
    sizes: tuple[Slot, ...] = ()


def load(file: Path) -> Graph:
    """A graph in API format, as ComfyUI exports it, or as it was sent to a server.

    Raises:
        GraphUnusable: missing, not JSON, or in the format of ComfyUI's own editor.
    """
    try:
        graph = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not JSON"
        raise GraphUnusable(f"Cannot read the graph {file}: {reason}.", remedy=_EXPORT) from error
    if isinstance(graph, dict) and isinstance(graph.get("prompt"), dict):
        graph = graph["prompt"]
    if isinstance(graph, dict) and "nodes" in graph and "links" in graph:
        raise GraphUnusable(
            f"{file} is a workflow as ComfyUI's editor saves it, not in API format.",
            remedy=_EXPORT,
        )
    if not isinstance(graph, dict) or not graph or not all(map(_is_node, graph.values())):
        raise GraphUnusable(f"{file} is not a ComfyUI graph.", remedy=_EXPORT)
    return graph


def behind(graph: Graph, node: str, *, but: str = "") -> Iterator[str]:
    """The nodes that lead to `node`, nearest first, not along inputs whose name has `but` in it."""
    seen = {node}
    queue = [node]
    for reached in queue:
        for name, value in graph[reached]["inputs"].items():
            source = linked(graph, value)
            if source is not None and source not in seen and not (but and but in name):
                seen.add(source)
                queue.append(source)
                yield source


def linked(graph: Graph, value: object) -> str | None:
    """The node that an input's value comes from; None if it is no link to one."""
    source = str(value[0]) if isinstance(value, list) and len(value) == 2 else None
    return source if source in graph else None


def cut(graph: Graph, output: str) -> Graph:
    """The part of a graph that makes one output: what else it saves or shows is left out."""
    needed = {output, *behind(graph, output)}
    return {node: about for node, about in graph.items() if node in needed}


def bind(
    graph: Graph,
    parts: Roles,
    *,
    image: str,
    text: str,
    seed: int,
    prefix: str,
    size: tuple[int, int],
) -> Graph:
    """The graph with its roles filled in; those it lacks are left out. The other nodes are shared.

    Args:
        graph: in API format; it is not changed.
        parts: its roles.
        image: the name that the server gave the uploaded frame.
        text: the instruction.
        seed: not negative.
        prefix: what the output's file name begins with, folders included.
        size: width and height of the twin.
    """
    filled: list[tuple[Slot | None, dict[str, object]]] = [
        (parts.image, _all(parts.image, image)),
        (parts.text, _all(parts.text, text)),
        (parts.seed, _all(parts.seed, seed)),
        (parts.output, _all(parts.output, prefix)),
    ]
    filled += [(slot, dict(zip(slot.inputs, size, strict=True))) for slot in parts.sizes]
    bound = dict(graph)
    for slot, values in filled:
        if slot is not None:
            node = bound[slot.node]
            bound[slot.node] = node | {"inputs": node["inputs"] | values}
    return bound


def _all(slot: Slot | None, value: object) -> dict[str, object]:
    return dict.fromkeys(slot.inputs, value) if slot else {}


def _is_node(node: object) -> bool:
    return (
        isinstance(node, dict)
        and isinstance(node.get("class_type"), str)
        and isinstance(node.get("inputs"), dict)
    )
