"""Films named by their folder."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curate.errors import CurateError, Failure, FilmUnreadable, FolderEmpty

SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in re.findall(
        r"\S+",
        "mkv mp4 m4v mov webm avi ts m2ts mts mpg mpeg m2v vob wmv asf flv ogv ogm 3gp 3g2 rm rmvb "
        "divx mxf nut y4m ivf hevc h264 264 265 obu dv qt",
    )
)


@dataclass(frozen=True, slots=True)
class Found:
    """What folders were found to hold: films in the order of their names, and all the rest."""

    films: tuple[Path, ...]
    others: tuple[Path, ...]
    failures: tuple[Failure, ...]


def films(named: Sequence[Path]) -> Found:
    """The films among `named`, and those that the folders among it hold, however deep.

    In a folder a film is known by its suffix; a file that is named itself is taken at its word.
    """
    found: list[Path] = []
    others: list[Path] = []
    failures = []
    for path in named:
        if not path.is_dir():
            found.append(path)
            continue
        try:
            inside = _files(path)
            held = [file for file in inside if file.suffix.lower() in SUFFIXES]
            if not held:
                raise FolderEmpty(path, "films")
        except CurateError as error:
            failures.append(Failure.of(str(path), error))
            continue
        found += held
        others += [file for file in inside if file.suffix.lower() not in SUFFIXES]
    return Found(tuple(found), tuple(others), tuple(failures))


def _files(folder: Path) -> list[Path]:
    """The files in a folder and those below it, hidden ones left out, by name."""

    def refuse(error: OSError) -> None:
        raise FilmUnreadable(folder, (error.strerror or str(error)).lower()) from error

    found: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in names if not name.startswith(".")]
    return sorted(found)
