"""Films: frames with their exact timestamps, and their colours as sRGB."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import av
import numpy as np
from av.container import InputContainer
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from numpy.typing import NDArray

from curate import images
from curate.extract.source import Source, opened, probe
from curate.images import RGB

__all__ = ["Piece", "Source", "at", "frames", "luma", "pieces", "plane", "probe", "to_rgb"]

Plane = NDArray[np.uint8] | NDArray[np.uint16]

_PIECE_S = 30
_RETREATS_S = (0, 2, 12)
_UNKNOWN = 2  # "unspecified" in ITU-T H.273, tables 4 to 6
_HD_FROM_LINES = 577


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a film between two keyframes; the last one has no `end`.

    `begin` and `end` are PTS: the piece starts at the first keyframe that is not before `begin`
    and stops before the first one that is not before `end`.
    """

    source: Source
    begin: int
    end: int | None
    threads: int

    @property
    def name(self) -> str:
        return f"{self.source.path.name} at {self.source.seconds(self.begin):.0f} s"


def pieces(source: Source) -> list[Piece]:
    """The film cut at keyframes about every half minute, so that the pieces can be read at once.

    The same film gives the same pieces on every machine. One piece if its format has no index.
    """
    count = int(source.duration_s // _PIECE_S) if source.indexed else 0
    step = round(_PIECE_S / source.time_base)
    begins = [source.start + index * step for index in range(max(1, count))]
    ends = [*begins[1:], None]
    threads = 1 if len(begins) > 1 else 0
    return [Piece(source, *bounds, threads) for bounds in zip(begins, ends, strict=True)]


def frames(piece: Piece) -> Iterator[av.VideoFrame]:
    """The frames of a piece in the order they are shown, and the first one of the next piece.

    What cannot be decoded is left out; what was decoded in part has `is_corrupt` set.

    Raises:
        FilmUnreadable: the file cannot be opened any more.
    """
    with opened(piece.source.path) as container:
        stream = _stream(container, piece.source, piece.threads)
        if piece.begin > piece.source.start:
            _seek(container, stream, piece.begin)
        last = None
        for frame in _between(container, stream, piece):
            if frame.pts is not None and (last is None or frame.pts > last):
                last = frame.pts
                yield frame


def at(source: Source, moments: list[int]) -> Iterator[av.VideoFrame]:
    """The frames whose PTS are `moments`, in that order; one that cannot be had is left out."""
    with opened(source.path) as container:
        stream = _stream(container, source, threads=1)
        for moment in moments:
            frame = _at(container, stream, source, moment)
            if frame is not None:
                yield frame


def luma(frame: av.VideoFrame) -> tuple[Plane, int]:
    """The Y plane without a copy, shape (height, width), and how many bits it has."""
    form = frame.format
    if len(form.components) < 3 or form.is_rgb or not form.is_planar or "be" in form.name[-2:]:
        return cast(Plane, frame.reformat(format="gray").to_ndarray()), 8
    return plane(frame, 0), form.components[0].bits


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


def to_rgb(frame: av.VideoFrame, source: Source) -> RGB:
    """The picture as it is shown: sRGB uint8, square pixels, upright.

    A film that does not say its colour matrix has BT.709 from 577 lines up, else BT.601.
    """
    matrix = int(frame.colorspace)
    if matrix == _UNKNOWN:
        matrix = Colorspace.ITU709 if frame.height >= _HD_FROM_LINES else Colorspace.ITU601
    pixels = cast(
        RGB,
        VideoReformatter()
        .reformat(
            frame,
            format="rgb24",
            src_colorspace=matrix,
            src_color_range=ColorRange.JPEG if is_full_range(frame) else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation="BICUBIC",
        )
        .to_ndarray(),
    )
    if (pixels.shape[1], pixels.shape[0]) != (source.width, source.height):
        pixels = images.resize(pixels, source.width, source.height)
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, turns))


def _between(
    container: InputContainer, stream: av.VideoStream, piece: Piece
) -> Iterator[av.VideoFrame]:
    """What is decoded from the keyframe that begins a piece to the one that ends it.

    Frames that are shown before the ending keyframe may be stored behind it (an open GOP).
    """
    first = last = None
    for packet in _packets(container, stream):
        shown = packet.pts if packet.pts is not None else packet.dts
        if first is None:
            if not packet.is_keyframe or shown is None:
                continue
            if piece.begin > piece.source.start and shown < piece.begin:
                continue
            first = shown
        elif last is not None and (shown is None or shown > last):
            break
        elif piece.end is not None and last is None and packet.is_keyframe and shown is not None:
            last = shown if shown >= piece.end else None
        yield from _since(first, _decoded(stream, packet))
    if first is not None:
        yield from _since(first, _decoded(stream, None))


def _since(first: int, decoded: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    for frame in decoded:
        if frame.pts is None:
            frame.pts = frame.dts
        if frame.pts is not None and first <= frame.pts:
            yield frame


def _at(
    container: InputContainer, stream: av.VideoStream, source: Source, moment: int
) -> av.VideoFrame | None:
    retreats = _RETREATS_S if source.indexed else ()
    for back_s in (*retreats, None):
        back = source.start if back_s is None else moment - round(back_s / source.time_base)
        _seek(container, stream, max(source.start, back))
        stream.codec_context.flush_buffers()
        for packet in _packets(container, stream, flush=True):
            found = next((f for f in _decoded(stream, packet) if (f.pts or 0) >= moment), None)
            if found is not None:
                if found.pts == moment and not found.is_corrupt:
                    return found
                break
    return None


def _packets(
    container: InputContainer, stream: av.VideoStream, *, flush: bool = False
) -> Iterator[av.Packet[av.VideoStream]]:
    """The packets of a stream up to where the file ends or stops making sense."""
    try:
        for packet in container.demux(stream):
            if packet.size or flush:
                yield packet
    except av.error.FFmpegError:
        return


def _decoded(
    stream: av.VideoStream, packet: av.Packet[av.VideoStream] | None
) -> Iterator[av.VideoFrame]:
    try:
        yield from stream.codec_context.decode(packet)
    except av.error.FFmpegError:  # a damaged packet; those behind it may be sound
        return


def _seek(container: InputContainer, stream: av.VideoStream, pts: int) -> None:
    try:
        container.seek(pts, stream=stream)
    except av.error.FFmpegError:  # behind the end of a truncated file: nothing will be read
        return


def _stream(container: InputContainer, source: Source, threads: int) -> av.VideoStream:
    stream = container.streams[source.stream]
    assert isinstance(stream, av.VideoStream)
    stream.codec_context.thread_count = threads
    stream.thread_type = "AUTO"
    return stream
