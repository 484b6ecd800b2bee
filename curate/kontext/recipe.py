"""How twins are made: the instruction, the graph with its roles, the seed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from curate import identity
from curate.comfy.protocol import Graph
from curate.errors import BadSetting
from curate.kontext import embedded, prompts
from curate.kontext import graph as graphs
from curate.kontext.edit import Edit
from curate.kontext.graph import Named, Roles
from curate.kontext.prompts import Instruction

Backend = Literal["comfy", "embedded"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How twins are made: by a graph with its roles, or without one by the embedded simplifier."""

    instruction: Instruction
    graph: Graph
    roles: Roles | None
    seed: int | None

    @property
    def backend(self) -> Backend:
        return "comfy" if self.roles else "embedded"

    @property
    def output(self) -> str:
        """The node whose image is the twin."""
        return self.roles.output.node if self.roles else ""

    @property
    def fingerprint(self) -> str:
        """What makes two recipes' twins differ, the seed and the instruction apart."""
        if self.roles is None:
            return embedded.VERSION
        blank = graphs.bind(self.graph, self.roles, image="", text="", seed=0, prefix="")
        return identity.of_bytes(json.dumps([blank, self.output], sort_keys=True).encode())

    def bound(self, edit: Edit, image: str, prefix: str) -> Graph:
        if self.roles is None:
            return {}
        text = self.instruction.text
        return graphs.bind(
            self.graph, self.roles, image=image, text=text, seed=edit.seed, prefix=prefix
        )


def of(
    prompt: str, backend: Backend, workflow: Path | None, named: Named, seed: int | None
) -> Recipe:
    """The recipe that the settings of a run ask for.

    Raises:
        InstructionMissing, InstructionEmpty, GraphUnusable: what was named cannot be used.
        BadSetting: the settings contradict each other.
    """
    instruction = prompts.read(prompt)
    if backend == "embedded":
        if workflow or named != Named():
            raise BadSetting(
                "The embedded simplifier runs no graph.",
                remedy="Leave out --workflow and the --…-node flags, or `--backend embedded`.",
            )
        return Recipe(instruction, {}, None, seed)
    graph = graphs.load(workflow) if workflow else graphs.shipped()
    return Recipe(instruction, graph, graphs.roles(graph, named), seed)
