"""One choice over several films: which frames of each are among the best of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from curate.extract.choice import Choice
from curate.extract.coverage import covering
from curate.extract.figures import Figures, Floats, Gray

_MOST_COMPARED = 4000
"""So many frames at most are compared with each other: 64 MB."""


@dataclass(frozen=True, slots=True)
class Shortlist:
    """The frames of a film that may be taken: rows of its figures, density and colour layout."""

    rows: tuple[int, ...]
    density: Floats
    tones: Gray


def shortlist(figures: Figures, choice: Choice, count: int, films: int) -> Shortlist:
    """The candidates of a film that may be among the `count` best of `films` films.

    All of them; of more than a film's part of what can be compared, those that cover it best.
    """
    rows = np.array([candidate.row for candidate in choice.candidates], np.int64)
    most = max(min(count, _MOST_COMPARED // films), 1)
    if len(rows) > max(most, _MOST_COMPARED // films):
        best = sorted(covering(choice.density[rows], figures.tones[rows], most))
        rows = rows[best]
    return Shortlist(tuple(rows.tolist()), choice.density[rows], figures.tones[rows])


def shared(lists: Mapping[str, Shortlist], count: int) -> dict[str, frozenset[int]]:
    """The rows that are taken of each film, so that `count` frames cover all films best."""
    owners = [(film, row) for film, one in lists.items() for row in one.rows]
    taken: dict[str, set[int]] = {film: set() for film in lists}
    if owners:
        density = np.concatenate([one.density for one in lists.values()])
        tones = np.concatenate([one.tones for one in lists.values()])
        for place in covering(density, tones, count):
            film, row = owners[place]
            taken[film].add(row)
    return {film: frozenset(rows) for film, rows in taken.items()}
