"""What a film's header says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition

from curate.errors import FilmIsFolder, FilmMissing, FilmUnreadable, NoVideo

_INDEXED = frozenset({"matroska", "webm", "mov", "mp4", "avi", "asf", "flv"})


@dataclass(frozen=True, slots=True)
class Source:
    """A film that opened: what its header says, and how to find a moment in it.

    Attributes:
        stream: index of the video stream in the file.
        time_base: seconds of one unit of a PTS.
        start: the PTS that is called 0 s, the start of the file.
        width: of the picture as it is shown: square pixels, upright.
        duration_s: as the header has it, 0 if it does not say.
        indexed: a moment can be reached without reading all that comes before it.
    """

    path: Path
    stream: int
    time_base: Fraction
    start: int
    width: int
    height: int
    duration_s: float
    codec: str
    pixel_format: str
    indexed: bool

    def seconds(self, pts: int) -> float:
        return round(float((pts - self.start) * self.time_base), 6)


def probe(path: Path) -> Source:
    """Read a film's header.

    Raises:
        FilmMissing, FilmIsFolder: there is no such file.
        FilmUnreadable: it is no film, or none of which enough is left.
        NoVideo: it has only sound, or only a cover.
    """
    if path.is_dir():
        raise FilmIsFolder(path)
    if not path.exists():
        raise FilmMissing(path)
    with opened(path) as container:
        shown = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        if not shown:
            raise NoVideo(path)
        stream = shown[0]
        context = stream.codec_context
        if not context.pix_fmt or not context.width or stream.time_base is None:
            raise FilmUnreadable(path, "its picture format cannot be made out")
        start_us = container.start_time
        start_s = Fraction(start_us, av.time_base) if start_us is not None else Fraction(0)
        width, height = _shown_size(context.width, context.height, stream.sample_aspect_ratio)
        return Source(
            path=path,
            stream=stream.index,
            time_base=stream.time_base,
            start=round(start_s / stream.time_base),
            width=width,
            height=height,
            duration_s=_duration_s(container, stream),
            codec=context.name,
            pixel_format=context.pix_fmt,
            indexed=bool(_INDEXED & set(container.format.name.split(","))),
        )


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """A film, open for reading.

    Raises:
        FilmUnreadable: it cannot be opened, or is no film.
    """
    try:
        container = av.open(path, metadata_errors="replace")
    except av.error.InvalidDataError as error:
        raise FilmUnreadable(
            path, "it is not a film, or its beginning or end is cut off"
        ) from error
    except (av.error.FFmpegError, OSError) as error:
        raise FilmUnreadable(path, (error.strerror or str(error)).lower()) from error
    with container:
        yield container


def _duration_s(container: InputContainer, stream: av.VideoStream) -> float:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / av.time_base


def _shown_size(width: int, height: int, aspect: Fraction | None) -> tuple[int, int]:
    """Width and height once the pixels are square."""
    return (round(width * aspect), height) if aspect and aspect > 0 else (width, height)
