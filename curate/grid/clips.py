"""Clips in and out: the frames of a cell that is a video, and a sheet that moves."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from curate import files
from curate.errors import ImageMissing, ImageUnreadable
from curate.images import RGB

SUFFIXES = ("mp4", "webm")
"""A sheet that moves is written in both: MP4 plays everywhere, WebM without a patent."""

_QUICK = {"deadline": "realtime", "cpu-used": "7", "row-mt": "1"}
_CODECS = {
    "mp4": ("libx264", {"crf": "16"}),
    "webm": ("libvpx-vp9", {"crf": "20", "b": "0"} | _QUICK),
}
_EXACT = {"fflags": "+bitexact"}  # else a container has a random number in it
_FPS = 16


def read(path: Path) -> list[RGB]:
    """All frames of a clip, uint8 RGB, shape (height, width, 3) each.

    Raises:
        ImageMissing: there is no such file.
        ImageUnreadable: no video, cut off, or without a frame.
    """
    try:
        with av.open(path) as container:
            return _decoded(container, path)
    except FileNotFoundError as error:
        raise ImageMissing(path) from error
    except (av.FFmpegError, IndexError) as error:
        reason = getattr(error, "strerror", None) or "it is no video"
        raise ImageUnreadable(path, reason.lower()) from error


def fps(path: Path) -> Fraction:
    """The frame rate of a clip that `read` reads, 16 where the file does not say."""
    with av.open(path) as container:
        return container.streams.video[0].average_rate or Fraction(_FPS)


def copied(came: Path, path: Path) -> None:
    """Write a clip as it is but for what stands beside the picture: no sound, no graph.

    Raises:
        ImageUnreadable: it is no video.
        DiskFull, NotWritable: as `files.appearing`.
    """
    form = path.suffix.removeprefix(".")
    try:
        with (
            av.open(came) as source,
            files.appearing(path) as part,
            av.open(part, "w", format=form, container_options=_EXACT) as target,
        ):
            stream = source.streams.video[0]
            into = target.add_stream_from_template(stream)
            for packet in source.demux(stream):
                if packet.dts is not None:
                    packet.stream = into
                    target.mux(packet)
    except (av.FFmpegError, IndexError) as error:
        reason = getattr(error, "strerror", None) or "it is no video"
        raise ImageUnreadable(came, reason.lower()) from error


def write(path: Path, frames: Iterator[RGB], rate: Fraction) -> None:
    """Write frames of one size, MP4 or WebM by the name; an odd last row or column is left out.

    Raises:
        ValueError: there is no frame.
        DiskFull, NotWritable: as `files.appearing`.
    """
    first = next(frames, None)
    if first is None:
        raise ValueError("no frame to write")
    height, width = (side // 2 * 2 for side in first.shape[:2])
    form = path.suffix.removeprefix(".")
    with (
        files.appearing(path) as part,
        av.open(part, "w", format=form, container_options=_EXACT) as container,
    ):
        stream = _stream(container, *_CODECS[form], rate, (width, height))
        for number, pixels in enumerate(itertools.chain([first], frames)):
            even = np.ascontiguousarray(pixels[:height, :width])
            frame = av.VideoFrame.from_ndarray(even).reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU709
            )
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _stream(
    container: OutputContainer,
    codec: str,
    options: dict[str, str],
    rate: Fraction,
    size: tuple[int, int],
) -> av.VideoStream:
    stream = container.add_stream(codec, rate=rate, options=options)
    assert isinstance(stream, av.VideoStream)
    context = stream.codec_context
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.colorspace = Colorspace.ITU709  # named in the file: players guess it by the height
    context.color_range = ColorRange.MPEG
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    return stream


def spread(frames: list[RGB], count: int) -> list[RGB]:
    """At most `count` frames, evenly over the clip, the first and the last among them."""
    if len(frames) <= count:
        return frames
    places = np.linspace(0, len(frames) - 1, count).round().astype(int)
    return [frames[place] for place in places]


def _decoded(container: InputContainer, path: Path) -> list[RGB]:
    def rgb() -> Iterator[RGB]:
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)

    frames = list(rgb())
    if not frames:
        raise ImageUnreadable(path, "it has no frame")
    return frames
