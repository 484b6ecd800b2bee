"""The planes of a decoded frame, as arrays."""

from __future__ import annotations

from typing import cast

import av
import numpy as np
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

Plane = NDArray[np.uint8] | NDArray[np.uint16]


def yuv(frame: av.VideoFrame) -> tuple[list[Plane], int]:
    """The Y, U and V planes of a planar frame without a copy, and how many bits they have."""
    bits = frame.format.components[0].bits
    return [_array(held, bits) for held in frame.planes[:3]], bits


def _array(held: VideoPlane, bits: int) -> Plane:
    """Shape (height, width)."""
    rows = np.frombuffer(memoryview(held), np.dtype(np.uint16 if bits > 8 else np.uint8))
    pitch = held.line_size // rows.itemsize
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
