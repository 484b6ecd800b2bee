"""Which twins a frame is to have: how many, under which names, with which seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from curate import identity
from curate.kontext import edit as edits
from curate.kontext import geometry
from curate.kontext.edit import Edit
from curate.kontext.recipe import Recipe
from curate.records import NOTHING_TO_EDIT, Frame, Ruling, Twin, Verdict

VERSION = "kontext/1"
CONTROL = 0
"""The variant that is no twin but the frame after the instruction to change nothing."""

Made: TypeAlias = Mapping[int, str]
"""The twins that a frame has: variant -> id."""


@dataclass(frozen=True, slots=True)
class Takes:
    """How many twins are made of a frame, at first or each time it is tried again.

    With `retry` only frames whose twins were all rejected get new ones, until they have had
    `tries`. With `control` each frame gets its control as well.
    """

    variants: int = 1
    retry: bool = False
    tries: int = 3
    control: bool = False


def further(takes: Takes, made: Made) -> list[int]:
    """The variants to try now where all of `made` were rejected; none when it was tried enough."""
    last = max(made, default=0)
    return list(range(last + 1, min(last + takes.variants, takes.tries) + 1))


class Shop:
    """Writes out the edits of one recipe in one workspace; holds what they all share.

    Args:
        workspace: its folder.
        recipe: how the twins are made.
        nothing: the instruction to change nothing, for controls.
    """

    def __init__(self, workspace: Path, recipe: Recipe, nothing: str) -> None:
        self._recipe = recipe
        self._texts = {True: nothing, False: recipe.instruction.text}
        folder = workspace / "twins" / recipe.instruction.name
        self._folders = {half: folder / half for half in ("frame", "twin", "control")}

    def edit(self, frame: Frame, source: Path, variant: int) -> Edit:
        """The edit that makes a variant; the same for the same frame, recipe and variant."""
        recipe, is_control = self._recipe, variant == CONTROL
        stem = source.stem if variant <= 1 else f"{source.stem}_v{variant}"
        text, seed = self._texts[is_control], seed_of(frame.id, variant, recipe.seed)
        crop, size = geometry.fit(frame.width, frame.height, recipe.target)
        prompt = recipe.instruction.name
        return Edit(
            id=identity.of_task(
                VERSION,
                frame=frame.id,
                instruction=text,
                recipe=recipe.fingerprint,
                seed=seed,
                geometry=[geometry.VERSION, *crop, *size],
                prompt=prompt,
                name=source.stem,
                variant=variant,
            ),
            name=f"{prompt}/control/{stem}" if is_control else f"{prompt}/{stem}",
            frame_id=frame.id,
            source=source,
            source_size=(frame.width, frame.height),
            crop=crop,
            size=size,
            variant=variant,
            seed=seed,
            prompt=prompt,
            instruction=text,
            backend=recipe.backend,
            recipe=recipe.fingerprint,
            frame_file=self._folders["frame"] / f"{stem}.png",
            twin_file=self._folders["control" if is_control else "twin"] / f"{stem}.png",
        )


def seed_of(frame_id: str, variant: int, fixed: int | None) -> int:
    """A variant's seed, under 2 ** 48: from the frame's content, or counted from a fixed one.

    A control has the first twin's seed: the same noise, so the model's signature is the same.
    """
    number = max(variant, 1)
    if fixed is not None:
        return fixed + number - 1
    if number == 1:
        return int(frame_id[:12], 16)
    return int(identity.of_task("seed", frame=frame_id, variant=number)[:12], 16)


def wanted(shop: Shop, takes: Takes, frame: Frame, source: Path, made: Made) -> list[Edit]:
    """The edits that a frame is to have: those asked for, and what this recipe made besides."""
    besides = (number for number in made if number > takes.variants)
    numbers = [*range(1, takes.variants + 1), *besides, *([CONTROL] if takes.control else [])]
    every = [shop.edit(frame, source, number) for number in numbers]
    return [edit for edit in every if edit.variant <= takes.variants or _is(edit, made)]


def missing(every: Iterable[Edit], done: Mapping[str, object]) -> tuple[list[Edit], int]:
    """Those of the edits whose files are not in place, and how many are.

    Args:
        every: edits.
        done: the sizes recorded with each finished edit, by its id.
    """
    edited = list(every)
    todo = [
        edit for edit in edited if not (edit.id in done and edits.is_whole(edit, done[edit.id]))
    ]
    return todo, len(edited) - len(todo)


def rejected(
    twins: Iterable[Twin], pairs: Mapping[str, str], chosen: Mapping[str, Ruling]
) -> set[str]:
    """The frames whose twins were all checked and none may count.

    Args:
        twins: of one instruction.
        pairs: the checked pair of each twin, by the twin's id.
        chosen: the pair that counts for each frame, with its ruling.
    """
    every = list(twins)
    unchecked = {twin.frame_id for twin in every if twin.id not in pairs}
    refused = {t.frame_id for t in every if chosen.get(pairs.get(t.id, "")) == "reject"}
    return refused - unchecked


def is_vain(verdict: Verdict) -> bool:
    """Whether another twin of the same frame would be rejected as well."""
    return any(reason.startswith(NOTHING_TO_EDIT) for reason in verdict.reasons)


def replacing(todo: list[Edit], shop: Shop, frame: Frame, source: Path, made: Made) -> list[Edit]:
    """The same edits of a frame; the first twin among them replaces what another recipe made."""
    if not todo or todo[0].is_control:
        return todo
    stale = (id_ for number, id_ in made.items() if shop.edit(frame, source, number).id != id_)
    return [replace(todo[0], replaces=tuple(stale)), *todo[1:]]


def _is(edit: Edit, made: Made) -> bool:
    return made.get(edit.variant) == edit.id
