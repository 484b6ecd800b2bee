"""The list of films' shots and frames, for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from curate.records import Film, Frame, Shot

_HEAD = (
    "film",
    "shot",
    "kind",
    "start",
    "end",
    "start_s",
    "end_s",
    "frame",
    "frame_s",
    "density",
    "sharpness",
)


def as_csv(films: Iterable[tuple[Film, Sequence[Shot], Sequence[Frame]]]) -> str:
    """A line for each frame of each shot, and one for each shot without any."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(_HEAD)
    for film, shots, frames in films:
        lines.writerows(_lines(film, shots, frames))
    return text.getvalue()


def _lines(
    film: Film, shots: Sequence[Shot], frames: Sequence[Frame]
) -> Iterator[tuple[object, ...]]:
    chosen: dict[int, list[Frame]] = {}
    for frame in frames:
        chosen.setdefault(frame.shot, []).append(frame)
    for shot in shots:
        span = (clock(shot.start_s), clock(shot.end_s), shot.start_s, shot.end_s)
        begin = (film.name, shot.number, shot.kind, *span)
        for frame in chosen.get(shot.number, []):
            yield (*begin, frame.path, frame.time_s, frame.density, frame.sharpness)
        if shot.number not in chosen:
            yield (*begin, "", "", "", "")


def clock(time_s: float) -> str:
    """`HH:MM:SS.mmm`."""
    seconds, ms = divmod(round(time_s * 1000), 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"
