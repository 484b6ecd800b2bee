"""The cells of a sheet: what each is to show, its id, its file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from curate import identity
from curate.grid import strengths as strengthening
from curate.grid.loras import Slider
from curate.grid.recipe import Recipe

VERSION = "grid/1"
FOLDER = "grid"
"""The folder below the workspace."""

_NAME = re.compile(r"[^a-z0-9]+")
_NAME_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture or clip to be rendered; `lora` is its file as the server calls it."""

    id: str
    name: str
    label: str
    lora: str
    prompt: str
    seed: int
    strength: float
    file: Path


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one LoRA under one prompt and seed, by strength, ascending."""

    label: str
    prompt: str
    seed: int
    cells: tuple[Cell, ...]

    @property
    def zero(self) -> Cell:
        """The cell that the others are compared with."""
        return next(cell for cell in self.cells if cell.strength == 0)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a grid: prompt by prompt, in each the seeds, in each the LoRAs."""

    rows: tuple[Row, ...]
    strengths: tuple[float, ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Each cell once, the one at strength 0 first in its row; LoRAs may have it in common."""
        every = (
            cell for row in self.rows for cell in sorted(row.cells, key=lambda c: bool(c.strength))
        )
        return tuple({cell.id: cell for cell in every}.values())

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row.label for row in self.rows))


def sheet(
    workspace: Path,
    recipe: Recipe,
    sliders: Sequence[Slider],
    prompts: Sequence[str],
    seeds: Sequence[int],
    strengths: Sequence[float],
) -> Sheet:
    """The cells of every LoRA at every strength under every prompt and seed.

    Without a LoRA the graph's own is looked at, or whatever its number drives.
    """
    shown = tuple(sliders) or (Slider(recipe.own_lora, "", None, ""),)
    rows = [
        Row(
            slider.label,
            prompt,
            seed,
            tuple(_cell(workspace, recipe, slider, prompt, seed, s) for s in strengths),
        )
        for prompt, seed, slider in _every(prompts, seeds, shown)
    ]
    return Sheet(tuple(rows), tuple(strengths))


def _every(
    prompts: Sequence[str], seeds: Sequence[int], sliders: Sequence[Slider]
) -> Iterator[tuple[str, int, Slider]]:
    for prompt in prompts:
        for seed in seeds:
            for slider in sliders:
                yield prompt, seed, slider


def _cell(
    workspace: Path, recipe: Recipe, slider: Slider, prompt: str, seed: int, strength: float
) -> Cell:
    is_bare = recipe.shares_zero and strength == 0
    task = identity.of_task(
        VERSION,
        recipe=recipe.fingerprint,
        lora=[] if is_bare else slider.identity,
        prompt=prompt,
        seed=seed,
        strength=strength,
    )
    said = strengthening.said(strength)
    label = "" if is_bare else slider.label
    words = [_plain(label), _plain(prompt), said, task[:8]]
    stem = "_".join(word for word in words if word)
    return Cell(
        id=task,
        name=" · ".join(word for word in (label, prompt, f"strength {said}") if word),
        label=label,
        lora=slider.name,
        prompt=prompt,
        seed=seed,
        strength=strength,
        file=workspace / FOLDER / "cells" / f"{stem}.{recipe.roles.suffix}",
    )


def _plain(text: str) -> str:
    return _NAME.sub("-", text.lower())[:_NAME_CHARACTERS].strip("-")
