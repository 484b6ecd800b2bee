"""What a film's header and index say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.stream import Disposition

from curate import identity
from curate.errors import FilmEncrypted, FilmMissing, FilmUnreadable, NoVideo, StreamMissing
from curate.extract.damage import STRICT

_INDEXED = frozenset({"matroska", "webm", "mov", "mp4", "avi", "asf", "flv"})
_LOOKED_AT = 8
_PICTURES = Disposition.attached_pic | Disposition.timed_thumbnails


@dataclass(frozen=True, slots=True)
class Source:
    """A film that opened: what its file says, and how to find a moment in it.

    Attributes:
        stream: index of the video stream in the file.
        streams: how many video streams the file has, covers not counted.
        time_base: seconds of one unit of a PTS.
        start: the PTS that is called 0 s, the start of the file.
        width: of the picture as it is shown before it is turned upright: square pixels.
        duration_s: up to the last packet if the file has an index, else as `declared_s`.
        declared_s: as the header has it, 0 if it does not say.
        landmarks: PTS near which keyframes lie, ascending; a moment can be reached without reading
            all that comes before it. Empty if the file has no index that can be relied on.
        is_strict: it keeps to its format's rules, so that an error in it is damage.
        rate: frames a second as the header has it or the first packets tell; None if neither does.
    """

    path: Path
    stream: int
    streams: int
    time_base: Fraction
    start: int
    width: int
    height: int
    duration_s: float
    declared_s: float
    codec: str
    pixel_format: str
    landmarks: tuple[int, ...]
    is_strict: bool
    rate: Fraction | None = None

    def seconds(self, pts: int) -> float:
        return round(float((pts - self.start) * self.time_base), 6)


def probe(path: Path, stream: int | None = None) -> Source:
    """Read a film's header and index.

    Args:
        path: of the film.
        stream: which of its video streams, from 0; by default the one that players show.

    Raises:
        FilmMissing: there is no such file.
        FilmUnreadable: it is no film, or none of which enough is left.
        FilmEncrypted: its pictures are encrypted.
        NoVideo: it has only sound, or only a cover.
        StreamMissing: it has no video stream of that number.
    """
    if not path.exists():
        raise FilmMissing(path)
    with opened(path) as container:
        shown = [s for s in container.streams.video if not s.disposition & _PICTURES]
        if not shown:
            raise NoVideo(path)
        found = _chosen(path, shown, stream)
        if _is_encrypted(container, found):
            raise FilmEncrypted(path)
        context = found.codec_context
        if context is None or not context.pix_fmt or not context.width or found.time_base is None:
            raise FilmUnreadable(path, "its picture format cannot be made out")
        start_us = container.start_time
        start_s = Fraction(start_us, av.time_base) if start_us is not None else Fraction(0)
        start = round(start_s / found.time_base)
        declared_s = _declared_s(container, found)
        is_strict = _is_strict(container, found)
        landmarks, stop = _index(container, found, start)
        width, height = _shown_size(context.width, context.height, found.sample_aspect_ratio)
        return Source(
            path=path,
            stream=found.index,
            streams=len(shown),
            time_base=found.time_base,
            start=start,
            width=width,
            height=height,
            duration_s=float((stop - start) * found.time_base) if landmarks else declared_s,
            declared_s=declared_s,
            codec=context.name,
            pixel_format=context.pix_fmt,
            landmarks=landmarks,
            is_strict=is_strict,
            rate=found.guessed_rate or found.average_rate,
        )


def identified(path: Path) -> str:
    """A film's id, see `identity.of_film`.

    Raises:
        FilmUnreadable: it cannot be read.
    """
    try:
        return identity.of_film(path)
    except OSError as error:
        raise FilmUnreadable(path, (error.strerror or str(error)).lower()) from error


@contextmanager
def opened(path: Path, hwaccel: HWAccel | None = None) -> Iterator[InputContainer]:
    """A film, open for reading.

    Raises:
        FilmUnreadable: it cannot be opened, or is no film.
    """
    try:
        container = av.open(path, metadata_errors="replace", hwaccel=hwaccel)
    except av.error.InvalidDataError as error:
        reason = "it is empty" if _is_empty(path) else _NO_FILM
        raise FilmUnreadable(path, reason) from error
    except (av.error.FFmpegError, OSError) as error:
        raise FilmUnreadable(path, (error.strerror or str(error)).lower()) from error
    with container:
        yield container


_NO_FILM = "it is not a film, or its beginning or end is cut off"


def _is_empty(path: Path) -> bool:
    return path.is_file() and path.stat().st_size == 0


def _chosen(path: Path, shown: Sequence[av.VideoStream], number: int | None) -> av.VideoStream:
    if number is None:
        return next((s for s in shown if s.disposition & Disposition.default), shown[0])
    if number >= len(shown):
        raise StreamMissing(path, number, len(shown))
    return shown[number]


def _index(
    container: InputContainer, stream: av.VideoStream, start: int
) -> tuple[tuple[int, ...], int]:
    """The keyframes that the index names and the file holds, and where the last packet ends.

    Nothing if there is no index, or if it stops before the middle of the film: such a film is
    quicker read through. What a file lacks at its end, the index of an .mp4 names all the same.
    """
    if not _INDEXED & set(container.format.name.split(",")):
        return (), start
    try:
        container.seek(start, stream=stream)  # Matroska reads its index at the first seek
        keyframes = [
            (entry.timestamp, entry.pos) for entry in stream.index_entries if entry.is_keyframe
        ]
        held = sorted(pts for pts, at in keyframes if at < container.size)
        if len(held) < 2:
            return (), start
        container.seek(held[-1], stream=stream)
        stop = max(
            (
                packet.pts + (packet.duration or 0)
                for packet in container.demux(stream)
                if packet.pts is not None and packet.size
            ),
            default=start,
        )
    except av.error.FFmpegError:
        return (), start
    return (tuple(held), stop) if 2 * held[-1] > stop + start else ((), start)


def _is_encrypted(container: InputContainer, stream: av.VideoStream) -> bool:
    try:
        packet = next((packet for packet in container.demux(stream) if packet.size), None)
    except av.error.FFmpegError:
        return False
    return packet is not None and packet.has_sidedata("encryption_info")


def _is_strict(container: InputContainer, stream: av.VideoStream) -> bool:
    """Whether most of the first packets behind a keyframe give no error at all."""
    context, seen, failed = stream.codec_context, 0, 0
    context.thread_count, context.options = 1, dict(STRICT)
    try:
        for packet in container.demux(stream):
            if seen or packet.is_keyframe:
                seen += 1
                try:
                    context.decode(packet)
                except av.error.FFmpegError:
                    failed += 1
            if seen >= _LOOKED_AT:
                break
    except av.error.FFmpegError:
        return True
    return 2 * failed <= seen


def _declared_s(container: InputContainer, stream: av.VideoStream) -> float:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / av.time_base


def _shown_size(width: int, height: int, aspect: Fraction | None) -> tuple[int, int]:
    """Width and height once the pixels are square."""
    return (round(width * aspect), height) if aspect and aspect > 0 else (width, height)
