"""What a pair of clips holds, and whether Musubi would train on both halves alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curate.dataset.musubi import Clips
from curate.errors import ClipsDiffer, ClipTooShort, ClipUnreadable, NoVideo

VIDEOS = frozenset(
    {".mp4", ".webm", ".avi", ".mkv", ".mov", ".flv", ".wmv", ".m4v", ".mpg", ".mpeg"}
)
"""What Musubi takes for clips."""

TRAINED_FPS = 16.0
"""What Wan is trained at: Musubi drops frames of clips whose rate it is told until they fit."""

_SAME_RATE = 0.01


@dataclass(frozen=True, slots=True)
class Footage:
    """A clip's size in px, its decoded frames, and its mean frames a second."""

    width: int
    height: int
    frames: int
    fps: float


@dataclass(frozen=True, slots=True)
class ClipPair:
    """Two clips of one name, dense and sparse, and how they are to be cut."""

    name: str
    files: tuple[Path, Path]
    cut: Clips


def checked(pair: ClipPair) -> Footage:
    """What both clips hold, every frame of them decoded.

    Raises:
        ClipUnreadable, NoVideo: a clip cannot be decoded to its end.
        ClipsDiffer: they differ in size, number of frames or rate.
        ClipTooShort: Musubi would drop them.
    """
    dense, sparse = (decoded(file) for file in pair.files)
    for what, one, other in (
        ("size", f"{dense.width}×{dense.height}", f"{sparse.width}×{sparse.height}"),
        ("number of frames", f"{dense.frames}", f"{sparse.frames}"),
        ("frames a second", f"{dense.fps:.6g}", f"{sparse.fps:.6g}"),
    ):
        if one != other:
            raise ClipsDiffer(pair.name, what, one, other)
    if trained(dense.frames, pair.cut.fps) < min(pair.cut.frames):
        raise ClipTooShort(pair.name, trained(dense.frames, pair.cut.fps), min(pair.cut.frames))
    return dense


def decoded(file: Path) -> Footage:
    """What a clip holds, every frame of it decoded as Musubi decodes it.

    Raises:
        ClipUnreadable: it cannot be opened, is damaged, or changes its size.
        NoVideo: it has no moving picture.
    """
    import av

    try:
        with av.open(file) as clip:
            if not clip.streams.video:
                raise NoVideo(file)
            stream = clip.streams.video[0]
            stream.thread_type = "AUTO"
            sizes: list[tuple[int, int]] = []
            for frame in clip.decode(stream):
                if frame.is_corrupt:
                    raise ClipUnreadable(file, f"its frame {len(sizes) + 1} is damaged")
                sizes.append((frame.width, frame.height))
            fps = float(stream.average_rate or 0)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise ClipUnreadable(file, str(getattr(error, "strerror", "") or error).lower()) from error
    if len(set(sizes)) != 1:
        raise ClipUnreadable(file, "its size changes" if sizes else "it has no frame")
    return Footage(*sizes[0], len(sizes), fps)


def trained(frames: int, fps: float | None) -> int:
    """How many of a clip's frames Musubi keeps, if it is told that there are `fps` a second."""
    if fps is None or fps <= TRAINED_FPS:
        return frames
    return int((frames - 1) * TRAINED_FPS / fps) + 1


def notes(found: Sequence[tuple[str, Footage]], cut: Clips) -> list[str]:
    """A sentence for each clip that is not trained as the numbers given make one think."""
    told = []
    for name, clip in found:
        kept = trained(clip.frames, cut.fps)
        long = [str(count) for count in cut.frames if count > kept]
        if long:
            told.append(f"{name} has {kept} frames to train on, too few for {', '.join(long)}.")
        if cut.fps is not None and abs(clip.fps - cut.fps) > _SAME_RATE * cut.fps:
            told.append(f"{name} has {clip.fps:.6g} frames a second, not {cut.fps:g}.")
    return told
