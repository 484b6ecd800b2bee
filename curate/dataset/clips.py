"""Pairs of clips as two folders and dataset files; what is in them is the user's to check."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from curate import files, identity
from curate.dataset import buckets, captions, folders, musubi, presets, script, whole
from curate.dataset.musubi import CAPTION, HALVES
from curate.dataset.settings import Settings
from curate.dataset.whole import Whole
from curate.errors import BadSetting, FolderEmpty, ImageUnreadable

VIDEOS = frozenset({".mp4", ".webm", ".avi", ".mkv", ".mov", ".flv", ".wmv", ".m4v", ".mpg"})
_LIST = "clips.json"
_WIDE, _HIGH = 16, 9


@dataclass(frozen=True, slots=True)
class ClipsReport:
    """The pairs of clips that were written, and what was left out."""

    pairs: tuple[str, ...]
    folder: Path
    commands: tuple[str, ...]
    notes: tuple[str, ...]


def clips(
    workspace: Path,
    sources: tuple[Path, Path],
    frames: tuple[int, ...],
    fps: float | None,
    settings: Settings,
    *,
    dry_run: bool = False,
) -> ClipsReport:
    """Put clips of one name in both folders into the dataset, and describe them to Musubi.

    Args:
        workspace: whose dataset/.
        sources: a folder of dense and one of sparse clips, named alike.
        frames: how many a clip is trained with, each 4n + 1.
        fps: the clips' frames a second; None takes them as they are.
        settings: as for images; captions from files are not read.
        dry_run: write nothing.

    Raises:
        FolderEmpty: no clip is in both folders.
        BadSetting: a setting that Musubi cannot use.
    """
    cut = musubi.clips(frames, fps)
    folder = workspace / "dataset"
    cache = musubi.usable_cache(settings.cache or folder / "cache")
    buckets.usable(settings.resolution)
    scheme = captions.scheme(settings.captions)
    training = presets.training(settings.preset, settings.model, settings.changes)
    dense, sparse = (_listed(source) for source in sources)
    names = sorted(dense.keys() & sparse.keys())
    if not names:
        raise FolderEmpty(sources[0], f"clips that are in {sources[1]} too")
    said = captions.of_fixed(names, scheme)
    if said is None:
        raise BadSetting(
            "Captions of clips are not read from files.", remedy="Choose another --captions."
        )
    lonely = sorted(dense.keys() ^ sparse.keys())
    notes = tuple(f"{name} is in one of the two folders only." for name in lonely)
    if dry_run:
        return ClipsReport(tuple(names), folder, (), notes)
    contents = {}
    for name in names:
        halves = zip(HALVES, (dense[name], sparse[name]), said[name], strict=True)
        contents[name] = " ".join(_placed(folder, *half) for half in halves)
    _sweep(folder, {path.name for name in names for path in (dense[name], sparse[name])})
    described = Whole(
        folder,
        workspace / "loras",
        tuple(cache / half for half in HALVES),
        settings.resolution,
        True,
        scheme,
        said,
        contents,
        training,
        settings.trainer,
        cut,
    )
    every, _ = whole.described(described, buckets.bucket(_WIDE, _HIGH, settings.resolution))
    return ClipsReport(tuple(names), folder, script.lines(every), notes)


def _listed(folder: Path) -> dict[str, Path]:
    try:
        return {f.stem: f for f in sorted(folder.iterdir()) if f.suffix.lower() in VIDEOS}
    except OSError as error:
        raise ImageUnreadable.of(folder, error) from error


def _placed(folder: Path, half: str, source: Path, caption: str) -> str:
    """Put a clip and its caption into place; a hash of its contents."""
    target = folder / half / source.name
    folders.make(target.parent)
    content = identity.of_film(source)
    if not target.is_file() or identity.of_film(target) != content:
        with files.appearing(target) as part:
            _linked(source, part)
    files.write_text(target.with_suffix(CAPTION), caption)
    return content


def _linked(source: Path, target: Path) -> None:
    """The same file under another name where the disk can, else a copy."""
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def _sweep(folder: Path, wanted: set[str]) -> None:
    """Take out what an earlier run put in and this one did not."""
    listed = folder / _LIST
    held = set(json.loads(listed.read_text(encoding="utf-8"))) if listed.is_file() else set()
    for half in HALVES:
        for name in held - wanted:
            clip = folder / half / name
            clip.unlink(missing_ok=True)
            clip.with_suffix(CAPTION).unlink(missing_ok=True)
    files.write_text(listed, json.dumps(sorted(wanted), ensure_ascii=False) + "\n")
