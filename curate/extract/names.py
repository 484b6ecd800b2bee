"""The names of films and frames: safe in every file system, in ComfyUI and in Musubi."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

_UNSAFE = re.compile(r"[\x00-\x1f<>:\"/\\|?*\[\]{}%$#&;'`!]+")
"""Forbidden on Windows, or read as a pattern: Musubi finds no cache whose path has brackets."""

_MOST_BYTES = 120
_ID_CHARACTERS = 6
_TIME = r"_\d\d+-\d\d-\d\d\.\d\d\d\.png"


def of_film(path: Path, film_id: str, taken: Mapping[str, str]) -> str:
    """A name for a film that no other one has: its file's, with a piece of its id if need be.

    Args:
        path: of the film.
        film_id: a hash of its contents.
        taken: names in use -> the film that has each.
    """
    name = _safe(path.stem)
    return name if taken.get(name, film_id) == film_id else f"{name}-{film_id[:_ID_CHARACTERS]}"


def of_frame(film: str, time_s: float) -> str:
    """`FILM_HH-MM-SS.mmm.png`."""
    total_ms = round(time_s * 1000)
    seconds, ms = divmod(total_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{film}_{hours:02}-{minutes:02}-{seconds:02}.{ms:03}.png"


def frames_of(film: str, folder: Path) -> list[Path]:
    """The files in `folder` that are frames of a film by their name, unfinished ones too."""
    pattern = re.compile(re.escape(film) + _TIME + r"(\.part)?")
    if not folder.is_dir():
        return []
    return sorted(file for file in folder.iterdir() if pattern.fullmatch(file.name))


def _safe(stem: str) -> str:
    plain = _UNSAFE.sub("_", unicodedata.normalize("NFC", stem)).strip(" ._") or "film"
    return plain.encode()[:_MOST_BYTES].decode(errors="ignore").rstrip(" .")
