"""How twins are made: the instruction, the graph with its roles, the size, the seed."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from curate import identity
from curate.comfy import graph as comfy_graphs
from curate.comfy.job import FOLDER
from curate.comfy.protocol import Graph
from curate.errors import BadSetting, GraphUnusable
from curate.kontext import backends, geometry, prompts, roles, shipped
from curate.kontext import graph as graphs
from curate.kontext.edit import Edit
from curate.kontext.geometry import Target
from curate.kontext.graph import Roles
from curate.kontext.prompts import Instruction
from curate.kontext.roles import Named
from curate.kontext.shipped import Options
from curate.records import Twin

_SCALES = "FluxKontextImageScale"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How twins are made: by a graph with its roles, or without one by a backend of that name."""

    instruction: Instruction
    backend: str
    graph: Graph
    roles: Roles | None
    target: Target
    seed: int | None
    fingerprint: str = ""
    """What makes two recipes' twins differ; the seed, the instruction and the size apart."""

    @property
    def output(self) -> str:
        """The node whose image is the twin."""
        return self.roles.output.node if self.roles else ""

    def bound(self, edit: Edit, image: str, prefix: str) -> Graph:
        if self.roles is None:
            return {}
        return graphs.bind(
            self.graph,
            self.roles,
            image=image,
            text=edit.instruction,
            seed=edit.seed,
            prefix=prefix,
            size=edit.size,
        )


def of(
    prompt: str,
    backend: str = backends.COMFY,
    *,
    workflow: Path | None = None,
    named: Named | None = None,
    options: Options | None = None,
    size: str = "kontext",
    seed: int | None = None,
) -> Recipe:
    """The recipe that the settings of a run ask for.

    Raises:
        InstructionMissing, InstructionEmpty, GraphUnusable: what was named cannot be used.
        BadSetting: the settings contradict each other.
    """
    instruction, target = prompts.read(prompt), geometry.target(size)
    named, options = named or Named(), options or Options()
    if backend != backends.COMFY:
        version = backends.load(backend).VERSION
        if workflow or named != Named() or options != Options():
            raise BadSetting(
                f"The backend {backend} runs no graph.",
                remedy=f"Leave out what changes the graph, or `--backend {backend}`.",
            )
        return Recipe(instruction, backend, {}, None, target, seed, version)
    graph = _graph(workflow, options, target)
    parts = roles.found(graph, named)
    cut = comfy_graphs.cut(graph, parts.output.node)
    _refuse_scaling(cut, target)
    recipe = Recipe(instruction, backend, cut, parts, target, seed)
    return replace(recipe, fingerprint=_fingerprint(cut, parts))


def needs_words(recipe: Recipe) -> None:
    """Nothing, if an instruction changes what the recipe makes: controls need that.

    Raises:
        BadSetting: it does not.
    """
    if recipe.backend == "embedded" or (recipe.roles is not None and recipe.roles.text is None):
        what = "graph" if recipe.roles else "embedded simplifier"
        raise BadSetting(
            f"The {what} takes no instruction, so it cannot be told to change nothing.",
            remedy="Leave out --control.",
        )


def twin(recipe: Recipe, edit: Edit, made_by: str, **paths: str) -> Twin:
    """The record of a finished edit; `paths` are its files as the ledger stores them."""
    width, height = edit.size
    return Twin(
        id=edit.id,
        frame_id=edit.frame_id,
        name=edit.stem,
        prompt=edit.prompt,
        concept=recipe.instruction.concept,
        captions=recipe.instruction.captions,
        instruction=edit.instruction,
        backend=edit.backend,
        made_by=made_by,
        seed=edit.seed,
        crop=edit.crop,
        width=width,
        height=height,
        graph=dict(recipe.bound(edit, f"{edit.stem}.png", f"{FOLDER}/{edit.stem}")),
        variant=edit.variant,
        **paths,
    )


def _graph(workflow: Path | None, options: Options, target: Target) -> Graph:
    if workflow is None:
        return shipped.graph(options, scales=target == "kontext")
    if options != Options():
        raise BadSetting(
            "--steps, --guidance, --sampler, --scheduler, --model and --lora change the shipped "
            "graph, not --workflow.",
            remedy="Set them in your graph and export it again.",
        )
    return comfy_graphs.load(workflow)


def _refuse_scaling(graph: Graph, target: Target) -> None:
    scaling = [node for node, about in graph.items() if about["class_type"] == _SCALES]
    if scaling and target != "kontext":
        raise GraphUnusable(
            f"Node {scaling[0]} ({_SCALES}) brings every frame to one of Kontext's sizes.",
            remedy="Leave out --size, or take the node out of the graph and export it again.",
        )


def _fingerprint(graph: Graph, parts: Roles) -> str:
    blank = graphs.bind(graph, parts, image="", text="", seed=0, prefix="", size=(0, 0))
    return identity.of_bytes(json.dumps([blank, parts.output.node], sort_keys=True).encode())
