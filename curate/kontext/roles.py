"""The roles of an editing graph's nodes, found from its output back along the links."""

from __future__ import annotations

from dataclasses import dataclass

from curate.comfy import roles
from curate.comfy.graph import Slot, behind
from curate.comfy.protocol import Graph
from curate.errors import GraphUnusable
from curate.kontext.graph import Roles


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
    output = roles.one(graph, "output", named.output, list(graph), roles.outputs)
    if output is None:
        raise GraphUnusable(
            "The graph saves no image.",
            remedy="End it with a SaveImage node, then export it again.",
        )
    leading = list(behind(graph, output.node, but=roles.NEGATIVE))
    image = roles.one(graph, "image", named.image, leading, _images)
    if image is None:
        raise GraphUnusable(
            f"No image goes into the graph: no LoadImage leads to node {output.node}.",
            remedy="Let a LoadImage node bring the frame in, then export the graph again.",
        )
    return Roles(
        image=image,
        output=output,
        text=roles.one(graph, "text", named.text, leading, roles.texts, roles.negatives(graph)),
        seed=roles.one(graph, "seed", named.seed, leading, roles.seeds),
        sizes=tuple(slot for node in leading for slot in roles.sizes(graph, node)),
    )


def _images(graph: Graph, node: str) -> list[Slot]:
    inputs, kind = roles.about(graph, node)
    is_file = kind.startswith("LoadImage") and "Mask" not in kind and "Output" not in kind
    return [Slot(node, ("image",))] if is_file and isinstance(inputs.get("image"), str) else []
