"""Both halves brought into register by the same resampling, and cropped to what both show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.images import RGB
from curate.measures.register import Affine

STEP_PX = 16
"""Sides of a repaired pair are multiples of this, as FLUX and Wan want them."""

_Map: TypeAlias = NDArray[np.float64]
"""Shape (3, 3): pixel indices of the repaired picture to those of a half."""

_WHOLE_PX = 0.25  # RMS: what is this near to whole pixels is cropped, which loses nothing
_LEAST_SHARE = 0.5
_SOFT_PX = 0.8
_CRISPEST, _SOFTEST = 0.5, -1.0
_FIRST_GUESS = 0.05
_FITS = 4
_FITTED = 1e-3
_ROOT_STEPS = 16


@dataclass(frozen=True, slots=True)
class Together:
    """Both halves in register, equal sizes; `is_resampled` is False where cropping was enough.

    `detail_moved` is by what share the twin's detail over the frame's is another than it was in
    the same places, zoom counted out: what the repair itself did to the concept.
    """

    frame: RGB
    twin: RGB
    is_resampled: bool
    detail_moved: float


def together(frame: RGB, twin: RGB, affine: Affine) -> Together | None:
    """Both halves seen from halfway between them; None if they share less than half their area.

    The frame goes one half of the way and the twin the other, so both are resampled by the same
    amounts with the same kernel. Warping only the twin would cost it a twentieth of its fine
    detail. Even so a cubic takes more from the half that has more, up to a tenth where it is
    grain; so its crispness is set to leave the ratio of the two as it was.

    Args:
        frame: uint8, shape (height, width, 3).
        twin: same shape.
        affine: from the frame to the twin, as `register` finds it.
    """
    height, width = frame.shape[:2]
    whole = _in_pixels(affine, max(height, width))
    to_frame, to_twin = np.eye(3), np.eye(3)
    shift = _whole_shift(whole, width, height)
    if shift is not None:
        to_twin[:2, 2] = shift
    else:
        half = _root(whole)
        if half is None:
            return None
        to_frame, to_twin = np.asarray(np.linalg.inv(half), np.float64), half
    box = _common(to_frame, to_twin, width, height)
    if box is None:
        return None
    if shift is not None:
        return _cropped(frame, twin, (int(shift[0]), int(shift[1])), box)
    return _resampled(frame, twin, to_frame, to_twin, box)


@dataclass(frozen=True, slots=True)
class _Box:
    x: int
    y: int
    width: int
    height: int


def _cropped(frame: RGB, twin: RGB, shift: tuple[int, int], box: _Box) -> Together:
    x, y = box.x + shift[0], box.y + shift[1]
    return Together(
        np.ascontiguousarray(frame[box.y : box.y + box.height, box.x : box.x + box.width]),
        np.ascontiguousarray(twin[y : y + box.height, x : x + box.width]),
        is_resampled=False,
        detail_moved=0.0,
    )


def _resampled(frame: RGB, twin: RGB, to_frame: _Map, to_twin: _Map, box: _Box) -> Together | None:
    before = _detail_ratio(_seen(frame, to_frame, box), _seen(twin, to_twin, box))
    if not before:
        return None
    # jumps of brightness stay when a picture is stretched, so their number a pixel falls by it
    zoom = np.sqrt(abs(np.linalg.det(to_twin[:2, :2]) / np.linalg.det(to_frame[:2, :2])))
    wanted = before * float(zoom)
    warped = _Warped.of(frame, to_frame, box), _Warped.of(twin, to_twin, box)
    moved, crispness = _gentlest(*warped, wanted)
    made = [half.pixels(crispness) for half in warped]
    return Together(made[0], made[1], is_resampled=True, detail_moved=moved)


@dataclass(frozen=True, slots=True)
class _Warped:
    """A half warped by a cubic kernel, and the same blurred: float32, shape (height, width, 3)."""

    cubic: NDArray[np.float32]
    soft: NDArray[np.float32]

    @classmethod
    def of(cls, half: RGB, way: _Map, box: _Box) -> _Warped:
        cubic = _warp(half.astype(np.float32), way, box)
        return cls(cubic, np.asarray(cv2.GaussianBlur(cubic, (0, 0), _SOFT_PX), np.float32))

    def pixels(self, crispness: float) -> RGB:
        """The cubic with so many times more of what the blur takes; below 0 with less of it."""
        mixed = self.cubic + np.float32(crispness) * (self.cubic - self.soft)
        return np.asarray(np.clip(np.rint(mixed), 0, 255), np.uint8)


def _gentlest(frame: _Warped, twin: _Warped, wanted: float) -> tuple[float, float]:
    """How far off `wanted` the detail ratio is at best, and the crispness that it takes."""
    found: dict[float, float] = {}

    def error(crispness: float) -> float:
        ratio = _detail_ratio(_luma(frame.pixels(crispness)), _luma(twin.pixels(crispness)))
        found[crispness] = ratio / wanted - 1
        return found[crispness]

    last, now = 0.0, _FIRST_GUESS
    off_last, off_now = error(last), error(now)
    for _ in range(_FITS):
        if min(abs(off_last), abs(off_now)) < _FITTED or off_now == off_last:
            break
        step = now - off_now * (now - last) / (off_now - off_last)
        last, off_last = now, off_now
        now = min(max(step, _SOFTEST), _CRISPEST)
        off_now = error(now)
    best = min(found, key=lambda crispness: abs(found[crispness]))
    return found[best], best


def _warp(pixels: NDArray[np.float32], way: _Map, box: _Box) -> NDArray[np.float32]:
    moved = way @ np.array(((1, 0, box.x), (0, 1, box.y), (0, 0, 1)), np.float64)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    size, border = (box.width, box.height), cv2.BORDER_REFLECT_101
    warped = cv2.warpAffine(pixels, moved[:2], size, flags=flags, borderMode=border)
    return np.asarray(warped, np.float32)


def _seen(half: RGB, way: _Map, box: _Box) -> NDArray[np.float32]:
    """The luma of the part of a half that the box shows, unwarped."""
    right, bottom = box.x + box.width - 1, box.y + box.height - 1
    corners = way @ np.array(((box.x, box.y, 1), (right, bottom, 1)), np.float64).T
    (x0, x1), (y0, y1) = np.rint(corners[:2]).astype(int)
    return _luma(half[max(y0, 0) : y1 + 1, max(x0, 0) : x1 + 1])


def _common(to_frame: _Map, to_twin: _Map, width: int, height: int) -> _Box | None:
    """The largest centred box, in steps of 16 px, that lies in both halves."""
    ends = np.array(
        ((0, 0, 1), (width - 1, 0, 1), (0, height - 1, 1), (width - 1, height - 1, 1)), np.float64
    ).T
    corners = np.stack([(np.linalg.inv(way) @ ends)[:2] for way in (to_frame, to_twin)])
    left, right = corners[:, 0, (0, 2)].max(), corners[:, 0, (1, 3)].min()
    top, bottom = corners[:, 1, (0, 1)].max(), corners[:, 1, (2, 3)].min()
    tiny = 1e-6
    x, y = int(np.ceil(left - tiny)), int(np.ceil(top - tiny))
    room = int(np.floor(right + tiny)) - x + 1, int(np.floor(bottom + tiny)) - y + 1
    wide, high = (side // STEP_PX * STEP_PX for side in room)
    if min(wide, high) <= 0 or wide * high < _LEAST_SHARE * width * height:
        return None
    return _Box(x + (room[0] - wide) // 2, y + (room[1] - high) // 2, wide, high)


def _whole_shift(way: _Map, width: int, height: int) -> NDArray[np.int64] | None:
    """The shift by whole pixels that is as good as `way`, or None."""
    xs, ys = np.meshgrid(np.linspace(0, width - 1, 5), np.linspace(0, height - 1, 5))
    points = np.stack([xs.ravel(), ys.ravel(), np.ones(xs.size)])
    moved = (way @ points - points)[:2]
    whole = np.rint(moved.mean(axis=1))
    rms = np.sqrt(((moved - whole[:, None]) ** 2).sum(axis=0).mean())
    return whole.astype(np.int64) if rms <= _WHOLE_PX else None


def _root(way: _Map) -> _Map | None:
    """The affine that done twice is `way` (Denman and Beavers 1976); None if there is none."""
    root, inverse = way.copy(), np.eye(3)
    try:
        for _ in range(_ROOT_STEPS):
            root, inverse = (
                (root + np.linalg.inv(inverse)) / 2,
                (inverse + np.linalg.inv(root)) / 2,
            )
    except np.linalg.LinAlgError:
        return None
    return root if np.allclose(root @ root, way, atol=1e-6) else None


def _in_pixels(affine: Affine, long_side: int) -> _Map:
    """An affine of pictures of long side 1 as one of pixel indices, which start half a pixel in."""
    linear, offset = affine[:, :2], affine[:, 2] * long_side
    whole = np.eye(3)
    whole[:2] = np.column_stack([linear, offset + linear.sum(axis=1) * 0.5 - 0.5])
    return whole


def _detail_ratio(frame: NDArray[np.float32], twin: NDArray[np.float32]) -> float:
    """The twin's mean gradient over the frame's, alike in all directions; 0 for flat halves."""
    detail = _mean_gradient(frame)
    return _mean_gradient(twin) / detail if detail > 0 else 0.0


def _mean_gradient(luma: NDArray[np.float32]) -> float:
    x, y = luma[:-1, 1:] - luma[:-1, :-1], luma[1:, :-1] - luma[:-1, :-1]
    return float(np.asarray(cv2.magnitude(x, y)).mean(dtype=np.float64))


def _luma(pixels: RGB | NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.float32)
