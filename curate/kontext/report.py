"""What is to be made, and what was."""

from __future__ import annotations

from dataclasses import dataclass

from curate.errors import Failure
from curate.kontext.edit import Edit
from curate.kontext.prompts import Instruction
from curate.records import Twin


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be made; `kept` twins and controls stand, `hopeless` frames were tried enough."""

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
