"""The dataset's two folders: what is put into them, what lies there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from curate import files, identity, images
from curate.dataset import buckets, resample
from curate.dataset.captions import Captions
from curate.dataset.musubi import CAPTION, HALVES
from curate.errors import BadInput, ImageUnreadable, NotWritable, SizesDiffer

_STAGE = "staging"


@dataclass(frozen=True, slots=True)
class Placing:
    """A kept pair to put into the dataset; `id` hashes its name, both halves and the resolution.

    `resolution` None keeps the size. `stages` is where `work` leaves the halves, `targets` where
    they belong. `hashes` and `stamps`, see `files.stamp`, are of the halves that were checked.
    """

    id: str
    name: str
    pair_id: str
    sources: tuple[Path, Path]
    hashes: tuple[str, str]
    stamps: tuple[tuple[int, ...], ...]
    resolution: int | None
    stages: tuple[Path, Path]
    targets: tuple[Path, Path]


def prepare(placing: Placing) -> tuple[int, int]:
    """Leave both halves on the stage, at the size they are trained at; their size before.

    One resampling from the original to the bucket, of the same centred part in both halves.

    Raises:
        ImageMissing, ImageUnreadable: a half is missing or cannot be read.
        SizesDiffer: the halves have different sizes.
        BadInput: a half is not the one that was checked.
        DiskFull, NotWritable: as `files.appearing`.
    """
    sizes = [images.size(source) for source in placing.sources]
    if sizes[0] != sizes[1]:
        raise SizesDiffer(placing.name, *sizes)
    for half, (source, stage) in enumerate(zip(placing.sources, placing.stages, strict=True)):
        data, stamp = _read(source)
        is_same = stamp == placing.stamps[half] or identity.of_bytes(data) == placing.hashes[half]
        if not is_same:
            raise BadInput(
                f"{source} has changed since it was checked.",
                remedy="Run `curate pair-check`, then `curate dataset` again.",
            )
        files.write_bytes(stage, _png(data, source, placing.resolution))
    return sizes[0]


def put(placing: Placing, captions: Captions) -> None:
    """Move both halves from the stage to their places, each after its caption.

    Called in the order of names, so that both folders are filled in that order.
    """
    caption(placing.targets, captions)
    for stage, target in zip(placing.stages, placing.targets, strict=True):
        os.replace(stage, target)  # noqa: PTH105 - as in files.appearing


def caption(targets: Iterable[Path], captions: Captions) -> None:
    """Write the captions beside a pair's images where they are not there."""
    for target, text in zip(targets, captions, strict=True):
        if not _has_caption(target, text):
            files.write_bytes(target.with_suffix(CAPTION), text.encode())


def uncaptioned(folder: Path, said: Mapping[str, Captions], but: Collection[str]) -> set[str]:
    """The names of the pairs that lack one of their captions or have another, `but` some."""
    return {
        name
        for name, captions in said.items()
        if name not in but and not all(map(_has_caption, places(folder, name), captions))
    }


def halves(folder: Path) -> tuple[Path, Path]:
    """The folders of the dense and of the sparse half."""
    dense, sparse = (folder / half for half in HALVES)
    return dense, sparse


def places(folder: Path, name: str) -> tuple[Path, Path]:
    """Where both images of a pair belong."""
    dense, sparse = halves(folder)
    return dense / f"{name}.png", sparse / f"{name}.png"


def stages(folder: Path, name: str) -> tuple[Path, Path]:
    """Where both images of a pair wait until those before it are in place."""
    dense, sparse = halves(folder / _STAGE)
    return dense / f"{name}.png", sparse / f"{name}.png"


def sizes_of(folder: Path, name: str) -> list[int]:
    """The sizes in bytes of a pair's two images, -1 for one that is not there."""
    return [f.stat().st_size if f.exists() else -1 for f in places(folder, name)]


def take_out(folder: Path, name: str) -> None:
    """Delete the four files of a pair."""
    for image in places(folder, name):
        image.unlink(missing_ok=True)
        image.with_suffix(CAPTION).unlink(missing_ok=True)


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
    """Remove what a killed run left unfinished, and the stage."""
    shutil.rmtree(folder / _STAGE, ignore_errors=True)
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


def _has_caption(image: Path, text: str) -> bool:
    file = image.with_suffix(CAPTION)
    return file.is_file() and file.read_bytes() == text.encode()


def _read(source: Path) -> tuple[bytes, tuple[int, int]]:
    """The bytes of a file, and its stamp."""
    try:
        with source.open("rb") as file:
            stamp = files.stamp(os.fstat(file.fileno()))
            return file.read(), stamp
    except OSError as error:
        raise ImageUnreadable.of(source, error) from error


def _png(data: bytes, source: Path, resolution: int | None) -> bytes:
    """The image as an 8-bit RGB PNG, resampled to its bucket; an alpha would mask the training."""
    is_plain = images.is_plain_png(data)
    if resolution is None and is_plain:
        return data
    pixels = images.read_from(source, data)
    height, width = pixels.shape[:2]
    if resolution is not None:
        into = buckets.bucket(width, height, resolution)
        if (into.width, into.height) == (width, height) and is_plain:
            return data
        box = buckets.covered(width, height, into)
        pixels = resample.resize(pixels, into.width, into.height, box)
    return images.encode_png(pixels)
