"""What is measured on every frame of a film while it is decoded once."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence, Set
from dataclasses import dataclass, fields
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from curate.extract import film, glimpse, letterbox, lettering, planes
from curate.extract.change import Look
from curate.extract.density import density
from curate.extract.film import Piece

Gray = NDArray[np.uint8]
Floats = NDArray[np.float32]
Glimpses = MutableMapping[int, bytes]

VERSION = "figures/7"
"""Goes up whenever a frame's figures change, for they are kept on disk."""

OF_PIECE = frozenset({"rows", "columns"})
"""The figures that a piece has one of, not one a frame."""

THUMB = (80, 45)
TONES = (32, 18)
"""Width and height of the luma that is kept of every frame; each chroma plane is half of it."""

_HALF_TONES = (TONES[0] // 2, TONES[1] // 2)
_TONE_BYTES = TONES[0] * TONES[1] * 3 // 2
_TINT_BYTES = _TONE_BYTES // 3
_SMALL_PX, _TINY_PX = 480, 240
_NEW_JUMP, _NEW_LIKENESS = 12.0, 0.7
"""A picture so different from the one last measured is measured anew at once."""

_DRAWN_EVERY = {"keyframes": 1, "fast": 12, "full": 24}
"""About a second: what is dear to measure does not change faster within a shot."""

_DRAWN_CHANGE = 8.0
"""Largest difference of the square-root luma anywhere, below which nothing is measured anew."""

_REACH = 255 / 219
_FULL_RANGE = np.clip((np.arange(256) - 16) * _REACH, 0, 255).round().astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Figures:
    """A row for each frame, in the order they are shown.

    Attributes:
        pts: int64, in the stream's time base.
        jump: mean difference of the square-root luma to the frame before, 0…255.
        likeness: normalised cross-correlation with the frame before, −1…1.
        tint: mean difference of the chroma to the frame before, 0…255.
        level: mean luma, 0 (black) … 255 (white).
        contrast: standard deviation of the luma, 0…127.
        sharpness: standard deviation of the Laplacian at about 400 px width.
        density: of the luma at about 400 px width; measured once a second and wherever the
            picture has become another, the others repeat it.
        letters: how much of the picture lettering covers, in percent; as often.
        drawn: whether both were measured on this very frame.
        lit: int32, left, top, right and bottom of what is not black, in pixels of the stored
            picture; as often.
        damaged: whether the decoder found errors in the frame.
        tones: uint8, 32 × 18 luma, then 16 × 9 of both chroma planes.
        rows: the brightest mean luma of each row of pixels over the piece, 0…255.
        columns: the same of each column.
    """

    pts: NDArray[np.int64]
    jump: Floats
    likeness: Floats
    tint: Floats
    level: Floats
    contrast: Floats
    sharpness: Floats
    density: Floats
    letters: Floats
    drawn: NDArray[np.bool_]
    lit: NDArray[np.int32]
    damaged: NDArray[np.bool_]
    tones: Gray
    rows: Floats
    columns: Floats

    def __len__(self) -> int:
        return len(self.pts)


def measure(piece: Piece, seen: Glimpses | None = None) -> Figures:
    """Decode a piece of a film and measure each frame; its last row is the next piece's first.

    `seen` gets a small picture (JPEG) wherever density is measured, by its PTS.
    """
    spoilt: set[int] = set()
    frames = film.frames(piece, spoilt, rough=True)
    return of_frames(frames, _DRAWN_EVERY[piece.scan], spoilt, seen)


def of_frames(
    frames: Iterable[av.VideoFrame],
    drawn_every: int = 12,
    spoilt: Set[int] = frozenset(),
    seen: Glimpses | None = None,
) -> Figures:
    """Measure frames in the order they are shown, density and lettering on every so many.

    `spoilt` has the PTS of damaged frames by the time that they come.
    """
    scan = _Scan(drawn_every, spoilt, seen)
    for frame in frames:
        scan.add(frame)
    return scan.figures()


def joined(parts: Sequence[Figures], first: int | None = None, stop: int | None = None) -> Figures:
    """The figures of a film from those of its pieces, from PTS `first` up to, not with, `stop`.

    A piece's first frame is left out where the piece before has measured it, since only that one
    could compare it with the frame before. Each part is looked at twice and held only then.
    """
    kept, last = [], None
    for part in parts:
        begin = 0 if last is None else int(np.searchsorted(part.pts, last, "right"))
        begin = begin if first is None else max(begin, int(np.searchsorted(part.pts, first)))
        end = len(part) if stop is None else int(np.searchsorted(part.pts, stop))
        kept.append(slice(begin, max(begin, end)))
        last = part.pts[-1] if len(part) else last
    count, at = sum(rows.stop - rows.start for rows in kept), 0
    whole: dict[str, Any] = {}
    for part, rows in zip(parts, kept, strict=True):
        if rows.start == rows.stop:
            continue
        for column in fields(Figures):
            values = getattr(part, column.name)
            if column.name in OF_PIECE:
                whole[column.name] = np.maximum(whole.get(column.name, values), values)
                continue
            if column.name not in whole:
                whole[column.name] = np.empty((count, *values.shape[1:]), values.dtype)
            whole[column.name][at : at + rows.stop - rows.start] = values[rows]
        at += rows.stop - rows.start
    return Figures(**whole) if whole else _Scan().figures()


def lumas(tones: Gray) -> Floats:
    """The 32 × 18 luma of each frame, shape (frames, 576)."""
    return tones[:, : TONES[0] * TONES[1]].astype(np.float32)


class _Scan:
    """Measures frames one after the other; remembers the one before."""

    def __init__(
        self, drawn_every: int = 12, spoilt: Set[int] = frozenset(), seen: Glimpses | None = None
    ) -> None:
        self._spoilt = spoilt
        self._seen = seen
        self._drawn_every = drawn_every
        self._drawn_at = -drawn_every
        self._lit: list[tuple[int, int, int, int]] = []
        self._box = (0, 0, 0, 0)
        self._rows: list[tuple[float, ...]] = []
        self._pts: list[int] = []
        self._tones: list[Gray] = []
        self._look: Look | None = None
        self._bars: tuple[Floats, Floats] | None = None
        self._drawn = 0.0, 0.0
        self._drawn_look: Look | None = None

    def add(self, frame: av.VideoFrame) -> None:
        assert frame.pts is not None
        (whole, *chroma), bits = planes.yuv(frame)
        full = planes.is_full_range(frame)
        small = _halved(whole, bits, _SMALL_PX)
        tiny = _halved(small, 8, _TINY_PX)
        thumb = _full_range(_resized(tiny, THUMB), full)
        sampled = [_sampled(plane, bits) for plane in chroma]
        layouts = [_resized(plane, _HALF_TONES).ravel() for plane in sampled]
        tones = np.concatenate([_resized(thumb, TONES).ravel(), *layouts])
        look = Look.of(thumb)
        number = len(self._pts)
        is_drawn = self._is_new(look) or number - self._drawn_at >= self._drawn_every
        if is_drawn:
            self._drawn_at = number
            self._box = self._watch_bars(whole, bits, full)
            if self._has_changed(look):
                self._drawn_look = look
                clear = _full_range(small, full)
                self._drawn = density(clear), lettering.covered(clear)
                if self._seen is not None:
                    self._seen[frame.pts] = glimpse.jpeg(frame, _full_range(tiny, full), sampled)
        self._lit.append(self._box)
        old = self._tones[-1] if self._tones else tones
        tints = old[-_TINT_BYTES:], tones[-_TINT_BYTES:]
        level, contrast = cv2.meanStdDev(thumb)
        self._rows.append(
            (
                look.jump(self._look) if self._look else 0.0,
                look.likeness(self._look) if self._look else 1.0,
                float(cv2.norm(*tints, cv2.NORM_L1)) / _TINT_BYTES,
                float(level.item()),
                float(contrast.item()),
                _spread(cv2.Laplacian(small, cv2.CV_16S)) * (1 if full else _REACH),
                *self._drawn,
                float(is_drawn),
                float(frame.pts in self._spoilt),
            )
        )
        self._pts.append(frame.pts)
        self._tones.append(tones)
        self._look = look

    def _is_new(self, look: Look) -> bool:
        """Whether the picture is quite another than that whose density and lettering are known."""
        known = self._drawn_look
        return known is not None and (
            look.jump(known) > _NEW_JUMP and look.likeness(known) < _NEW_LIKENESS
        )

    def _has_changed(self, look: Look) -> bool:
        """Whether the picture is another than that whose density and lettering are known."""
        known = self._drawn_look
        return known is None or cv2.norm(look.root, known.root, cv2.NORM_INF) > _DRAWN_CHANGE

    def figures(self) -> Figures:
        table: Any = np.array(self._rows, np.float32).reshape(-1, 10).T
        tones = np.array(self._tones, np.uint8).reshape(-1, _TONE_BYTES)
        lit = np.array(self._lit, np.int32).reshape(-1, 4)
        bars = self._bars or (np.zeros(0, np.float32),) * 2
        columns: list[Any] = [
            np.array(self._pts),
            *table[:8],
            table[8] > 0,
            lit,
            table[9] > 0,
            tones,
            *bars,
        ]
        return Figures(*columns)

    def _watch_bars(self, whole: planes.Plane, bits: int, full: bool) -> tuple[int, int, int, int]:
        """Remember the brightest rows and columns; left, top, right and bottom of this picture."""
        means = []
        for axis in (1, 0):
            mean = cv2.reduce(whole, axis, cv2.REDUCE_AVG, dtype=cv2.CV_32F).ravel()
            mean = mean / (1 << (bits - 8))
            means.append(mean if full else np.clip((mean - 16) * (255 / 219), 0, 255))
        old = self._bars
        rows, columns = (m.astype(np.float32) for m in means)
        self._bars = (
            (np.maximum(old[0], rows), np.maximum(old[1], columns)) if old else (rows, columns)
        )
        (left, right), (top, bottom) = letterbox.extent(columns), letterbox.extent(rows)
        return left, top, right, bottom


def _halved(plane: planes.Plane, bits: int, most_px: int) -> Gray:
    """Luma of eight bits, halved until it is at most so wide; exact halving is fast."""
    small: NDArray[Any] = plane
    while small.shape[1] > most_px:
        size = (small.shape[1] // 2, small.shape[0] // 2)
        small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA))
    return (small >> (bits - 8)).astype(np.uint8) if bits > 8 else small


def _full_range(small: Gray, full: bool) -> Gray:
    return small if full else np.asarray(cv2.LUT(small, _FULL_RANGE), np.uint8)


def _sampled(plane: planes.Plane, bits: int) -> Gray:
    """Some pixels of a chroma plane, about 80 in a row, of eight bits."""
    step = max(1, plane.shape[1] // 80)
    some: NDArray[Any] = np.ascontiguousarray(plane[::step, ::step])
    return (some >> (bits - 8)).astype(np.uint8) if bits > 8 else some


def _resized(plane: Gray, size: tuple[int, int]) -> Gray:
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8)


def _spread(values: NDArray[Any]) -> float:
    """The standard deviation, in half the time that cv2.meanStdDev takes."""
    mean = cv2.mean(values)[0]
    power = float(cv2.norm(values, cv2.NORM_L2SQR)) / values.size
    return float(np.sqrt(max(0.0, power - mean * mean)))
