"""What `curate extract` found, now or before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curate.errors import Failure
from curate.extract.rows import Work
from curate.records import Film, Frame, Refusal, Shot


@dataclass(frozen=True, slots=True)
class Extracted:
    """What the ledger holds of a film; `path` is as the user named it.

    `work` is what led to it; None where it was only looked up. `page` is its contact sheet's
    place in the workspace, empty if there is none.
    """

    path: Path
    film: Film
    shots: tuple[Shot, ...]
    frames: tuple[Frame, ...]
    refusals: tuple[Refusal, ...]
    is_new: bool
    work: Work | None = None
    page: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Films to read, films that are done, and films that cannot be opened.

    `order` has the ids of those that can, as they were named.
    """

    todo: tuple[Work, ...]
    done: tuple[tuple[Work, Film], ...]
    failures: tuple[Failure, ...]
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """`films` were read, now or before; `planned` are those that were to be read."""

    films: tuple[Extracted, ...]
    planned: tuple[Work, ...]
    failures: tuple[Failure, ...]
