"""A graph that renders a cell: where the strength, the LoRA, the prompt and the seed go in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from curate.comfy import roles
from curate.comfy.graph import Slot, all_of, behind, filled
from curate.comfy.protocol import Graph
from curate.errors import GraphUnusable

_LORAS = ("lora_name", "lora", *(f"lora_{number}" for number in range(5)))
"""How loaders call a LoRA's file: ComfyUI's own, WanVideoWrapper's, and its loader of five."""

_STRENGTHS = ("strength_model", "strength_clip", "strength")
_NUMBERS = ("value", "float", "number")
_NO_FILE = "none"
_SUFFIXES = {
    "SaveImage": "png",
    "SaveWEBM": "webm",
    "SaveVideo": "mp4",
    "VHS_VideoCombine": "mp4",
}
"""What a node that saves writes, by its class."""


@dataclass(frozen=True, slots=True)
class Named:
    """Nodes whose roles the user names, as ID or ID.input; None is found along the links."""

    text: str | None = None
    seed: str | None = None
    output: str | None = None
    strength: str | None = None


@dataclass(frozen=True, slots=True)
class Roles:
    """Where a cell's settings go in and its picture comes out; what a graph may lack is None.

    `lora` names the file whose strength is `strength`; `suffix` is what the output's files end in.
    """

    output: Slot
    strength: Slot
    lora: Slot | None
    text: Slot | None
    seed: Slot | None
    suffix: str


def found(graph: Graph, named: Named, loras: tuple[str, ...] = ()) -> Roles:
    """The roles of a graph's nodes.

    Of several LoRA loaders the slider's is the one the user named, else the one that already names
    one of `loras`, else the one with "slider" in its title.

    Raises:
        GraphUnusable: a role is missing or could be played by several nodes; the error lists
            them with the flag that chooses.
    """
    output = roles.one(graph, "output", named.output, list(graph), _outputs)
    if output is None:
        raise GraphUnusable(
            "The graph saves neither an image nor a video.",
            remedy="End it with SaveImage, SaveVideo or SaveWEBM, then export it again.",
        )
    leading = list(behind(graph, output.node, but=roles.NEGATIVE))
    every = [slot for node in leading for slot in _strengths(graph, node)]
    unlikely = _but_slider(graph, every, loras)
    strength = roles.one(graph, "strength", named.strength, leading, _strengths, unlikely)
    if strength is None:
        raise GraphUnusable(
            "The graph loads no LoRA, so it has no strength.",
            remedy="Load the slider with LoraLoaderModelOnly, or name the number with "
            "--strength-node ID.input.",
        )
    return Roles(
        output=output,
        strength=strength,
        lora=_lora(graph, strength),
        text=roles.one(graph, "text", named.text, leading, roles.texts, roles.negatives(graph)),
        seed=roles.one(graph, "seed", named.seed, leading, roles.seeds),
        suffix=_suffix(graph, output.node),
    )


def bound(
    graph: Graph,
    parts: Roles,
    *,
    strength: float,
    lora: str,
    text: str,
    seed: int,
    prefix: str,
) -> Graph:
    """The graph with its roles filled in; those it lacks are left out.

    Args:
        graph: in API format; it is not changed.
        parts: its roles.
        strength: of the slider.
        lora: as the server calls its file; "" leaves the graph's own.
        text: the prompt.
        seed: not negative.
        prefix: what the output's file name begins with, folders included.
    """
    return filled(
        graph,
        [
            (parts.lora if lora else None, all_of(parts.lora, lora)),
            (parts.strength, all_of(parts.strength, _number(strength))),
            (parts.text, all_of(parts.text, text)),
            (parts.seed, all_of(parts.seed, seed)),
            (parts.output, all_of(parts.output, prefix)),
        ],
    )


def own_lora(graph: Graph, parts: Roles) -> str:
    """The name of the file that the graph itself loads as the slider; "" if it loads none."""
    return str(graph[parts.lora.node]["inputs"][parts.lora.inputs[0]]) if parts.lora else ""


def is_idle_at_zero(graph: Graph, parts: Roles) -> bool:
    """Whether the loader leaves the model alone at strength 0, whichever file it names."""
    kind = graph[parts.strength.node]["class_type"]
    names = graph[parts.strength.node]["inputs"].keys() & set(_STRENGTHS)
    return kind in ("LoraLoader", "LoraLoaderModelOnly") and names == set(parts.strength.inputs)


def _number(strength: float) -> float:
    """A whole number as an int: ComfyUI makes of it what the input wants, and cuts 2.5 to 2."""
    return int(strength) if strength == int(strength) else strength


def _outputs(graph: Graph, node: str) -> list[Slot]:
    inputs, _ = roles.about(graph, node)
    saves = isinstance(inputs.get("filename_prefix"), str) and {"images", "video"} & inputs.keys()
    return [Slot(node, ("filename_prefix",))] if saves else []


def _strengths(graph: Graph, node: str) -> list[Slot]:
    """The strengths of the LoRAs that a node loads, there or where they come from."""
    inputs, _ = roles.about(graph, node)
    slots = []
    for lora in _LORAS:
        if not isinstance(inputs.get(lora), str) or inputs[lora] == _NO_FILE:
            continue
        number = lora.removeprefix("lora_")
        names = (f"strength_{number}",) if number.isdigit() else _STRENGTHS
        typed = tuple(name for name in names if _is_number(inputs.get(name)))
        slots += [Slot(node, typed)] if typed else []
        for name in names:
            slots += roles.held(graph, inputs.get(name), _NUMBERS, float)
    return slots


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _but_slider(graph: Graph, every: list[Slot], loras: tuple[str, ...]) -> frozenset[str]:
    """The nodes that the slider is not in, if one of them is told from the others."""
    nodes = {slot.node for slot in every}
    for is_it in (
        lambda node: set(loras) & {str(v) for v in graph[node]["inputs"].values()},
        lambda node: "slider" in _title(graph[node]).lower(),
    ):
        told = {node for node in nodes if is_it(node)}
        if told:
            return frozenset(nodes - told)
    return frozenset()


def _lora(graph: Graph, strength: Slot) -> Slot | None:
    """The input that names the file whose strength a slot is, on whichever node it is."""
    for node in (strength.node, *_fed_by(graph, strength.node)):
        inputs = graph[node]["inputs"]
        names = [name for name in _LORAS if isinstance(inputs.get(name), str)]
        number = strength.inputs[0].removeprefix("strength_")
        if number.isdigit():
            names = [name for name in names if name == f"lora_{number}"]
        if names:
            return Slot(node, (names[0],))
    return None


def _fed_by(graph: Graph, node: str) -> list[str]:
    """The nodes that take something from a node."""
    return [
        other
        for other, about in graph.items()
        if any(isinstance(v, list) and v and str(v[0]) == node for v in about["inputs"].values())
    ]


def _suffix(graph: Graph, node: str) -> str:
    inputs, kind = roles.about(graph, node)
    if kind == "VHS_VideoCombine" and "webm" in str(inputs.get("format")):
        return "webm"
    if kind not in _SUFFIXES:
        raise GraphUnusable(
            f"What node {node} ({kind}) saves cannot be read.",
            remedy="Save with SaveImage, SaveVideo, SaveWEBM or VHS_VideoCombine.",
        )
    return _SUFFIXES[kind]


def _title(node: dict[str, Any]) -> str:
    return str((node.get("_meta") or {}).get("title") or "")
