"""Pairs of clips as two folders and dataset files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curate import files, identity
from curate.dataset import (
    buckets,
    captions,
    folders,
    footage,
    musubi,
    order,
    presets,
    script,
    whole,
)
from curate.dataset.captions import Captions
from curate.dataset.footage import ClipPair, Footage
from curate.dataset.musubi import CAPTION, HALVES
from curate.dataset.settings import Settings
from curate.dataset.whole import Whole
from curate.errors import Failure, FolderEmpty, ImageUnreadable
from curate.events import Progress, Tell, silent

_LIST = "clips.json"


@dataclass(frozen=True, slots=True)
class ClipsReport:
    """The pairs of clips in the dataset with `dry_run` or without, and what was left out."""

    pairs: tuple[str, ...]
    folder: Path
    buckets: buckets.Counts
    commands: tuple[str, ...]
    notes: tuple[str, ...]
    failures: tuple[Failure, ...]


def clips(
    workspace: Path,
    sources: tuple[Path, Path],
    frames: tuple[int, ...],
    fps: float | None,
    settings: Settings,
    *,
    tell: Tell = silent,
    dry_run: bool = False,
) -> ClipsReport:
    """Put clips of one name in both folders into the dataset, and describe them to Musubi.

    Args:
        workspace: whose dataset/.
        sources: a folder of dense and one of sparse clips, named alike.
        frames: how many a clip is trained with, each 4n + 1.
        fps: the clips' frames a second; None takes them as they are.
        settings: as for images.
        tell: hears of progress.
        dry_run: write nothing; the clips are read and checked all the same.

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
    said, unsaid = captions.of({name: (dense[name], sparse[name]) for name in names}, scheme)
    pairs = [ClipPair(name, (dense[name], sparse[name]), cut) for name in names if name in said]
    read, failures = _read(pairs, tell)
    failures = (*unsaid, *failures)
    lonely = sorted(dense.keys() ^ sparse.keys())
    notes = [f"{name} is in one of the two folders only." for name in lonely]
    notes += footage.notes(list(read.items()), cut)
    counts = buckets.counts(
        ((clip.width, clip.height) for clip in read.values()), settings.resolution
    )
    if dry_run or not read:
        return ClipsReport(tuple(read), folder, counts, (), tuple(notes), failures)
    placed = [pair for pair in pairs if pair.name in read]
    words = {pair.name: said[pair.name] for pair in placed}
    contents = {pair.name: _put(folder, pair, words[pair.name]) for pair in placed}
    _sweep(folder, {_name(file) for pair in placed for file in pair.files})
    described = Whole(
        folder,
        workspace / "loras",
        tuple(cache / half for half in HALVES),
        settings.resolution,
        True,
        scheme,
        words,
        contents,
        training,
        settings.trainer,
        cut,
    )
    every, _ = whole.described(described, counts[0][0])
    return ClipsReport(
        tuple(read),
        folder,
        counts,
        script.lines(every),
        (*notes, *buckets.lonely(counts)),
        failures,
    )


def _read(pairs: Sequence[ClipPair], tell: Tell) -> tuple[dict[str, Footage], tuple[Failure, ...]]:
    """What the pairs of clips hold, by name, and a failure for each that cannot be trained on."""
    read: dict[str, Footage] = {}
    failures = []
    for done, outcome in enumerate(order.kept(footage.checked, pairs), start=1):
        if outcome.failure:
            failures.append(outcome.failure)
        elif outcome.result:
            read[outcome.item.name] = outcome.result
        tell(Progress("reading", done, len(pairs), len(failures), "pairs of clips"))
    return read, tuple(failures)


def _listed(folder: Path) -> dict[str, Path]:
    try:
        return {f.stem: f for f in sorted(folder.iterdir()) if f.suffix.lower() in footage.VIDEOS}
    except OSError as error:
        raise ImageUnreadable.of(folder, error) from error


def _put(folder: Path, pair: ClipPair, said: Captions) -> str:
    halves = zip(HALVES, pair.files, said, strict=True)
    return " ".join(_placed(folder, *half) for half in halves)


def _name(source: Path) -> str:
    """What a clip is called in the dataset; Musubi looks for endings such as .mp4, not .Mp4."""
    return source.stem + source.suffix.lower()


def _placed(folder: Path, half: str, source: Path, caption: str) -> str:
    """Put a clip and its caption into place; a hash of its contents."""
    target = folder / half / _name(source)
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
