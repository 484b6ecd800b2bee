"""What is to be rendered, and what a grid shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curate.errors import Failure
from curate.grid.findings import Finding


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell of the sheet; `path` is empty and `reason` says why where there is none."""

    lora: str
    prompt: str
    seed: int
    strength: float
    path: str
    measures: dict[str, float | None]
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What `grid` did; `planned` is what was to be rendered, `kept` cells were there already.

    `files` are the sheets, `page` is the page to look at; None where nothing was made.
    """

    name: str
    servers: dict[str, str]
    planned: tuple[str, ...]
    rendered: int
    kept: int
    cells: tuple[Shown, ...]
    findings: tuple[Finding, ...]
    files: tuple[Path, ...]
    page: Path | None
    failures: tuple[Failure, ...]
