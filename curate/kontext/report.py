"""What is to be made, and what was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curate.errors import Failure
from curate.kontext.edit import Edit
from curate.kontext.prompts import Instruction
from curate.kontext.recipe import Recipe
from curate.records import Twin


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be made; `kept` twins and controls stand.

    `hopeless` frames were tried enough, or hold nothing to edit.
    """

    todo: tuple[Edit, ...]
    kept: int
    hopeless: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What `kontext` did; `made` are new, `kept` were there, `planned` is what was to be made."""

    instruction: Instruction
    backend: str
    servers: dict[str, str]
    planned: tuple[str, ...]
    made: tuple[Twin, ...]
    controls: int
    kept: int
    hopeless: int
    failures: tuple[Failure, ...]


def planned(recipe: Recipe, found: Plan, todo: Sequence[Edit]) -> Report:
    """The report of a run that is to make `todo` and has made nothing yet."""
    names = tuple(edit.name for edit in todo)
    kept, hopeless = found.kept, found.hopeless
    return Report(recipe.instruction, recipe.backend, {}, names, (), 0, kept, hopeless, ())
