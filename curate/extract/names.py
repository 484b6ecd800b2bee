"""The names of films and frames: safe in every file system, in ComfyUI and in Musubi."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from curate.errors import BadSetting

Format = Literal["png", "webp", "jpg"]

_UNSAFE = re.compile(r"[\x00-\x1f<>:\"/\\|?*\[\]{}%$#&;'`!]+")
"""Forbidden on Windows, or read as a pattern: Musubi finds no cache whose path has brackets."""

_MOST_BYTES = 120
_MOST_BYTES_AROUND = 80
_ID_CHARACTERS = 6

_FIELDS = {
    "film": "",
    "time": r"\d\d+-\d\d-\d\d\.\d\d\d",
    "ms": r"\d+",
    "shot": r"\d{3,}",
    "image": r"\d+",
}
_ALSO = {
    "VIDEO_NAME": "film",
    "TIMECODE": "time",
    "TIMESTAMP_MS": "ms",
    "SCENE_NUMBER": "shot",
    "IMAGE_NUMBER": "image",
}
"""PySceneDetect's names for the same."""

_FIELD = re.compile(r"\{(\w*)\}|\$(\w+)|\$\{(\w+)\}")
_SUFFIX = r"\.(png|webp|jpg)(\.part)?"


@dataclass(frozen=True, slots=True)
class Naming:
    """How the files of frames are written.

    Attributes:
        format: png, webp (both without loss) or jpg.
        template: their name without suffix; {film} is the film's name, {time} HH-MM-SS.mmm, {ms}
            milliseconds, {shot} the number of the shot, {image} that of the frame in its shot.
    """

    format: Format = "png"
    template: str = "{film}_{time}"


def of_film(path: Path, film_id: str, taken: Mapping[str, str]) -> str:
    """A name for a film that no other one has: its file's, with a piece of its id if need be.

    Args:
        path: of the film.
        film_id: a hash of its contents.
        taken: names in use -> the film that has each.
    """
    name = _safe(path.stem)
    return name if taken.get(name, film_id) == film_id else f"{name}-{film_id[:_ID_CHARACTERS]}"


def check(naming: Naming) -> None:
    """Refuse a template that could give two frames one name, or a name that not all can read.

    Raises:
        BadSetting: so it is; the message says what is wrong.
    """
    parts = list(_parts(naming.template))
    fields = {part for part, is_field in parts if is_field}
    if unknown := fields - _FIELDS.keys():
        known = ", ".join(f"{{{field}}}" for field in _FIELDS)
        raise _refused(naming, f"has no meaning for {sorted(unknown)[0]!r}", f"Fields: {known}.")
    around = "".join(part for part, is_field in parts if not is_field)
    if _UNSAFE.search(around) or (not parts[0][1] and parts[0][0][:1] in ("", " ", ".")):
        raise _refused(
            naming,
            "has a character that not every file system or program can read",
            "Use letters, digits, spaces, '_', '-' and '.', and fields in braces; no folders.",
        )
    if len(around.encode()) > _MOST_BYTES_AROUND:
        raise _refused(naming, "makes names too long", f"Keep to {_MOST_BYTES_AROUND} characters.")
    tells = {"time", "ms"} & fields or {"shot", "image"} <= fields
    touch = any(a[1] and b[1] for a, b in pairwise(parts))
    if "film" not in fields or not tells or touch:
        raise _refused(
            naming,
            "could give two frames one name",
            "Have {film} in it and {time}, {ms} or both {shot} and {image}, with something "
            "between any two.",
        )


def of_frame(naming: Naming, film: str, time_s: float, shot: int, image: int) -> str:
    """A frame's file name; `shot` and `image` (in its shot) count from 1."""
    total_ms = round(time_s * 1000)
    seconds, ms = divmod(total_ms, 1000)
    values = {
        "film": film,
        "time": f"{seconds // 3600:02}-{seconds // 60 % 60:02}-{seconds % 60:02}.{ms:03}",
        "ms": str(total_ms),
        "shot": f"{shot:03}",
        "image": str(image),
    }
    stem = "".join(values[part] if is_field else part for part, is_field in _parts(naming.template))
    return f"{stem}.{naming.format}"


def frames_of(naming: Naming, film: str, folder: Path) -> list[Path]:
    """The files in `folder` that are frames of a film by their name, unfinished ones too."""
    stem = "".join(
        (_FIELDS[part] or re.escape(film)) if is_field else re.escape(part)
        for part, is_field in _parts(naming.template)
    )
    pattern = re.compile(stem + _SUFFIX)
    if not folder.is_dir():
        return []
    return sorted(file for file in folder.iterdir() if pattern.fullmatch(file.name))


def _parts(template: str) -> Iterator[tuple[str, bool]]:
    """The template's pieces in order, each with whether it is a field."""
    at = 0
    for found in _FIELD.finditer(template):
        if found.start() > at:
            yield template[at : found.start()], False
        word = found[1] if found[1] is not None else found[2] or found[3]
        yield _ALSO.get(word, word), True
        at = found.end()
    if at < len(template) or not template:
        yield template[at:], False


def _refused(naming: Naming, why: str, remedy: str) -> BadSetting:
    return BadSetting(f"--name {naming.template!r} {why}.", remedy=remedy)


def _safe(stem: str) -> str:
    plain = _UNSAFE.sub("_", unicodedata.normalize("NFC", stem)).strip(" ._") or "film"
    return plain.encode()[:_MOST_BYTES].decode(errors="ignore").rstrip(" .")
