"""A graph that edits: where the frame goes in and the twin comes out, filled in for one frame."""

from __future__ import annotations

from dataclasses import dataclass

from curate.comfy.graph import Slot, all_of, filled
from curate.comfy.protocol import Graph


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
    values: list[tuple[Slot | None, dict[str, object]]] = [
        (parts.image, all_of(parts.image, image)),
        (parts.text, all_of(parts.text, text)),
        (parts.seed, all_of(parts.seed, seed)),
        (parts.output, all_of(parts.output, prefix)),
    ]
    values += [(slot, dict(zip(slot.inputs, size, strict=True))) for slot in parts.sizes]
    return filled(graph, values)
