"""What ComfyUI sent for a cell: checked, then put in its place."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from curate import images
from curate.errors import CellUnusable, ImageUnreadable
from curate.grid import clips
from curate.grid.cell import Cell
from curate.images import RGB

_FLAT_LEVELS = 8  # what stays within so few levels in every channel shows nothing


def keep(cell: Cell, came: bytes) -> None:
    """Write a cell's file, without the graph that ComfyUI puts into it.

    Raises:
        CellUnusable: it is cut off, of another kind, or shows nothing.
        PlaceError: it cannot be written.
    """
    if cell.file.suffix == ".png":
        pixels = _still(cell, came)
        _see(cell, [pixels])
        images.write(cell.file, pixels)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / cell.file.name
        file.write_bytes(came)
        try:
            _see(cell, clips.spread(clips.read(file), 3))
            clips.copied(file, cell.file)
        except ImageUnreadable as error:
            raise CellUnusable(cell.name, "it is no whole clip") from error


def frames(file: Path) -> list[RGB]:
    """The picture of a cell, or the frames of its clip.

    Raises:
        ImageMissing, ImageUnreadable: it is gone, or damaged.
    """
    return [images.read(file)] if file.suffix == ".png" else clips.read(file)


def _still(cell: Cell, came: bytes) -> RGB:
    try:
        return images.decode(came)
    except (OSError, SyntaxError, ValueError) as error:
        raise CellUnusable(cell.name, "it is no whole image") from error


def _see(cell: Cell, shown: list[RGB]) -> None:
    every = np.concatenate([pixels.reshape(-1, 3) for pixels in shown])
    lowest, highest = every.min(axis=0).astype(int), every.max(axis=0).astype(int)
    if (highest - lowest).max() < _FLAT_LEVELS:
        dark = highest.max() < _FLAT_LEVELS
        raise CellUnusable(cell.name, "it is black" if dark else "it is of one colour")
