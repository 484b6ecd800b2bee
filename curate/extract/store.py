"""The figures of each piece of a film on disk, so that no frame is decoded twice."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeAlias, overload

import numpy as np

from curate import files, identity
from curate.extract import figures, glimpse
from curate.extract.figures import Figures
from curate.extract.film import Piece

FOLDER = "figures"

_SEEN, _SEEN_SIZES, _SEEN_JPEGS = "seen", "seen_sizes", "seen_jpegs"


Moment: TypeAlias = tuple[int, int, int]
"""A PTS, and the first and the stop of its span."""


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
    seen: dict[int, bytes] = {}
    found = figures.measure(stretch.piece, seen)
    columns = {column.name: getattr(found, column.name) for column in fields(Figures)}
    columns[_SEEN] = np.array(list(seen), np.int64)
    columns[_SEEN_SIZES] = np.array([len(jpeg) for jpeg in seen.values()], np.int64)
    columns[_SEEN_JPEGS] = np.frombuffer(b"".join(seen.values()), np.uint8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **columns)
    files.write_bytes(stretch.file, buffer.getbuffer())
    return len(found)


def is_held(stretch: Stretch) -> bool:
    """Whether a piece's figures are on disk, whole."""
    try:
        with zipfile.ZipFile(stretch.file) as held:
            names = {column.name for column in fields(Figures)} | {_SEEN, _SEEN_SIZES, _SEEN_JPEGS}
            return {f"{name}.npy" for name in names} <= set(held.namelist())
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


def glimpses(stretches: Sequence[Stretch], moments: Sequence[Moment]) -> dict[int, bytes]:
    """A small picture (JPEG) for each moment, by its PTS; the nearest that is kept of its span.

    Args:
        stretches: the pieces of a film, all of which are held.
        moments: PTS, with the first and the stop of the span that each lies in.
    """
    kept = [_seen_at(stretch) for stretch in stretches]
    flat = sorted((pts, number, at) for number, found in enumerate(kept) for pts, *at in found)
    pts = [one[0] for one in flat]
    wanted: dict[int, list[tuple[int, int, int]]] = {}
    for at, first, stop in moments:
        place = glimpse.nearest(pts, first, stop, at)
        if place is not None:
            _, number, (begin, end) = flat[place]
            wanted.setdefault(number, []).append((at, begin, end))
    pictures = {}
    for number, found in wanted.items():
        with np.load(stretches[number].file) as held:
            data = held[_SEEN_JPEGS].tobytes()
        pictures.update({at: data[begin:end] for at, begin, end in found})
    return pictures


def _seen_at(stretch: Stretch) -> list[tuple[int, int, int]]:
    """The PTS of each small picture of a piece, and from where to where its bytes go."""
    with np.load(stretch.file) as held:
        ends = np.cumsum(held[_SEEN_SIZES])
        begins = ends - held[_SEEN_SIZES]
        return list(zip(held[_SEEN].tolist(), begins.tolist(), ends.tolist(), strict=True))


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
