"""The files of a sheet: which cells stand where, under which labels; pictures and clips of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from curate import images
from curate.grid import answer, clips, composing
from curate.grid import strengths as strengthening
from curate.grid.cell import Sheet
from curate.grid.composing import Direction, Plate, Tile
from curate.images import RGB

T = TypeVar("T")

VERSION = "grid-sheet/1"

_CLIP_SIDE_PX = 3840  # of a sheet that moves: what players of H.264 take
_LABELS_PX = 260  # of its side, about, for labels and margins
_PENDING = "not rendered yet"


@dataclass(frozen=True, slots=True)
class Pasting:
    """A sheet to be written: the file of each cell, row by row, or why there is none.

    `outputs` are its files, a picture or a clip each by its suffix; `box_px` the cells' long side.
    """

    name: str
    title: str
    sides: tuple[str, ...]
    heads: tuple[str, ...]
    files: tuple[tuple[Path | None, ...], ...]
    reasons: tuple[tuple[str, ...], ...]
    outputs: tuple[Path, ...]
    box_px: int


def pastings(
    sheet: Sheet, name: str, title: str, reasons: Mapping[str, str], folder: Path,
    *, direction: Direction, box_px: int, is_clip: bool,
) -> tuple[Pasting, ...]:  # fmt: skip
    """The sheets to be written: a picture in one direction; of clips, clips in both as well.

    Args:
        sheet: its cells.
        name: of the files.
        title: above the sheet.
        reasons: why a cell has no file, by its id.
        folder: where the files go.
        direction: which way the strengths go in the picture.
        box_px: the long side of a cell.
        is_clip: whether the cells move.
    """
    files = [[None if c.id in reasons else c.file for c in row.cells] for row in sheet.rows]
    whys = [[reasons.get(cell.id, "") for cell in row.cells] for row in sheet.rows]
    sides, heads = labels(sheet), tuple(map(strengthening.said, sheet.strengths))
    wanted: dict[Direction, list[Path]] = {direction: [folder / f"{name}.png"]}
    if is_clip:
        for way in ("horizontal", "vertical"):
            every = wanted.setdefault(way, [])
            every += [folder / f"{name}_{way}.{suffix}" for suffix in clips.SUFFIXES]
    return tuple(
        Pasting(
            name,
            title,
            sides if way == "horizontal" else heads,
            heads if way == "horizontal" else sides,
            _turned(files, way),
            _turned(whys, way),
            tuple(outputs),
            box_px,
        )
        for way, outputs in wanted.items()
    )


def labels(sheet: Sheet) -> tuple[str, ...]:
    """A label for each row: the LoRA, the prompt and the seed, so far as rows differ in them."""
    has_many = len(sheet.labels) > 1
    has_seeds = len({row.seed for row in sheet.rows}) > 1
    return tuple(
        " · ".join(
            word
            for word in (
                row.label if has_many else "",
                row.prompt,
                f"seed {row.seed}" if has_seeds else "",
            )
            if word
        )
        for row in sheet.rows
    )


def work(pasting: Pasting) -> tuple[Path, ...]:
    """Write a sheet.

    Raises:
        ImageMissing, ImageUnreadable: a cell is gone, or damaged.
        PlaceError: it cannot be written.
    """
    tiles = [
        [
            Tile(answer.frames(file), why) if file else Tile((), why or _PENDING)
            for file, why in line
        ]
        for line in map(zip, pasting.files, pasting.reasons)
    ]
    shown = [tile.frames[0] for line in tiles for tile in line if tile.frames]
    height = max((pixels.shape[0] for pixels in shown), default=256)
    width = max((pixels.shape[1] for pixels in shown), default=256)
    count = max((len(tile.frames) for line in tiles for tile in line), default=1)
    for output in pasting.outputs:
        box_px = pasting.box_px
        if output.suffix == ".png":
            box = composing.box_of(width, height, box_px)
            plate = composing.laid(pasting.title, pasting.sides, pasting.heads, box)
            images.write(output, composing.composed(plate, tiles, (count - 1) // 2))
            continue
        box = _fitting(composing.box_of(width, height, box_px), pasting)
        plate = composing.laid(pasting.title, pasting.sides, pasting.heads, box)
        clips.write(output, _frames(plate, tiles, count), _rate(pasting))
    return pasting.outputs


def _frames(plate: Plate, tiles: Sequence[Sequence[Tile]], count: int) -> Iterator[RGB]:
    return (composing.composed(plate, tiles, number) for number in range(count))


def _fitting(box: tuple[int, int], pasting: Pasting) -> tuple[int, int]:
    """The box made smaller where the sheet would be larger than players take."""
    counts = len(pasting.heads), len(pasting.sides)
    room = [(_CLIP_SIDE_PX - _LABELS_PX) / count for count in counts]
    factor = min(1.0, *(most / side for most, side in zip(room, box, strict=True)))
    return tuple(max(int(side * factor) // 2 * 2, 2) for side in box)  # type: ignore[return-value] # two go in


def _rate(pasting: Pasting) -> Fraction:
    files = [file for line in pasting.files for file in line if file]
    return clips.fps(files[0]) if files else Fraction(16)


def _turned(lines: Sequence[Sequence[T]], way: Direction) -> tuple[tuple[T, ...], ...]:
    if way == "horizontal":
        return tuple(map(tuple, lines))
    return tuple(zip(*lines, strict=True))
