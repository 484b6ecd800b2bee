"""Who can play which role in a graph: text, seed, size, output; one is chosen, or asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from curate.comfy.graph import Slot, behind, linked
from curate.comfy.protocol import Graph
from curate.errors import GraphUnusable

_TEXTS = ("text", "prompt", "user_prompt", "positive_prompt", "instruction", "text_l", "text_g")
_ENCODERS = ("clip_l", "clip_g", "t5xxl", "llama", "bert", "mt5xl")
_STRINGS = ("value", "string", "string_a", "string_b", *_TEXTS)
_SEEDS = ("seed", "noise_seed")
_INTEGERS = ("value", "int", "number", *_SEEDS)
NEGATIVE = "negative"
_SIZED = ("Flux2Scheduler", "ModelSamplingFlux")  # they shift the noise by the picture's size

Finder = Callable[[Graph, str], list[Slot]]


def one(
    graph: Graph,
    role: str,
    named: str | None,
    nodes: Iterable[str],
    slots_of: Finder,
    unlikely: frozenset[str] = frozenset(),
) -> Slot | None:
    """What plays a role: what the user named, else the only one that can; None if none can.

    Args:
        graph: in API format.
        role: its name, for errors and for the flag that chooses.
        named: ID or ID.input, if the user chose.
        nodes: those that are looked at.
        slots_of: the inputs of a node that could play it.
        unlikely: nodes that play it only if no others can.

    Raises:
        GraphUnusable: several could, or the named one cannot.
    """
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
    if name and node in graph and isinstance(graph[node]["inputs"].get(name), str | int | float):
        return Slot(node, (name,))
    own = [slot for slot in fitting if slot.node == node]
    own = own or (slots_of(graph, node) if not name and node in graph else [])
    if len(own) != 1 or name:
        raise GraphUnusable(
            f"Node {named} cannot be the {role} of this graph.",
            remedy=f"Nodes that can: {_listed(graph, own or fitting)}.",
        )
    return own[0]


def negatives(graph: Graph) -> frozenset[str]:
    """The nodes that lead to a sampler's or guider's negative side."""
    sources = {
        source
        for node in graph.values()
        for name, value in node["inputs"].items()
        if NEGATIVE in name and (source := linked(graph, value)) is not None
    }
    return frozenset(sources | {node for source in sources for node in behind(graph, source)})


def outputs(graph: Graph, node: str) -> list[Slot]:
    """The file name of a node that saves images."""
    inputs, kind = about(graph, node)
    saves = isinstance(inputs.get("filename_prefix"), str) and "images" in inputs
    moves = "Animated" in kind or "WEBM" in kind
    return [Slot(node, ("filename_prefix",))] if saves and not moves else []


def texts(graph: Graph, node: str) -> list[Slot]:
    """What a node is told in words, there or where the words come from."""
    inputs, _ = about(graph, node)
    names = [name for name in (*_TEXTS, *_ENCODERS) if name in inputs]
    typed = tuple(name for name in names if isinstance(inputs[name], str))
    slots = [Slot(node, typed)] if typed else []
    for name in names:
        slots += held(graph, inputs[name], _STRINGS, str)
    return slots


def seeds(graph: Graph, node: str) -> list[Slot]:
    """The seed of a node, there or where it comes from."""
    inputs, _ = about(graph, node)
    slots = []
    for name in _SEEDS:
        if isinstance(inputs.get(name), int):
            slots.append(Slot(node, (name,)))
        slots += held(graph, inputs.get(name), _INTEGERS, int)
    return slots


def sizes(graph: Graph, node: str) -> list[Slot]:
    """The width and height that a node makes an empty latent of."""
    inputs, kind = about(graph, node)
    is_size = (kind.startswith("Empty") and "Latent" in kind) or kind in _SIZED
    names = ("width", "height")
    if is_size and all(isinstance(inputs.get(name), int) for name in names):
        return [Slot(node, names)]
    return []


def held(graph: Graph, value: object, names: tuple[str, ...], kind: type) -> list[Slot]:
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


def about(graph: Graph, node: str) -> tuple[dict[str, Any], str]:
    """A node's inputs and its class."""
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
