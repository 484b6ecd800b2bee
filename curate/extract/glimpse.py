"""Small pictures of a film, kept while it is decoded, for the page that shows what was refused."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from curate import images
from curate.extract import colour, planes

Floats = NDArray[np.float32]

WIDTH_PX = 144

_QUALITY = 60
_LEVELS_709 = np.array(
    [[1, 0, 1.5748], [1, -0.187324, -0.468124], [1, 1.8556, 0]], np.float32
)  # Y'CbCr of full range to RGB, ITU-R BT.709-6, items 3.2 and 3.3


def jpeg(
    frame: av.VideoFrame, luma: NDArray[np.uint8], chroma: Sequence[NDArray[np.uint8]]
) -> bytes:
    """A JPEG of a frame, 144 px wide, upright; its colours are near, not exact.

    Args:
        frame: for its range and rotation.
        luma: uint8 of full range, any size.
        chroma: both planes in the frame's range, of any size alike.
    """
    size = (WIDTH_PX, max(1, round(WIDTH_PX * luma.shape[0] / luma.shape[1])))
    shrunk = [
        np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)
        for plane in (luma, *chroma)
    ]
    pixels = to_rgb(*shrunk, full=planes.is_full_range(frame))
    upright = np.ascontiguousarray(np.rot90(pixels, colour.turns(frame)))
    return images.encode_jpeg(upright, _QUALITY)


def to_rgb(luma: Floats, blue: Floats, red: Floats, *, full: bool) -> images.RGB:
    """Luma of full range and both chroma planes as RGB, taken as BT.709; all of one shape.

    `full` is whether the chroma goes from 0 to 255, not from 16 to 240.
    """
    reach = 1.0 if full else 255 / 224
    levels = _LEVELS_709 * np.array([1, reach, reach], np.float32)
    zero = -128 * levels[:, 1:].sum(axis=1, keepdims=True)
    signal = cv2.transform(cv2.merge([luma, blue, red]), np.hstack([levels, zero]))
    return np.asarray(np.clip(signal, 0, 255).round(), np.uint8)


def nearest(moments: Sequence[int], first: int, stop: int, at: int) -> int | None:
    """The place of the moment nearest to `at`, from `first` up to, not with, `stop` if one is.

    `moments` ascend; None if there are none.
    """
    begin, end = bisect_left(moments, first), bisect_left(moments, stop)
    inside = range(begin, end) if begin < end else range(len(moments))
    return min(inside, key=lambda place: abs(moments[place] - at), default=None)
