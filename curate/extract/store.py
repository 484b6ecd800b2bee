"""The figures of each piece of a film on disk, so that no frame is decoded twice."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import overload

import numpy as np

from curate import files, identity
from curate.extract import figures
from curate.extract.figures import Figures
from curate.extract.film import Piece

FOLDER = "figures"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a film and the file that its figures are kept in."""

    piece: Piece
    file: Path

    @property
    def name(self) -> str:
        return self.piece.name


def stretches(workspace: Path, film_id: str, pieces: Sequence[Piece]) -> list[Stretch]:
    """The pieces of a film, each with its file: named for all that its figures depend on."""
    folder = workspace / FOLDER / film_id
    return [Stretch(piece, folder / f"{piece.scan}-{_key(film_id, piece)}.npz") for piece in pieces]


def measure(stretch: Stretch) -> int:
    """Decode and measure a piece, keep its figures, and say how many frames it has.

    Raises:
        DiskFull, NotWritable: they cannot be kept.
        FilmUnreadable: the film cannot be opened any more.
    """
    found = figures.measure(stretch.piece)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{c.name: getattr(found, c.name) for c in fields(Figures)})
    files.write_bytes(stretch.file, buffer.getbuffer())
    return len(found)


def is_held(stretch: Stretch) -> bool:
    """Whether a piece's figures are on disk, whole."""
    try:
        with zipfile.ZipFile(stretch.file) as held:
            return {f"{c.name}.npy" for c in fields(Figures)} <= set(held.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


class Held(Sequence[Figures]):
    """The figures of pieces, each read from its file when it is looked at."""

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self._stretches = stretches

    def __len__(self) -> int:
        return len(self._stretches)

    @overload
    def __getitem__(self, index: int) -> Figures: ...
    @overload
    def __getitem__(self, index: slice) -> Held: ...
    def __getitem__(self, index: int | slice) -> Figures | Held:
        if isinstance(index, slice):
            return Held(self._stretches[index])
        with np.load(self._stretches[index].file) as held:
            return Figures(**{column.name: held[column.name] for column in fields(Figures)})


def forget(workspace: Path, film_id: str) -> None:
    """Delete what is kept of a film."""
    folder = workspace / FOLDER / film_id
    for file in folder.glob("*.npz"):
        file.unlink(missing_ok=True)


def _key(film_id: str, piece: Piece) -> str:
    return identity.of_task(
        figures.VERSION,
        film=film_id,
        stream=piece.source.stream,
        scan=piece.scan,
        begin=piece.begin,
        end=piece.end,
    )
