"""The dataset's two folders: what is put into them, what lies there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from curate import files, identity, images
from curate.dataset.musubi import CAPTION, HALVES
from curate.errors import BadInput, CurateError, ImageUnreadable, NotWritable, SizesDiffer

_SUFFIXES = (".png", CAPTION)
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Placing:
    """A kept pair to put into the dataset; `id` hashes its name and both halves' contents."""

    id: str
    name: str
    sources: tuple[Path, Path]
    hashes: tuple[str, str]
    targets: tuple[Path, Path]


def put(placing: Placing) -> None:
    """Put both halves of a pair and their empty captions into place, or neither.

    Raises:
        ImageMissing, ImageUnreadable: a half is missing or cannot be read.
        SizesDiffer: the halves have different sizes.
        BadInput: a half is not the one that was checked.
        DiskFull, NotWritable: as `files.appearing`.
    """
    sizes = [images.size(source) for source in placing.sources]
    if sizes[0] != sizes[1]:
        raise SizesDiffer(placing.name, *sizes)
    try:
        for source, content, target in zip(
            placing.sources, placing.hashes, placing.targets, strict=True
        ):
            data = _read(source)
            if identity.of_bytes(data) != content:
                raise BadInput(
                    f"{source} has changed since it was checked.",
                    remedy="Run `curate pair-check`, then `curate dataset` again.",
                )
            files.write_bytes(target, _png(data, source))
            files.write_bytes(target.with_suffix(CAPTION), b"")
    except CurateError:
        for target in placing.targets:
            for suffix in _SUFFIXES:
                target.with_suffix(suffix).unlink(missing_ok=True)
        raise


def halves(folder: Path) -> tuple[Path, Path]:
    """The folders of the dense and of the sparse half."""
    dense, sparse = (folder / half for half in HALVES)
    return dense, sparse


def files_of(folder: Path, name: str) -> list[Path]:
    """The four files of a pair: image and caption, dense and sparse."""
    return [half / f"{name}{suffix}" for half in halves(folder) for suffix in _SUFFIXES]


def sizes_of(folder: Path, name: str) -> list[int]:
    """The sizes in bytes of a pair's four files, -1 for one that is not there."""
    return [f.stat().st_size if f.exists() else -1 for f in files_of(folder, name)]


def foreign(folder: Path, placed: Collection[str]) -> list[str]:
    """A sentence for each half that holds images which this station did not put there."""
    notes = []
    for half in HALVES:
        present = images.listed(folder / half) if (folder / half).is_dir() else []
        others = [file for file in present if file.stem not in placed]
        if others:
            notes.append(
                f"{folder / half} holds {len(others)} images that are not ours, "
                f"{others[0].name} first: Musubi drops those without a caption, or trains on them."
            )
    return notes


def sweep(folder: Path) -> None:
    """Remove what a killed run left unfinished."""
    for half in halves(folder):
        for part in half.glob("*.part"):
            part.unlink()


def make(folder: Path) -> None:
    """Make a folder.

    Raises:
        NotWritable: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotWritable(folder, (error.strerror or str(error)).lower()) from error


def _read(source: Path) -> bytes:
    try:
        return source.read_bytes()
    except OSError as error:
        raise ImageUnreadable.of(source, error) from error


def _png(data: bytes, source: Path) -> bytes:
    """The bytes as they are if they are a PNG, else its pixels as one."""
    return data if data.startswith(_PNG) else images.encode_png(images.read(source))
