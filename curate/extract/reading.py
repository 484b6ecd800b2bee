"""Which part of a film is read, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from curate.errors import NothingLeft
from curate.extract.source import Source

Scan = Literal["keyframes", "fast", "full"]
"""Which frames are decoded: those that stand alone, those that others refer to, or all."""

SKIPPED: dict[Scan, Literal["NONKEY", "NONREF", "DEFAULT"]] = {
    "keyframes": "NONKEY",
    "fast": "NONREF",
    "full": "DEFAULT",
}
"""What the decoder leaves out in each scan, in FFmpeg's words."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the user asked to be read of each film; all times in seconds from its start.

    Attributes:
        scan: which frames are decoded.
        stream: number of the video stream, None for the one that players show.
        start_s: nothing before it is used; what `skip_intro_s` skips neither.
        end_s: nothing from there on is used, None for the end of the film.
        duration_s: at most so much from `start_s` on.
        skip_outro_s: the last part of the film that is not used.
        hwaccel: FFmpeg's name of a hardware decoder, "auto" for the first that works, or "none".
            It decodes to the same pixels, so it is no part of any task's id.
    """

    scan: Scan = "fast"
    stream: int | None = None
    start_s: float = 0.0
    end_s: float | None = None
    duration_s: float | None = None
    skip_intro_s: float = 0.0
    skip_outro_s: float = 0.0
    hwaccel: str = "none"


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a film that is used: PTS from `first` up to, not with, `stop`."""

    first: int | None
    stop: int | None

    @property
    def is_whole(self) -> bool:
        return self.first is None and self.stop is None


def window(source: Source, reading: Reading) -> Window:
    """The part of a film that was asked for.

    Raises:
        NothingLeft: the film is over before it begins.
    """
    first_s = max(reading.start_s, reading.skip_intro_s)
    stops_s = []
    if reading.end_s is not None:
        stops_s.append(reading.end_s)
    if reading.duration_s is not None:
        stops_s.append(reading.start_s + reading.duration_s)
    if reading.skip_outro_s:
        stops_s.append(source.duration_s - reading.skip_outro_s)
    stop_s = min(stops_s, default=None)
    last_s = source.duration_s if stop_s is None else min(stop_s, source.duration_s)
    if source.duration_s and first_s >= last_s:
        raise NothingLeft(source.path, source.duration_s, asked(reading))
    return Window(
        _pts(source, first_s) if first_s else None,
        _pts(source, stop_s) if stop_s is not None and stop_s < source.duration_s else None,
    )


def _pts(source: Source, seconds: float) -> int:
    return source.start + round(seconds / source.time_base)


def asked(reading: Reading) -> str:
    """The part that was asked for, as options."""
    times = {
        "--start": reading.start_s,
        "--end": reading.end_s,
        "--duration": reading.duration_s,
        "--skip-intro": reading.skip_intro_s,
        "--skip-outro": reading.skip_outro_s,
    }
    return " ".join(f"{option} {value:g}" for option, value in times.items() if value)
