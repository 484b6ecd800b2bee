"""The roles of a graph's nodes, found from its output back along the links."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from curate.comfy.protocol import Graph
from curate.errors import GraphUnusable
from curate.kontext.graph import Roles, Slot, behind, linked

_TEXTS = ("text", "prompt", "user_prompt", "instruction", "text_l", "text_g")
_ENCODERS = ("clip_l", "clip_g", "t5xxl", "llama", "bert", "mt5xl")
_STRINGS = ("value", "string", "string_a", "string_b", *_TEXTS)
_SEEDS = ("seed", "noise_seed")
_INTEGERS = ("value", "int", "number", *_SEEDS)
_NEGATIVE = "negative"
_SIZED = ("Flux2Scheduler", "ModelSamplingFlux")  # they shift the noise by the picture's size

Finder = Callable[[Graph, str], list[Slot]]


@dataclass(frozen=True, slots=True)
class Named:
    """Nodes whose roles the user names, as ID or ID.input; None is found along the links."""

    image: str | None = None
    text: str | None = None
    seed: str | None = None
    output: str | None = None


def found(graph: Graph, named: Named) -> Roles:
    """The roles of a graph's nodes.

    The instruction's text and the seed may be typed into the node that uses them or come from one
    that only holds them. A text that leads to a sampler's negative side is not the instruction if
    there is another.

    Raises:
        GraphUnusable: a role is missing or could be played by several nodes; the error lists
            them with the flag that chooses.
    """
    output = _one(graph, "output", named.output, list(graph), _outputs)
    if output is None:
        raise GraphUnusable(
            "The graph saves no image.",
            remedy="End it with a SaveImage node, then export it again.",
        )
    leading = list(behind(graph, output.node, but=_NEGATIVE))
    image = _one(graph, "image", named.image, leading, _images)
    if image is None:
        raise GraphUnusable(
            f"No image goes into the graph: no LoadImage leads to node {output.node}.",
            remedy="Let a LoadImage node bring the frame in, then export the graph again.",
        )
    return Roles(
        image=image,
        output=output,
        text=_one(graph, "text", named.text, leading, _texts, _negatives(graph)),
        seed=_one(graph, "seed", named.seed, leading, _seeds),
        sizes=tuple(slot for node in leading for slot in _sizes(graph, node)),
    )


def _one(
    graph: Graph,
    role: str,
    named: str | None,
    nodes: Iterable[str],
    slots_of: Finder,
    unlikely: frozenset[str] = frozenset(),
) -> Slot | None:
    """What plays a role: what the user named, else the only one that can."""
    fitting = list(dict.fromkeys(slot for node in nodes for slot in slots_of(graph, node)))
    if named is not None:
        return _chosen(graph, role, named, fitting, slots_of)
    likely = [slot for slot in fitting if slot.node not in unlikely] or fitting
    if len(likely) > 1:
        raise GraphUnusable(
            f"Several nodes could be the {role} of this graph: {_listed(graph, likely)}.",
            remedy=f"Choose one with --{role}-node ID.",
        )
    return next(iter(likely), None)


def _chosen(graph: Graph, role: str, named: str, fitting: list[Slot], slots_of: Finder) -> Slot:
    node, _, name = (named, "", "") if named in graph else named.rpartition(".")
    if name and node in graph and isinstance(graph[node]["inputs"].get(name), str | int):
        return Slot(node, (name,))
    own = [slot for slot in fitting if slot.node == node]
    own = own or (slots_of(graph, node) if not name and node in graph else [])
    if len(own) != 1 or name:
        raise GraphUnusable(
            f"Node {named} cannot be the {role} of this graph.",
            remedy=f"Nodes that can: {_listed(graph, own or fitting)}.",
        )
    return own[0]


def _negatives(graph: Graph) -> frozenset[str]:
    """The nodes that lead to a sampler's or guider's negative side."""
    sources = {
        source
        for node in graph.values()
        for name, value in node["inputs"].items()
        if _NEGATIVE in name and (source := linked(graph, value)) is not None
    }
    return frozenset(sources | {node for source in sources for node in behind(graph, source)})


def _outputs(graph: Graph, node: str) -> list[Slot]:
    inputs, kind = _about(graph, node)
    saves = isinstance(inputs.get("filename_prefix"), str) and "images" in inputs
    moves = "Animated" in kind or "WEBM" in kind
    return [Slot(node, ("filename_prefix",))] if saves and not moves else []


def _images(graph: Graph, node: str) -> list[Slot]:
    inputs, kind = _about(graph, node)
    is_file = kind.startswith("LoadImage") and "Mask" not in kind and "Output" not in kind
    return [Slot(node, ("image",))] if is_file and isinstance(inputs.get("image"), str) else []


def _texts(graph: Graph, node: str) -> list[Slot]:
    inputs, _ = _about(graph, node)
    names = [name for name in (*_TEXTS, *_ENCODERS) if name in inputs]
    typed = tuple(name for name in names if isinstance(inputs[name], str))
    slots = [Slot(node, typed)] if typed else []
    for name in names:
        slots += _held(graph, inputs[name], _STRINGS, str)
    return slots


def _seeds(graph: Graph, node: str) -> list[Slot]:
    inputs, _ = _about(graph, node)
    slots = []
    for name in _SEEDS:
        if isinstance(inputs.get(name), int):
            slots.append(Slot(node, (name,)))
        slots += _held(graph, inputs.get(name), _INTEGERS, int)
    return slots


def _sizes(graph: Graph, node: str) -> list[Slot]:
    inputs, kind = _about(graph, node)
    is_size = (kind.startswith("Empty") and "Latent" in kind) or kind in _SIZED
    names = ("width", "height")
    if is_size and all(isinstance(inputs.get(name), int) for name in names):
        return [Slot(node, names)]
    return []


def _held(graph: Graph, value: object, names: tuple[str, ...], kind: type) -> list[Slot]:
    """The nodes that hold what comes in by a link, one slot for each input it may stand in."""
    source = linked(graph, value)
    if source is None:
        return []
    return [
        Slot(node, (name,))
        for node in (source, *behind(graph, source))
        for name in names
        if isinstance(graph[node]["inputs"].get(name), kind)
    ]


def _about(graph: Graph, node: str) -> tuple[dict[str, Any], str]:
    return graph[node]["inputs"], graph[node]["class_type"]


def _listed(graph: Graph, slots: Iterable[Slot]) -> str:
    every = sorted(slots, key=lambda slot: (slot.node, slot.inputs))
    nodes = [slot.node for slot in every]
    words = (
        f"{slot.node}{f'.{slot.inputs[0]}' if nodes.count(slot.node) > 1 else ''} "
        f"({graph[slot.node]['class_type']}{_title(graph[slot.node])})"
        for slot in every
    )
    return ", ".join(words) or "none"


def _title(node: dict[str, Any]) -> str:
    title = (node.get("_meta") or {}).get("title")
    return f" “{title}”" if title and title != node["class_type"] else ""
