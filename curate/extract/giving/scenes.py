"""A film's shots as scene lists: CSV, JSON, EDL (CMX 3600) and OpenTimelineIO."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from fractions import Fraction
from itertools import groupby
from pathlib import Path

from curate.extract.lists import clock
from curate.extract.report import Extracted
from curate.records import Frame

_NO_RATE = Fraction(25)
"""For a film that does not say its own."""

_HEAD = (
    "Scene Number",
    "Start Frame",
    "Start Timecode",
    "Start Time (seconds)",
    "End Frame",
    "End Timecode",
    "End Time (seconds)",
    "Length (frames)",
    "Length (timecode)",
    "Length (seconds)",
    "Kind",
    "Frames",
)
"""PySceneDetect's columns and two more; a film's first frame is number 1."""


def as_csv(found: Extracted) -> str:
    """A line for each shot, in PySceneDetect's columns, with its kind and its chosen frames."""
    rate, chosen = _rate(found), _by_shot(found)
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(_HEAD)
    for shot in found.shots:
        first, stop = _number(shot.start_s, rate), _number(shot.end_s, rate)
        length_s = shot.end_s - shot.start_s
        lines.writerow(
            (
                *(shot.number, first + 1, clock(shot.start_s), f"{shot.start_s:.3f}"),
                *(stop, clock(shot.end_s), f"{shot.end_s:.3f}"),
                *(stop - first, clock(length_s), f"{length_s:.3f}"),
                *(shot.kind, " ".join(clock(f.time_s) for f in chosen.get(shot.number, []))),
            )
        )
    return text.getvalue()


def as_json(found: Extracted) -> str:
    """The film and its shots as one JSON object; times in seconds, frames counted from 0."""
    rate, chosen = _rate(found), _by_shot(found)
    scenes = [
        {
            "number": shot.number,
            "kind": shot.kind,
            "start_s": shot.start_s,
            "end_s": shot.end_s,
            "start_frame": _number(shot.start_s, rate),
            "end_frame": _number(shot.end_s, rate),
            "chosen_s": [frame.time_s for frame in chosen.get(shot.number, [])],
        }
        for shot in found.shots
    ]
    film = found.film
    told = {"film": found.path.as_posix(), "name": film.name, "rate": str(rate), "scenes": scenes}
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def as_edl(found: Extracted) -> str:
    """A CMX 3600 edit list: each shot an event of the film's reel, without drop frames."""
    rate = _rate(found)
    lines = [f"TITLE: {found.film.name}", "FCM: NON-DROP FRAME", ""]
    for shot in found.shots:
        begin, end = (_timecode(_number(s, rate), rate) for s in (shot.start_s, shot.end_s))
        lines.append(f"{shot.number:03}  AX       V     C        {begin} {end} {begin} {end}")
        lines.append(f"* FROM CLIP NAME: {found.path.name}")
        if shot.kind != "content":
            lines.append(f"* COMMENT: {shot.kind.upper()}")
    return "\n".join(lines) + "\n"


def as_otio(found: Extracted) -> str:
    """An OpenTimelineIO timeline: each shot a clip of the film, its chosen frames markers."""
    rate, chosen = _rate(found), _by_shot(found)
    whole = _range(0.0, found.shots[-1].end_s if found.shots else 0.0, rate)
    media = {
        "OTIO_SCHEMA": "ExternalReference.1",
        "target_url": found.path.absolute().as_uri(),
        "available_range": whole,
        "metadata": {},
        "name": found.film.name,
    }
    clips = [
        {
            "OTIO_SCHEMA": "Clip.2",
            "name": f"{found.film.name} {shot.number}",
            "source_range": _range(shot.start_s, shot.end_s, rate),
            "media_references": {"DEFAULT_MEDIA": media},
            "active_media_reference_key": "DEFAULT_MEDIA",
            "markers": [_marker(frame, rate) for frame in chosen.get(shot.number, [])],
            "effects": [],
            "enabled": True,
            "metadata": {"curate": {"kind": shot.kind}},
        }
        for shot in found.shots
    ]
    track = {"OTIO_SCHEMA": "Track.1", "kind": "Video", "name": "shots", "children": clips}
    stack = {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": [track | _BARE]} | _BARE
    timeline = {
        "OTIO_SCHEMA": "Timeline.1",
        "name": found.film.name,
        "global_start_time": None,
        "metadata": {},
        "tracks": stack,
    }
    return json.dumps(timeline, ensure_ascii=False, indent=2) + "\n"


FORMS: dict[str, Callable[[Extracted], str]] = {
    "csv": as_csv,
    "json": as_json,
    "edl": as_edl,
    "otio": as_otio,
}

_BARE: dict[str, object] = {
    "source_range": None,
    "effects": [],
    "markers": [],
    "enabled": True,
    "metadata": {},
}


def _rate(found: Extracted) -> Fraction:
    return Fraction(found.film.rate) if found.film.rate else _NO_RATE


def _by_shot(found: Extracted) -> dict[int, list[Frame]]:
    frames = sorted(found.frames, key=lambda frame: (frame.shot, frame.time_s))
    return {number: list(own) for number, own in groupby(frames, lambda frame: frame.shot)}


def _number(time_s: float, rate: Fraction) -> int:
    return round(time_s * rate)


def _timecode(number: int, rate: Fraction) -> str:
    """`HH:MM:SS:FF` at the nearest whole rate, as an edit list counts."""
    whole = max(1, round(rate))
    seconds, rest = divmod(number, whole)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{rest:02}"


def _range(start_s: float, end_s: float, rate: Fraction) -> dict[str, object]:
    first, stop = _number(start_s, rate), _number(end_s, rate)
    return {
        "OTIO_SCHEMA": "TimeRange.1",
        "start_time": _time(first, rate),
        "duration": _time(stop - first, rate),
    }


def _time(number: int, rate: Fraction) -> dict[str, object]:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(rate), "value": float(number)}


def _marker(frame: Frame, rate: Fraction) -> dict[str, object]:
    return {
        "OTIO_SCHEMA": "Marker.2",
        "name": Path(frame.path).name,
        "color": "GREEN",
        "comment": "",
        "marked_range": _range(frame.time_s, frame.time_s, rate),
        "metadata": {},
    }
