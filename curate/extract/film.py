"""Films: their frames with exact timestamps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import av
from av.container import InputContainer

from curate.extract import deinterlace, hardware, planes
from curate.extract.damage import STRICT, Damage
from curate.extract.reading import SKIPPED, Reading, Scan, Window
from curate.extract.source import Source, identified, opened, probe

__all__ = ["Piece", "Source", "at", "frames", "identified", "pieces", "probe"]

_PIECES = 24
_PIECE_S = (10, 30)
_KEYFRAMES_TIMES = 4
_EARLIER_S = 1  # the index of an .mp4 has decoding times, which lie a little before the PTS
_RETREATS_S = (0, 2, 12, 60)
_NEAR_S = 0.2  # deinterlacing needs the frame before, whatever it is


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a film between two keyframes; the last one has no `end`.

    `begin` and `end` are PTS: the piece starts at the first keyframe that is not before `begin`
    and stops before the first one that is not before `end`. `threads` is FFmpeg's: 0 for one a
    core.
    """

    source: Source
    begin: int
    end: int | None
    threads: int
    scan: Scan = "full"
    hwaccel: str = "none"

    @property
    def name(self) -> str:
        return f"{self.source.path.name} at {self.source.seconds(self.begin):.0f} s"


def pieces(
    source: Source, reading: Reading | None = None, window: Window | None = None
) -> list[Piece]:
    """The film cut at keyframes every 10 … 30 s, so that the pieces can be read at once.

    The same film gives the same pieces on every machine, whatever part of it is asked for. One
    piece if it has no index. Each decodes the next one's first keyframe too: of keyframes alone
    that would be one in five, so such pieces are four times as long.
    """
    reading, window = reading or Reading(scan="full"), window or Window(None, None)
    least, most = (round(s / source.time_base) for s in _PIECE_S)
    stop = source.start + round(source.duration_s / source.time_base)
    step = min(max((stop - source.start) // _PIECES, least), most)
    step *= _KEYFRAMES_TIMES if reading.scan == "keyframes" else 1
    begins = [source.start]
    for mark in source.landmarks:
        if mark - begins[-1] >= step and stop - mark >= step // 2:
            begins.append(mark)
    ends = [*begins[1:], None if source.landmarks else window.stop]
    threads = 1 if len(begins) > 1 else 0
    slack = round(_EARLIER_S / source.time_base)
    return [
        Piece(source, begin, end, threads, reading.scan, reading.hwaccel)
        for begin, end in zip(begins, ends, strict=True)
        if (window.first is None or end is None or end + slack > window.first)
        and (window.stop is None or begin - slack < window.stop)
    ]


def frames(
    piece: Piece, spoilt: set[int] | None = None, *, rough: bool = False
) -> Iterator[av.VideoFrame]:
    """The frames of a piece in the order they are shown, and the first one of the next piece.

    What cannot be decoded is left out. Each frame has a plane of its own for luma and for either
    chroma.

    Args:
        piece: of a film.
        spoilt: gets the PTS of each frame that an error in the file touches, before it is given.
        rough: leave the edges of coding blocks as they are, which saves an eighth of the time
            (HEVC) or a fifth (H.264); shrunk pictures differ by 0.4 of 255 in the mean.

    Raises:
        FilmUnreadable: the file cannot be opened any more.
    """
    with hardware.opened_on(piece.hwaccel, piece.source.path) as container:
        stream = _stream(container, piece.source, piece.threads)
        stream.codec_context.skip_frame = SKIPPED[piece.scan]
        if rough:
            stream.codec_context.options |= {"skip_loop_filter": "all"}
        if piece.begin > piece.source.start:
            _seek(container, stream, piece.begin - round(_EARLIER_S / piece.source.time_base))
        last, damage = None, Damage()
        for frame in _between(container, stream, piece, damage):
            if frame.pts is not None and (last is None or frame.pts > last):
                last = frame.pts
                if spoilt is not None and damage.touches(frame):
                    spoilt.add(frame.pts)
                yield planes.planar(frame)


def at(source: Source, moments: Sequence[int]) -> Iterator[av.VideoFrame]:
    """The frames whose PTS are `moments` (ascending); one that cannot be had whole is left out.

    A frame whose fields were caught at two moments is deinterlaced; any other is as the film has
    it. A film without an index is read through once.
    """
    with opened(source.path) as container:
        stream = _stream(container, source, threads=1 if source.landmarks else 0)
        if not source.landmarks:
            damage = Damage()
            yield from _found(_decoded_all(container, stream, damage), moments, damage)
            return
        spares = _can_spare(stream.codec_context)
        near = round(_NEAR_S / source.time_base) if spares else None
        for moment in moments:
            for back_s in _RETREATS_S:
                back = max(source.start, moment - round(back_s / source.time_base))
                _seek(container, stream, back)
                stream.codec_context.flush_buffers()
                damage = Damage()
                decoded = _decoded_from(container, stream, moment, damage, near)
                frame = next(_found(decoded, [moment], damage), None)
                if frame is not None:
                    yield frame
                if frame is not None or damage.is_any:
                    break


def _between(
    container: InputContainer, stream: av.VideoStream, piece: Piece, damage: Damage
) -> Iterator[av.VideoFrame]:
    """What is decoded from the keyframe that begins a piece to the one that ends it.

    Frames that are shown before the ending keyframe may be stored behind it (an open GOP).
    """
    first = last = None
    for packet in _packets(container, stream):
        shown = _shown(packet)
        if first is None:
            if not packet.is_keyframe or shown is None:
                continue
            if piece.begin > piece.source.start and shown < piece.begin:
                continue
            if piece.end is not None and shown >= piece.end:
                return
            first = shown
        elif last is not None and (shown is None or shown > last):
            break
        elif piece.end is not None and last is None and packet.is_keyframe and shown is not None:
            last = shown if shown >= piece.end else None
        if packet.is_keyframe or piece.scan != "keyframes":
            yield from _since(first, _decoded(stream, packet, damage))
    if first is not None:
        yield from _since(first, _decoded(stream, None, damage))


def _since(first: int, decoded: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    return (frame for frame in decoded if frame.pts is not None and first <= frame.pts)


def _found(
    decoded: Iterator[av.VideoFrame], moments: Sequence[int], damage: Damage
) -> Iterator[av.VideoFrame]:
    """Those of the frames whose PTS are `moments`, once their neighbours are known."""
    wanted = iter(moments)
    moment = next(wanted, None)
    before = caught = None
    for frame in decoded:
        if caught is not None:
            yield deinterlace.woven(before, caught, frame)
            before, caught = caught, None
        while moment is not None and frame.pts is not None and frame.pts > moment:
            moment = next(wanted, None)
        if moment is None:
            return
        if frame.pts == moment and not damage.touches(frame):
            if not frame.interlaced_frame:
                yield frame
                before = frame
            else:
                caught = frame
        else:
            before = frame
    if caught is not None:
        yield deinterlace.woven(before, caught, None)


def _decoded_from(
    container: InputContainer,
    stream: av.VideoStream,
    moment: int,
    damage: Damage,
    near: int | None,
) -> Iterator[av.VideoFrame]:
    """The frames from the next keyframe on; none if it is shown after `moment`.

    Those shown more than `near` units of PTS before it are left out where no other refers to them.
    """
    begun = False
    for packet in _packets(container, stream, flush=True):
        if not begun and packet.size:
            shown = _shown(packet)
            if not packet.is_keyframe or shown is None:
                continue
            if shown > moment:
                return
            begun = True
        shown = _shown(packet)
        is_far = near is not None and shown is not None and shown < moment - near
        stream.codec_context.skip_frame = "NONREF" if is_far else "DEFAULT"
        yield from _decoded(stream, packet, damage)


def _decoded_all(
    container: InputContainer, stream: av.VideoStream, damage: Damage
) -> Iterator[av.VideoFrame]:
    for packet in _packets(container, stream, flush=True):
        yield from _decoded(stream, packet, damage)


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


def _shown(packet: av.Packet[av.VideoStream]) -> int | None:
    return packet.pts if packet.pts is not None else packet.dts


def _decoded(
    stream: av.VideoStream, packet: av.Packet[av.VideoStream] | None, damage: Damage
) -> Iterator[av.VideoFrame]:
    try:
        frames = stream.codec_context.decode(packet)
    except av.error.FFmpegError:  # those behind it may be sound
        if packet is not None:
            damage.failed(packet)
        return
    if packet is not None:
        damage.decoded(packet)
    for frame in frames:
        if frame.pts is None:
            frame.pts = frame.dts
        yield frame


def _seek(container: InputContainer, stream: av.VideoStream, pts: int) -> None:
    try:
        container.seek(pts, stream=stream)
    except av.error.FFmpegError:  # behind the end of a truncated file: nothing will be read
        return


def _can_spare(context: av.VideoCodecContext) -> bool:
    """Whether all other frames come out the same without those that none is said to refer to.

    H.264 and MPEG-2 mean it. In HEVC frames of higher temporal layers may still refer to them, so
    there must be one layer only, as the header tells (ISO/IEC 14496-15, 8.3.3.1.2).
    """
    header = context.extradata or b""
    is_one_layer = len(header) > 21 and header[0] == 1 and header[21] >> 3 & 7 == 1
    return context.name in ("h264", "mpeg2video") or (context.name == "hevc" and is_one_layer)


def _stream(container: InputContainer, source: Source, threads: int) -> av.VideoStream:
    stream = container.streams[source.stream]
    assert isinstance(stream, av.VideoStream)
    stream.codec_context.thread_count = threads
    stream.thread_type = "AUTO"
    stream.codec_context.options = dict(STRICT) if source.is_strict else {}
    return stream
