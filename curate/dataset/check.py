"""The dataset read again as Musubi would: what it would drop, crop, or take from a stale cache."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curate import images
from curate.dataset import buckets, footage, musubi, parser, steps
from curate.dataset.musubi import HALVES
from curate.errors import CurateError, NothingYet

_CACHE = re.compile(
    r"(?P<name>.+?)(?:_\d{5}-\d{3})?_(?P<width>\d{4,})x(?P<height>\d{4,})_wan\.safetensors"
)
_TEXT = re.compile(r"(?P<name>.+)_wan_te\.safetensors")
_EXTENSION = re.compile(r"\.[^./\\]+")
_READ = musubi.IMAGES | {".avif"}
_AS_WRITTEN = _READ | {suffix.upper() for suffix in _READ}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that Musubi would do with an item unasked; `is_loss` unless it only crops."""

    item: str
    problem: str
    is_loss: bool = True


@dataclass(slots=True)
class _Half:
    """One half as Musubi reads it: its settings; sizes, times, clips' frames by name."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    stamps: dict[str, int] = field(default_factory=dict)
    frames: dict[str, int] = field(default_factory=dict)


def check(workspace: Path) -> tuple[Finding, ...]:
    """Everything in a dataset that Musubi would not train on as it stands; only reads.

    Raises:
        NothingYet: there is no dataset.
    """
    folder = workspace / "dataset"
    if not all((folder / f"{half}.toml").is_file() for half in HALVES):
        raise NothingYet("dataset files", workspace, "curate dataset")
    found: list[Finding] = []
    if home := steps.written_for(workspace):
        found.append(
            Finding("dataset", f"names {home.as_posix()}: run `curate dataset` to write it again")
        )
    halves = []
    for name in HALVES:
        half = _Half(name)
        found += _settings(half, folder / f"{name}.toml")
        if "image_directory" in half.settings:
            found += _images(half)
            found += _caches(half)
        elif "video_directory" in half.settings:
            found += _clips(half)
            found += _caches(half)
        halves.append(half)
    found += _between(*halves)
    return tuple(found)


def _settings(half: _Half, file: Path) -> Iterator[Finding]:
    """Read a dataset file as strictly as Musubi."""
    name = file.name
    try:
        held = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        yield Finding(name, f"is not TOML that Musubi reads: {error}")
        return
    datasets = held.get("datasets", [])
    for key in held.keys() - {"general", "datasets"}:
        yield Finding(name, f"has {key!r}, which Musubi refuses")
    if not isinstance(datasets, list) or len(datasets) != 1:
        yield Finding(name, "does not have one [[datasets]]")
        return
    general, dataset = held.get("general", {}), datasets[0]
    kind = "video" if "video_directory" in dataset else "image"
    shared = parser.keys("general")
    yield from _keys(name, "[general]", general, shared)
    yield from _keys(name, "[[datasets]]", dataset, shared | parser.keys(kind))
    half.settings = general | dataset
    extension = str(half.settings.get("caption_extension", ""))
    if not _EXTENSION.fullmatch(extension):
        yield Finding(name, f"caption_extension {extension!r}: every caption would be missed")
    if re.search(r"[\[\]*?]", str(half.settings.get("cache_directory", ""))):
        yield Finding(name, "cache_directory has one of [ ] * ?: no cache would be found")


def _keys(
    file: str, part: str, held: Mapping[str, object], known: Mapping[str, str]
) -> Iterator[Finding]:
    for key, value in held.items():
        if key not in known:
            yield Finding(file, f"has {key!r} in {part}, which Musubi refuses")
        elif not parser.is_of(known[key], value) and key != "resolution":
            yield Finding(file, f"{key} = {value!r} is not {known[key]}, which Musubi refuses")


def _images(half: _Half) -> Iterator[Finding]:
    folder = Path(half.settings["image_directory"])
    if not folder.is_dir():
        yield Finding(half.name, f"there is no {folder}: Musubi would train on nothing")
        return
    extension = str(half.settings.get("caption_extension", musubi.CAPTION))
    seen: dict[str, str] = {}
    for file in sorted(folder.iterdir()):
        item = f"{half.name}/{file.name}"
        if file.is_dir():
            yield Finding(item, "Musubi does not look into folders")
        elif file.suffix in _AS_WRITTEN:
            if file.stem in seen:
                yield Finding(item, f"shares its cache with {seen[file.stem]}")
            seen[file.stem] = file.name
            yield from _image(half, file, item, extension)
        elif file.suffix.lower() != extension.lower() and file.suffix != ".part":
            yield Finding(item, "dropped: not an image that Musubi reads")


def _clips(half: _Half) -> Iterator[Finding]:
    folder = Path(half.settings["video_directory"])
    if not folder.is_dir():
        yield Finding(half.name, f"there is no {folder}: Musubi would train on nothing")
        return
    extension = str(half.settings.get("caption_extension", musubi.CAPTION))
    for file in sorted(folder.iterdir()):
        item = f"{half.name}/{file.name}"
        if file.suffix.lower() in footage.VIDEOS:
            yield from _clip(half, file, item, extension)
        elif file.suffix.lower() != extension.lower() and file.suffix != ".part":
            yield Finding(item, "dropped: not a clip that Musubi reads")


def _clip(half: _Half, file: Path, item: str, extension: str) -> Iterator[Finding]:
    caption = file.with_name(file.stem + (extension or musubi.CAPTION))
    if not caption.is_file():
        yield Finding(item, f"Musubi would stop: it has no {caption.name}")
        return
    try:
        clip = footage.decoded(file)
    except CurateError as error:
        yield Finding(item, f"Musubi would stop: {error}")
        return
    half.sizes[file.stem] = clip.width, clip.height
    half.stamps[file.stem] = file.stat().st_mtime_ns
    half.frames[file.stem] = clip.frames
    kept = footage.trained(clip.frames, half.settings.get("source_fps"))
    for count in half.settings.get("target_frames", [1]):
        if count > kept:
            yield Finding(item, f"dropped at {count} frames: it has {kept} to train on")
    yield from _cropped(half, file, item)


def _image(half: _Half, file: Path, item: str, extension: str) -> Iterator[Finding]:
    caption = file.with_name(file.stem + (extension or musubi.CAPTION))
    try:
        caption.read_text(encoding="utf-8")
    except FileNotFoundError:
        yield Finding(item, f"dropped: it has no {caption.name}")
        return
    except (OSError, UnicodeDecodeError):
        yield Finding(item, f"Musubi would stop at {caption.name}, which is not UTF-8")
        return
    try:
        size = images.size(file)
    except CurateError as error:
        yield Finding(item, f"Musubi would stop: {error}")
        return
    half.sizes[file.stem], half.stamps[file.stem] = size, file.stat().st_mtime_ns
    yield from _cropped(half, file, item)


def _cropped(half: _Half, file: Path, item: str) -> Iterator[Finding]:
    into = buckets.bucket(*half.sizes[file.stem], _resolution(half))
    if into.crop_px:
        cut = f"{into.crop_px} px of it cropped to {into.width}×{into.height}"
        yield Finding(item, cut, is_loss=False)


def _resolution(half: _Half) -> int:
    asked = half.settings.get("resolution", [960, 544])
    width, height = asked if isinstance(asked, list) else (asked, asked)
    return int((width * height) ** 0.5)


def _caches(half: _Half) -> Iterator[Finding]:
    cache = Path(half.settings.get("cache_directory") or half.settings[_directory(half)])
    for file in musubi.caches(cache):
        item = f"cache/{half.name}/{file.name}"
        match = _CACHE.fullmatch(file.name) or _TEXT.fullmatch(file.name)
        if match is None:
            continue
        name = match["name"]
        if name not in half.sizes:
            yield Finding(item, "stale: its image is no longer trained on, but Musubi trains on it")
            continue
        groups = match.groupdict()
        size = tuple(int(groups[side]) for side in ("width", "height") if side in groups)
        if size and size != half.sizes[name]:
            yield Finding(item, f"stale: its image has {'×'.join(map(str, half.sizes[name]))} px")
        elif file.stat().st_mtime_ns < half.stamps[name]:
            yield Finding(item, "stale: its image is newer")


def _directory(half: _Half) -> str:
    return "video_directory" if "video_directory" in half.settings else "image_directory"


def _between(dense: _Half, sparse: _Half) -> Iterator[Finding]:
    for key in ("cache_directory", "image_directory", "video_directory"):
        shared = dense.settings.get(key)
        if shared and shared == sparse.settings.get(key):
            yield Finding(key, "is one for both halves: each would be trained on the other")
    for one, other in ((dense, sparse), (sparse, dense)):
        for name in sorted(one.sizes.keys() - other.sizes.keys()):
            yield Finding(f"{one.name}/{name}", f"has no counterpart in {other.name}")
    for name in sorted(dense.sizes.keys() & sparse.sizes.keys()):
        if dense.sizes[name] != sparse.sizes[name]:
            both = " and ".join(f"{w}×{h}" for w, h in (dense.sizes[name], sparse.sizes[name]))
            yield Finding(name, f"its halves differ in size: {both}")
        elif dense.frames.get(name) != sparse.frames.get(name):
            counts = f"{dense.frames.get(name)} and {sparse.frames.get(name)}"
            yield Finding(name, f"its halves differ in frames: {counts}")
