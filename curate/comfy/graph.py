"""A ComfyUI graph: read from a file, cut to what makes its output, filled in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
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


def filled(graph: Graph, values: Iterable[tuple[Slot | None, dict[str, object]]]) -> Graph:
    """The graph with values in the inputs of slots; None is a role that it lacks.

    The graph itself is not changed; the nodes that stay as they are are shared.
    """
    bound = dict(graph)
    for slot, inputs in values:
        if slot is not None:
            node = bound[slot.node]
            bound[slot.node] = node | {"inputs": node["inputs"] | inputs}
    return bound


def all_of(slot: Slot | None, value: object) -> dict[str, object]:
    """One value for each of a slot's inputs."""
    return dict.fromkeys(slot.inputs, value) if slot else {}


def _is_node(node: object) -> bool:
    return (
        isinstance(node, dict)
        and isinstance(node.get("class_type"), str)
        and isinstance(node.get("inputs"), dict)
    )
