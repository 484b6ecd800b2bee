"""The two files of a pair: which image belongs to which, and whether it was measured."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal, TypeAlias

from curate import files, identity
from curate.errors import BadInput, BadSetting, FolderEmpty, ImageUnreadable, nearest
from curate.pairs.sources import Made
from curate.records import Concept
from curate.slots import built

DenseHalf: TypeAlias = Literal["frame", "control"]
"""What stands for the dense side: the frame, or what the model made of it without an edit."""

Measuring: TypeAlias = tuple[str, Mapping[str, Any]]
"""A task that measured a pair: its id, its settings."""

FOLDERS = "folders"
"""The group of pairs that came from two plain folders; others are named by their prompt."""


@dataclass(frozen=True, slots=True)
class Halves:
    """A frame and its twin as files, and what is known of them before they are opened.

    The files are text, since paths of ten thousand pairs take as long as judging them. `label` is
    the name, with the prompt before it where two prompts share the name; `captions` say in words
    what frame and twin show, or are none.
    """

    label: str
    name: str
    group: str
    concept: Concept
    twin_id: str
    made_by: str
    frame_file: str
    twin_file: str
    captions: tuple[str, ...] = ()

    @property
    def frame(self) -> Path:
        return Path(self.frame_file)

    @property
    def twin(self) -> Path:
        return Path(self.twin_file)


def matched(dense: Path, sparse: Path, concept: Concept) -> tuple[list[Halves], list[str]]:
    """The images of two folders with equal stems, and a sentence for each without a partner.

    Raises:
        FolderEmpty: a folder has no images, or is none.
        BadInput: no image has a partner.
    """
    notes: list[str] = []
    frames, twins = _by_stem(dense, notes), _by_stem(sparse, notes)
    pairs = [
        Halves(stem, stem, FOLDERS, concept, "", "", str(frames[stem]), str(twins[stem]))
        for stem in sorted(frames.keys() & twins.keys())
    ]
    if not pairs:
        raise BadInput(
            f"No image in {dense} has a namesake in {sparse}.",
            remedy="Name both halves of a pair alike: dense/street.png and sparse/street.png.",
        )
    for mine, others, folder in ((frames, twins, sparse), (twins, frames, dense)):
        notes += [f"{mine[s]} has no partner in {folder}." for s in sorted(mine.keys() - others)]
    return pairs, notes


def of_twins(
    twins: Iterable[Made],
    file: Callable[[str], str],
    concept: Concept | None,
    dense: DenseHalf = "frame",
) -> list[Halves]:
    """The halves of twins, sorted by instruction and name; of those that share a file, the last.

    Left out are twins that have not this dense half.

    Args:
        twins: in the order in which they were made.
        file: the file that a stored path names.
        concept: instead of what the twins were made for.
        dense: which dense half.
    """
    current = {twin.twin_path: twin for twin in twins}
    alike = Counter(twin.name for twin in current.values())
    there = [twin for twin in current.values() if dense == "frame" or twin.control_path]
    there.sort(key=attrgetter("prompt", "name"))
    columns = dict(zip(Made._fields, zip(*there, strict=True), strict=False))
    if not columns:
        return []
    names, prompts = columns["name"], columns["prompt"]
    return built(
        Halves,
        len(there),
        [n if alike[n] == 1 else f"{p}/{n}" for n, p in zip(names, prompts, strict=True)],
        names,
        prompts,
        repeat(concept) if concept else columns["concept"],
        columns["id"],
        columns["made_by"],
        map(file, columns["frame_path" if dense == "frame" else "control_path"]),
        map(file, columns["twin_path"]),
        columns["captions"],
    )


def _by_stem(folder: Path, notes: list[str]) -> dict[str, Path]:
    from curate import images  # a workspace's own halves are known by name

    found: dict[str, Path] = {}
    for image in images.listed(folder) if folder.is_dir() else ():
        taken = found.setdefault(image.stem, image)
        if taken is not image:
            notes.append(f"{image} is left out: {taken.name} has the same name.")
    if not found:
        raise FolderEmpty(folder, "images")
    return found


def labelled(label: str, halves: Sequence[Halves]) -> str:
    """`label`, if a pair has it.

    Raises:
        BadSetting: none has; the error names the nearest.
    """
    labels = {one.label for one in halves}
    if label in labels:
        return label
    raise BadSetting(f"There is no pair {label!r}.", remedy=nearest(label, labels))


def hash_of(image: Path) -> str:
    """The hash of a half's bytes.

    Raises:
        ImageMissing, ImageUnreadable: there is no such file, or it cannot be read.
    """
    try:
        return identity.of_file(image)
    except OSError as error:
        raise ImageUnreadable.of(image, error) from error


def stamp_of(image: Path | str) -> list[int]:
    """A half's size in bytes and time of change in ns: while they stand, so do its bytes.

    Raises:
        ImageMissing, ImageUnreadable: there is no such file, or it cannot be read.
    """
    try:
        return list(files.stamp(os.stat(image)))  # noqa: PTH116 - a Path of it takes longer than the rest
    except OSError as error:
        raise ImageUnreadable.of(Path(image), error) from error


def measuring(tasks: Sequence[Measuring], one: Halves) -> Measuring | None:
    """The task that measured these very files: known by size and time, else by content."""
    if not tasks:
        return None
    stamps = [stamp_of(one.frame_file), stamp_of(one.twin_file)]
    for task in tasks:
        if task[1]["stamps"] == stamps:
            return task
    contents = hash_of(one.frame), hash_of(one.twin)
    for task in tasks:
        if (task[1]["frame"], task[1]["twin"]) == contents:
            return task
    return None
