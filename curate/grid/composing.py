"""The sheet: cells in lines and columns with their labels, one picture or one frame of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

from curate import images
from curate.grid import lettering
from curate.images import RGB

Direction = Literal["horizontal", "vertical"]
"""Which way the strengths go."""

_PAPER, _INK, _QUIET, _EMPTY, _CROSS = "#ffffff", "#1d1d1f", "#6b6b70", "#ececee", "#c9c9ce"
_TEXT_PX, _HEAD_PX, _TITLE_PX = 15, 20, 24
_GAP_PX, _MARGIN_PX, _LABEL_PX, _LINES = 4, 16, 190, 6
_LEAD = 1.3  # from line to line, of the letters' size


@dataclass(frozen=True, slots=True)
class Tile:
    """What stands in a cell's place: its frames, all of one size, or why there are none."""

    frames: Sequence[RGB]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Plate:
    """A sheet without its cells: `places` are their upper left corners, line by line."""

    paper: RGB
    places: tuple[tuple[tuple[int, int], ...], ...]
    box: tuple[int, int]


def composed(plate: Plate, tiles: Sequence[Sequence[Tile]], frame: int = 0) -> RGB:
    """The sheet with every cell in its place; a clip that is over stays at its last frame.

    Args:
        plate: as `laid` gives it.
        tiles: as many lines and columns as it has places.
        frame: of the clips.
    """
    sheet = plate.paper.copy()
    for line, places in zip(tiles, plate.places, strict=True):
        for tile, (left, top) in zip(line, places, strict=True):
            if tile.frames:
                shown = fitted(tile.frames[min(frame, len(tile.frames) - 1)], plate.box)
            else:
                shown = empty(plate.box, tile.reason)
            x = left + (plate.box[0] - shown.shape[1]) // 2
            y = top + (plate.box[1] - shown.shape[0]) // 2
            sheet[y : y + shown.shape[0], x : x + shown.shape[1]] = shown
    return sheet


def laid(title: str, sides: Sequence[str], heads: Sequence[str], box: tuple[int, int]) -> Plate:
    """A plate for lines with labels at their left and columns with labels above them.

    Args:
        title: above all.
        sides: the labels of the lines; short ones, such as strengths, are written large.
        heads: the labels of the columns.
        box: width and height of a cell in px.
    """
    side_px = _size(sides)
    left_px = min(round(max(lettering.width(side, side_px) for side in sides)) + 1, _LABEL_PX)
    head_px = _size(heads)
    above = [lettering.wrapped(head, head_px, box[0], _LINES) for head in heads]
    top = _MARGIN_PX + _high(_TITLE_PX) + _MARGIN_PX // 2
    first = top + max(map(len, above)) * _high(head_px) + _GAP_PX
    start = _MARGIN_PX + left_px + _MARGIN_PX // 2
    columns = [start + number * (box[0] + _GAP_PX) for number in range(len(heads))]
    lines = [first + number * (box[1] + _GAP_PX) for number in range(len(sides))]
    size = (columns[-1] + box[0] + _MARGIN_PX, lines[-1] + box[1] + _MARGIN_PX)
    paper = Image.new("RGB", (size[0] + size[0] % 2, size[1] + size[1] % 2), _PAPER)
    draw = ImageDraw.Draw(paper)
    most = paper.width - 2 * _MARGIN_PX
    _text(draw, (_MARGIN_PX, _MARGIN_PX), lettering.wrapped(title, _TITLE_PX, most, 1), _TITLE_PX)
    for left, words in zip(columns, above, strict=True):
        _text(draw, (left, first - _GAP_PX - len(words) * _high(head_px)), words, head_px, box[0])
    for y, side in zip(lines, sides, strict=True):
        most_lines = max(min(_LINES, box[1] // _high(side_px)), 1)
        words = lettering.wrapped(side, side_px, left_px, most_lines)
        _text(draw, (_MARGIN_PX, y + (box[1] - len(words) * _high(side_px)) // 2), words, side_px)
    places = tuple(tuple((x, y) for x in columns) for y in lines)
    return Plate(np.asarray(paper), places, box)


def fitted(pixels: RGB, box: tuple[int, int]) -> RGB:
    """A picture shrunk into a box, its shape kept; never made larger."""
    height, width = pixels.shape[:2]
    factor = min(box[0] / width, box[1] / height, 1.0)
    if factor == 1:
        return pixels
    return images.resize(pixels, max(round(width * factor), 1), max(round(height * factor), 1))


def box_of(width: int, height: int, longest_px: int) -> tuple[int, int]:
    """The box of cells of that size: its long side is at most `longest_px`; both are even."""
    factor = min(longest_px / max(width, height), 1.0)
    return tuple(max(round(side * factor) // 2 * 2, 2) for side in (width, height))  # type: ignore[return-value] # two go in


def empty(box: tuple[int, int], reason: str) -> RGB:
    """A cell that failed: crossed out, with the reason."""
    paper = Image.new("RGB", box, _EMPTY)
    draw = ImageDraw.Draw(paper)
    right, bottom = box[0] - 1, box[1] - 1
    for ends in ((0, 0, right, bottom), (0, bottom, right, 0)):
        draw.line(ends, fill=_CROSS, width=2)
    draw.rectangle((0, 0, right, bottom), outline=_CROSS, width=2)
    words = lettering.wrapped(reason, _TEXT_PX, box[0] - 2 * _GAP_PX, box[1] // _high(_TEXT_PX) - 1)
    top = (box[1] - (len(words) + 1) * _high(_TEXT_PX)) // 2
    _text(draw, (0, top), ["failed"], _TEXT_PX, box[0], _INK)
    _text(draw, (0, top + _high(_TEXT_PX)), words, _TEXT_PX, box[0], _QUIET)
    return np.asarray(paper)


def _text(
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    lines: Sequence[str],
    size_px: int,
    centred_px: int = 0,
    ink: str = _INK,
) -> None:
    for number, line in enumerate(lines):
        spare = centred_px - lettering.width(line, size_px) if centred_px else 0
        place = (at[0] + max(spare, 0) / 2, at[1] + number * _high(size_px))
        draw.text(place, line, ink, lettering.face(line, size_px))


def _size(labels: Sequence[str]) -> int:
    return _HEAD_PX if max(map(len, labels)) <= len("+0.125") else _TEXT_PX


def _high(size_px: int) -> int:
    return round(size_px * _LEAD)
