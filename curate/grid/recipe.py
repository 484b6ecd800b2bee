"""How cells are rendered: the graph with its roles, and what of it tells two recipes apart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from curate import identity
from curate.comfy import graph as graphs
from curate.comfy.protocol import Graph
from curate.errors import BadSetting
from curate.grid import graph as cells
from curate.grid import shipped
from curate.grid.graph import Named, Roles
from curate.grid.loras import Slider
from curate.grid.shipped import Options


@dataclass(frozen=True, slots=True)
class Recipe:
    """A graph cut to what makes its output, with its roles.

    `fingerprint` is the same for two recipes whose cells do not differ; the LoRA, the strength,
    the prompt and the seed apart.
    """

    graph: Graph
    roles: Roles
    fingerprint: str
    own_lora: str
    shares_zero: bool
    """Whether all LoRAs have one picture at strength 0."""

    @property
    def is_clip(self) -> bool:
        """Whether a cell is a video."""
        return self.roles.suffix != "png"

    def bound(self, *, strength: float, lora: str, text: str, seed: int, prefix: str) -> Graph:
        return cells.bound(
            self.graph,
            self.roles,
            strength=strength,
            lora=lora,
            text=text,
            seed=seed,
            prefix=prefix,
        )


def of(
    sliders: Sequence[Slider],
    *,
    workflow: Path | None = None,
    named: Named | None = None,
    options: Options | None = None,
) -> Recipe:
    """The recipe that the settings of a run ask for.

    Raises:
        GraphUnusable: a role is missing in the graph, or it has no place for a LoRA.
        BadSetting: the settings contradict each other, or no LoRA is named.
    """
    options, named = options or Options(), named or Named()
    if workflow is None:
        graph = shipped.graph(options)
        named = replace(named, strength=shipped.SLIDER)
    elif options != Options():
        raise BadSetting(
            "--model, --clip, --vae, --steps, --cfg, --shift, --sampler, --scheduler, --size, "
            "--frames, --negative, --style-lora and --accelerator change the shipped graph, not "
            "--workflow.",
            remedy="Set them in your graph and export it again.",
        )
    else:
        graph = graphs.load(workflow)
    parts = cells.found(graph, named, tuple(slider.name for slider in sliders))
    if sliders and parts.lora is None:
        raise BadSetting(
            f"Node {parts.strength.node}, whose number is the strength, loads no LoRA.",
            remedy="Leave out --lora, or name the loader with --strength-node ID.",
        )
    if workflow is None and not sliders:
        raise BadSetting("No LoRA is named.", remedy="Give --lora slider.safetensors.")
    cut = graphs.cut(graph, parts.output.node)
    shares = bool(sliders) and cells.is_idle_at_zero(cut, parts)
    recipe = Recipe(cut, parts, "", cells.own_lora(cut, parts), shares)
    return replace(recipe, fingerprint=_fingerprint(recipe, has_loras=bool(sliders)))


def _fingerprint(recipe: Recipe, *, has_loras: bool) -> str:
    lora = "slider" if has_loras else ""
    blank = recipe.bound(strength=0, lora=lora, text="", seed=0, prefix="")
    return identity.of_bytes(json.dumps([blank, recipe.roles.output.node], sort_keys=True).encode())
