"""The planes of a decoded frame, as arrays."""

from __future__ import annotations

from typing import cast

import av
import numpy as np
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

Plane = NDArray[np.uint8] | NDArray[np.uint16]


def luma(frame: av.VideoFrame) -> tuple[Plane, int]:
    """The Y plane without a copy, shape (height, width), and how many bits it has."""
    return plane(frame, 0), frame.format.components[0].bits


def plane(frame: av.VideoFrame, index: int) -> Plane:
    """A plane of a planar frame without a copy, shape (height, width)."""
    held = frame.planes[index]
    wide = frame.format.components[index].bits > 8
    rows = np.frombuffer(memoryview(held), np.dtype(np.uint16 if wide else np.uint8))
    pitch = held.line_size // (2 if wide else 1)
    return cast(Plane, rows[: held.height * pitch].reshape(held.height, pitch)[:, : held.width])


def is_full_range(frame: av.VideoFrame) -> bool:
    """Whether luma goes from 0 to 255, not from 16 to 235 (of eight bits)."""
    return frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")


def planar(frame: av.VideoFrame) -> av.VideoFrame:
    """The same picture as planar YUV of the machine's byte order, if it is anything else."""
    form = frame.format
    if len(frame.planes) >= 3 and not form.is_rgb and not form.is_big_endian:
        return frame
    if form.name in ("nv12", "p010le"):  # what hardware decoders give
        plain = frame.reformat(format="yuv420p" if form.name == "nv12" else "yuv420p10le")
    else:
        plain = frame.reformat(format="yuv444p", dst_color_range=ColorRange.MPEG)
        plain.color_range = ColorRange.MPEG
    plain.pts = frame.pts
    return plain
