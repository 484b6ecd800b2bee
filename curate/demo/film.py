"""A short film drawn by code, whose every cut is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from numpy.typing import NDArray

from curate import files
from curate.demo.ink import HEIGHT, WIDTH, Ink
from curate.demo.people import POSES, person
from curate.demo.scenes import SCENES
from curate.images import RGB

Join = Literal["cut", "dissolve", "fade"]
Kind = Literal["content", "flat", "title"]

_VIEW = 0.8  # the part of a scene's width that is seen at once; the rest is room to pan
_HELD_FRAMES = 3  # a drawing is held for three frames
_OPTIONS = {
    "libx264": {"preset": "superfast", "crf": "18", "threads": "2"},
    "libx265": {"preset": "ultrafast", "crf": "20", "x265-params": "log-level=none:pools=2"},
}
_BT709 = np.array(
    [
        [0.2126 * 219 / 255, 0.7152 * 219 / 255, 0.0722 * 219 / 255, 16],
        [-0.2126 / 1.8556 * 224 / 255, -0.7152 / 1.8556 * 224 / 255, 0.5 * 224 / 255, 128],
        [0.5 * 224 / 255, -0.7152 / 1.5748 * 224 / 255, -0.0722 / 1.5748 * 224 / 255, 128],
    ]
)  # RGB to Y'CbCr, ITU-R BT.709-6, items 3.3 to 3.5


@dataclass(frozen=True, slots=True)
class Take:
    """One shot of the edit.

    Attributes:
        scene: a name in SCENES, or "black".
        seconds: how long it stands, without the joins to its neighbours.
        pan: from (x, y) to (x, y), as shares of the room that the scene leaves.
        join: how it follows the take before; a cut takes no time, the others `join_s`.
        flash_frames: white frames in its middle.
    """

    scene: str
    seconds: float
    pan: tuple[float, float, float, float] = (0.5, 0.5, 0.5, 0.5)
    join: Join = "cut"
    join_s: float = 0.0
    flash_frames: int = 0


@dataclass(frozen=True, slots=True)
class TrueShot:
    """What a shot finder should find: a take without its joins, in seconds."""

    scene: str
    start_s: float
    end_s: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class FilmTruth:
    """Where a drawn film's shots, cuts and joins lie, in seconds."""

    frame_rate: Fraction
    shots: tuple[TrueShot, ...]
    cuts: tuple[float, ...]
    joins: tuple[tuple[float, float, Join], ...]
    duration_s: float


STORY = (
    Take("black", 0.5),
    Take("sky", 2.5, (0.1, 0.9, 0.9, 0.2), "fade", 0.75),
    Take("title", 2.0),
    Take("street", 3.5, (0.0, 1.0, 1.0, 1.0)),
    Take("market", 3.0, (1.0, 0.2, 0.2, 0.8)),
    Take("field", 2.5, (0.5, 0.8, 0.7, 0.8), "dissolve", 0.75),
    Take("library", 3.0, (0.1, 1.0, 0.5, 0.0)),
    Take("close-up", 2.0),
    Take("kitchen", 3.5, (0.0, 1.0, 0.9, 1.0)),
    Take("answer", 2.0),
    Take("close-up", 1.5),
    Take("classroom", 3.0, (1.0, 0.3, 0.4, 0.5), "fade", 1.0),
    Take("bedroom", 3.0, (0.9, 0.2, 0.3, 0.9)),
    Take("empty room", 2.0),
    Take("night", 3.0, (0.2, 1.0, 0.9, 0.8), "dissolve", 1.0),
    Take("sea", 2.0, (0.5, 0.4, 0.5, 0.6)),
    Take("black", 0.5, join="fade", join_s=0.5),
)
"""About forty seconds: a title card, thirteen places crowded and plain, and one face twice."""


def draw(
    path: Path,
    takes: Sequence[Take] = STORY,
    *,
    size: tuple[int, int] = (1280, 720),
    frame_rate: Fraction = Fraction(24),
    codec: str = "libx264",
    ten_bits: bool = False,
    bars_px: int = 0,
) -> FilmTruth:
    """Write a film in BT.709, limited range; the same arguments give the same pictures.

    Args:
        path: its suffix names the container, .mp4 or .mkv.
        takes: the edit, in order.
        size: width and height in pixels, even.
        frame_rate: frames a second.
        codec: "libx264", "libx265" or another encoder that PyAV has.
        ten_bits: ten bits a sample instead of eight.
        bars_px: black above and below, as a wide film has them.
    """
    with files.appearing(path) as part, av.open(part, "w", format=_format(path)) as container:
        stream = _stream(container, codec, size, frame_rate, ten_bits)
        for number, pixels in enumerate(pictures(takes, size, frame_rate, bars_px)):
            frame = av.VideoFrame.from_ndarray(_planes(pixels, ten_bits), _pixels(ten_bits))
            frame.pts, frame.time_base = number, 1 / frame_rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return truth(takes, frame_rate)


def _stream(
    container: OutputContainer,
    codec: str,
    size: tuple[int, int],
    frame_rate: Fraction,
    ten_bits: bool,
) -> av.VideoStream:
    stream = container.add_stream(codec, rate=frame_rate, options=_OPTIONS.get(codec, {}))
    assert isinstance(stream, av.VideoStream)
    context = stream.codec_context
    context.width, context.height = size
    context.pix_fmt = _pixels(ten_bits)
    context.gop_size = 2 * round(frame_rate)
    context.colorspace = Colorspace.ITU709
    context.color_range = ColorRange.MPEG
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    return stream


def _pixels(ten_bits: bool) -> str:
    return "yuv420p10le" if ten_bits else "yuv420p"


def truth(takes: Sequence[Take], frame_rate: Fraction) -> FilmTruth:
    """Where the shots, cuts and joins of an edit lie."""
    shots: list[TrueShot] = []
    cuts: list[float] = []
    joins: list[tuple[float, float, Join]] = []
    at = 0
    for take in takes:
        begin = at + _frames(take.join_s, frame_rate)
        end = begin + _frames(take.seconds, frame_rate)
        start_s, begin_s, end_s = (float(n / frame_rate) for n in (at, begin, end))
        if begin > at:
            joins.append((start_s, begin_s, take.join))
        elif at:
            cuts.append(start_s)
        kind: Kind = (
            "flat" if take.scene == "black" else "title" if take.scene == "title" else "content"
        )
        shots.append(TrueShot(take.scene, begin_s, end_s, kind))
        at = end
    return FilmTruth(frame_rate, tuple(shots), tuple(cuts), tuple(joins), float(at / frame_rate))


def pictures(
    takes: Sequence[Take], size: tuple[int, int], frame_rate: Fraction, bars_px: int = 0
) -> Iterator[RGB]:
    """Every frame of the film, uint8, shape (height, width, 3)."""
    shape = (size[0], size[1] - 2 * bars_px)
    before: Iterator[RGB] | None = None
    for index, take in enumerate(takes):
        join = _frames(take.join_s, frame_rate)
        after = takes[index + 1].join_s if index + 1 < len(takes) else 0.0
        frames = _frames(take.seconds, frame_rate)
        shown = _shown(take, shape, join + frames + _frames(after, frame_rate), frame_rate)
        for step in range(join):
            old = next(before) if before else np.zeros((shape[1], shape[0], 3), np.uint8)
            yield _barred(_joined(take.join, old, next(shown), (step + 1) / (join + 1)), bars_px)
        for step in range(frames):
            picture = next(shown)
            if abs(2 * step + 1 - frames) < take.flash_frames:
                picture = np.full_like(picture, 255)
            yield _barred(picture, bars_px)
        before = shown


def _joined(join: Join, old: RGB, new: RGB, share: float) -> RGB:
    """The picture `share` of the way from `old` to `new`; a fade is black in the middle."""
    if join == "dissolve":
        return np.asarray(cv2.addWeighted(old, 1 - share, new, share, 0), np.uint8)
    picture = old if share < 0.5 else new
    return np.asarray(cv2.convertScaleAbs(picture, alpha=abs(1 - 2 * share)), np.uint8)


def _shown(take: Take, size: tuple[int, int], frames: int, frame_rate: Fraction) -> Iterator[RGB]:
    """The frames of a take, its joins included, without its neighbours."""
    width, height = size
    if take.scene == "black":
        for _ in range(frames):
            yield np.zeros((height, width, 3), np.uint8)
        return
    scale = width / (WIDTH * _VIEW)
    x_room, y_room = round(WIDTH * scale) - width, round(HEIGHT * scale) - height
    drawing = np.zeros(0, np.uint8)
    for number in range(frames):
        if number % _HELD_FRAMES == 0:
            drawing = _drawing(take.scene, scale, number, frame_rate)
        share = number / max(1, frames - 1)
        x = round(x_room * (take.pan[0] + (take.pan[2] - take.pan[0]) * share))
        y = round(y_room * (take.pan[1] + (take.pan[3] - take.pan[1]) * share))
        yield np.ascontiguousarray(drawing[y : y + height, x : x + width])


def _drawing(name: str, scale: float, number: int, frame_rate: Fraction) -> RGB:
    ink = Ink(scale, _background(name, scale))
    pose = POSES[number // _HELD_FRAMES % len(POSES)]
    for who in SCENES[name].people:
        x = who.x + who.walk * number / float(frame_rate)
        person(ink, x, who.y, who.size, who.hair, who.coat, pose)
    return ink.image


@lru_cache(maxsize=4)
def _background(name: str, scale: float) -> RGB:
    ink = Ink(scale)
    SCENES[name].draw(ink, np.random.default_rng(len(name)))
    for line, words in enumerate(SCENES[name].title):
        ink.text(WIDTH / 2, HEIGHT * 0.44 + 130 * line, words, (70, 84, 100), 120 - 70 * line)
    return ink.image


def _planes(picture: RGB, ten_bits: bool) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Y, U and V in BT.709, limited range, 4:2:0; swscale takes ten times as long for it."""
    deep = picture.astype(np.uint16) if ten_bits else picture
    luma, *chroma = cv2.split(cv2.transform(deep, _BT709 * (4 if ten_bits else 1)))
    half = (luma.shape[1] // 2, luma.shape[0] // 2)
    small = [cv2.resize(plane, half, interpolation=cv2.INTER_AREA).ravel() for plane in chroma]
    return np.concatenate([luma.ravel(), *small]).reshape(-1, luma.shape[1])


def _barred(picture: RGB, bars_px: int) -> RGB:
    return np.pad(picture, ((bars_px, bars_px), (0, 0), (0, 0))) if bars_px else picture


def _frames(seconds: float, frame_rate: Fraction) -> int:
    return round(seconds * frame_rate)


def _format(path: Path) -> str:
    return "matroska" if path.suffix == ".mkv" else path.suffix[1:]
