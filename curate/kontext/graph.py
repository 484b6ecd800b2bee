"""A ComfyUI graph: find the roles in it, bind image, instruction and seed to them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from curate.comfy.protocol import Graph
from curate.errors import GraphUnusable

_TEXT_INPUTS = ("text", "prompt", "t5xxl", "clip_l", "string", "value")
_SEED_INPUTS = ("seed", "noise_seed")
_EXPORT = "In ComfyUI choose Workflow > Export (API) and give that file."


@dataclass(frozen=True, slots=True)
class Slot:
    """A node and those of its inputs that a role is written to."""

    node: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Roles:
    """Where the frame goes in and the twin comes out; what a graph may lack is None."""

    image: Slot
    output: Slot
    text: Slot | None
    seed: Slot | None


@dataclass(frozen=True, slots=True)
class Named:
    """The ids of nodes whose roles the user names; None is found by following the links."""

    image: str | None = None
    text: str | None = None
    seed: str | None = None
    output: str | None = None


def shipped() -> Graph:
    """The FLUX.1 Kontext [dev] edit that comes with the package."""
    file = resources.files("curate.kontext") / "kontext.json"
    return dict(json.loads(file.read_text(encoding="utf-8")))


def load(file: Path) -> Graph:
    """A graph in API format, as ComfyUI exports it.

    Raises:
        GraphUnusable: missing, not JSON, or in the format of ComfyUI's own editor.
    """
    try:
        graph = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not JSON"
        raise GraphUnusable(f"Cannot read the graph {file}: {reason}.", remedy=_EXPORT) from error
    if isinstance(graph, dict) and "nodes" in graph and "links" in graph:
        raise GraphUnusable(
            f"{file} is a workflow as ComfyUI's editor saves it, not in API format.",
            remedy=_EXPORT,
        )
    if not isinstance(graph, dict) or not graph or not all(map(_is_node, graph.values())):
        raise GraphUnusable(f"{file} is not a ComfyUI graph.", remedy=_EXPORT)
    return graph


def roles(graph: Graph, named: Named) -> Roles:
    """The roles of a graph's nodes, found from the output back along the links.

    Raises:
        GraphUnusable: a role is missing or could be played by several nodes; the error lists
            them with the flag that chooses.
    """
    output = _one(graph, "output", named.output, list(graph), _output_inputs)
    if output is None:
        raise GraphUnusable(
            "The graph saves no image.",
            remedy="End it with a SaveImage node, then export it again.",
        )
    behind = list(_behind(graph, output.node))
    image = _one(graph, "image", named.image, behind, _image_inputs)
    if image is None:
        raise GraphUnusable(
            f"No image goes into the graph: no LoadImage leads to node {output.node}.",
            remedy="Let a LoadImage node bring the frame in, then export the graph again.",
        )
    return Roles(
        image=image,
        output=output,
        text=_one(graph, "text", named.text, behind, _text_inputs),
        seed=_one(graph, "seed", named.seed, behind, _seed_inputs),
    )


def bind(graph: Graph, parts: Roles, *, image: str, text: str, seed: int, prefix: str) -> Graph:
    """A copy of the graph with its roles filled in; those it lacks are left out.

    Args:
        graph: in API format.
        parts: its roles.
        image: the name that the server gave the uploaded frame.
        text: the instruction.
        seed: not negative.
        prefix: what the output's file name begins with, folders included.
    """
    bound = copy.deepcopy(graph)
    filled: tuple[tuple[Slot | None, object], ...] = (
        (parts.image, image),
        (parts.text, text),
        (parts.seed, seed),
        (parts.output, prefix),
    )
    for slot, value in filled:
        if slot is not None:
            bound[slot.node]["inputs"] |= dict.fromkeys(slot.inputs, value)
    return bound


def _one(
    graph: Graph,
    role: str,
    named: str | None,
    nodes: list[str],
    inputs_of: Callable[[dict[str, Any]], tuple[str, ...]],
) -> Slot | None:
    """The node that plays a role: the one the user named, else the only one that can."""
    fitting = {node: inputs for node in nodes if (inputs := inputs_of(graph[node]))}
    if named is not None:
        inputs = inputs_of(graph[named]) if named in graph else ()
        if not inputs:
            raise GraphUnusable(
                f"Node {named} cannot be the {role} of this graph.",
                remedy=f"Nodes that can: {_listed(graph, fitting)}.",
            )
        return Slot(named, inputs)
    if len(fitting) > 1:
        raise GraphUnusable(
            f"Several nodes could be the {role} of this graph: {_listed(graph, fitting)}.",
            remedy=f"Choose one with --{role}-node ID.",
        )
    return next((Slot(node, inputs) for node, inputs in fitting.items()), None)


def _behind(graph: Graph, output: str) -> Iterator[str]:
    """The nodes that lead to `output`, nearest first; a sampler's negative side does not count."""
    seen = {output}
    queue = [output]
    for node in queue:
        for name, value in graph[node]["inputs"].items():
            source = str(value[0]) if isinstance(value, list) and value else None
            if source in graph and source not in seen and name != "negative":
                seen.add(source)
                queue.append(source)
                yield source


def _output_inputs(node: dict[str, Any]) -> tuple[str, ...]:
    inputs = node["inputs"]
    saves = isinstance(inputs.get("filename_prefix"), str) and "images" in inputs
    return ("filename_prefix",) if saves else ()


def _image_inputs(node: dict[str, Any]) -> tuple[str, ...]:
    is_file = node["class_type"].startswith("LoadImage") and "Mask" not in node["class_type"]
    return ("image",) if is_file and isinstance(node["inputs"].get("image"), str) else ()


def _text_inputs(node: dict[str, Any]) -> tuple[str, ...]:
    inputs = node["inputs"]
    return tuple(name for name in _TEXT_INPUTS if isinstance(inputs.get(name), str))


def _seed_inputs(node: dict[str, Any]) -> tuple[str, ...]:
    inputs = node["inputs"]
    return tuple(name for name in _SEED_INPUTS if isinstance(inputs.get(name), int))


def _listed(graph: Graph, nodes: dict[str, tuple[str, ...]]) -> str:
    words = (f"{node} ({graph[node]['class_type']}{_title(graph[node])})" for node in sorted(nodes))
    return ", ".join(words) or "none"


def _title(node: dict[str, Any]) -> str:
    title = (node.get("_meta") or {}).get("title")
    return f" “{title}”" if title and title != node["class_type"] else ""


def _is_node(node: object) -> bool:
    return (
        isinstance(node, dict)
        and isinstance(node.get("class_type"), str)
        and isinstance(node.get("inputs"), dict)
    )
