"""A frame's picture as it is shown: sRGB, square pixels, upright."""

from __future__ import annotations

from typing import cast

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, VideoReformatter
from numpy.typing import NDArray

from curate import images
from curate.extract import hdr
from curate.extract.film import Source
from curate.extract.planes import is_full_range
from curate.images import RGB

_UNKNOWN = 2  # "unspecified" in ITU-T H.273, tables 2 to 4
_CONSTANT_2020 = 10  # swscale has only the other matrix of BT.2020, which nearly all films have
_HD_FROM_LINES = 577


def to_rgb(frame: av.VideoFrame, source: Source) -> RGB:
    """The picture as it is shown: sRGB uint8, shape (height, width, 3), square pixels, upright.

    A film that does not say its colour matrix has BT.709 from 577 lines up, else BT.601. PQ, HLG
    and BT.2020 become sRGB as `hdr.to_srgb` describes.
    """
    transfer = _transfer(frame)
    if transfer is None:
        pixels = cast(RGB, _reformatted(frame, "rgb24").to_ndarray())
    else:
        coded = cast("NDArray[np.uint16]", _reformatted(frame, "rgb48le").to_ndarray())
        pixels = hdr.to_srgb(coded, transfer, hdr.peak_nits(frame))
    if (pixels.shape[1], pixels.shape[0]) != (source.width, source.height):
        pixels = images.resize(pixels, source.width, source.height)
    return np.ascontiguousarray(np.rot90(pixels, turns(frame)))


def turns(frame: av.VideoFrame) -> int:
    """Quarter turns to the left that bring the picture upright."""
    return round(frame.rotation / 90) % 4


def is_hdr(frame: av.VideoFrame) -> bool:
    return _transfer(frame) in ("pq", "hlg")


def _transfer(frame: av.VideoFrame) -> hdr.Transfer | None:
    """What has to be undone to come from the film's colours to sRGB; None if nothing."""
    if frame.color_trc == ColorTrc.SMPTE2084:
        return "pq"
    if frame.color_trc == ColorTrc.ARIB_STD_B67:
        return "hlg"
    return "sdr" if frame.color_primaries == ColorPrimaries.BT2020 else None


def _reformatted(frame: av.VideoFrame, form: str) -> av.VideoFrame:
    matrix = int(frame.colorspace)
    if matrix == _CONSTANT_2020 or (matrix == _UNKNOWN and _transfer(frame)):
        matrix = int(Colorspace.BT2020)
    elif matrix == _UNKNOWN:
        matrix = int(Colorspace.ITU709 if frame.height >= _HD_FROM_LINES else Colorspace.ITU601)
    return VideoReformatter().reformat(
        frame,
        format=form,
        src_colorspace=matrix,
        src_color_range=ColorRange.JPEG if is_full_range(frame) else ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
        interpolation="BICUBIC",
        threads=1,
    )
