"""One choice over several films: which frames of each are among the best of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.extract.choice import Choice
from curate.extract.coverage import covering, layouts
from curate.extract.figures import Figures, Floats, Gray

MOST_COMPARED = 8000
"""So many frames, or twice the count, are compared with each other: 64 MB."""


@dataclass(frozen=True, slots=True)
class Shortlist:
    """The frames of a film that may be taken.

    Attributes:
        rows: of the film's figures; ascending, or best first if it was cut short.
        density: of each.
        layouts: of each, see `coverage.layouts`.
        is_cut: whether some were left out.
    """

    rows: NDArray[np.int64]
    density: Floats
    layouts: Gray
    is_cut: bool = False

    def first(self, count: int) -> Shortlist:
        """At most `count` of them, those that cover the film best; always part of a longer one."""
        if len(self.rows) <= count:
            return self
        whole = range(len(self.rows))
        order = whole if self.is_cut else covering(self.density, self.layouts, count)
        best = list(order[:count])
        return Shortlist(self.rows[best], self.density[best], self.layouts[best], is_cut=True)


def shortlist(figures: Figures, choice: Choice) -> Shortlist:
    """The candidates of a film."""
    rows = np.array([candidate.row for candidate in choice.candidates], np.int64)
    return Shortlist(rows, choice.density[rows], layouts(figures.tones[rows]))


def comparable(lists: Mapping[str, Shortlist], count: int) -> dict[str, Shortlist]:
    """The same, the longest cut to one length so that all are few enough to be compared.

    May be called whenever a film is added: what comes out in the end is the same.
    """
    lengths = np.array([len(one.rows) for one in lists.values()], np.int64)
    most = max(MOST_COMPARED, 2 * count)
    if lengths.sum() <= most:
        return dict(lists)
    low, high = 1, min(count, int(lengths.max()))
    while low < high:
        middle = (low + high + 1) // 2
        fits = np.minimum(lengths, middle).sum() <= most
        low, high = (middle, high) if fits else (low, middle - 1)
    return {film: one.first(low) for film, one in lists.items()}


def shared(lists: Mapping[str, Shortlist], count: int) -> dict[str, frozenset[int]]:
    """The rows that are taken of each film, so that `count` frames cover all films best."""
    films = sorted(film for film, one in lists.items() if len(one.rows))
    taken: dict[str, set[int]] = {film: set() for film in lists}
    if films:
        orders = {film: np.argsort(lists[film].rows) for film in films}
        rows = np.concatenate([lists[film].rows[orders[film]] for film in films])
        density = np.concatenate([lists[film].density[orders[film]] for film in films])
        cells = np.concatenate([lists[film].layouts[orders[film]] for film in films])
        owners = np.repeat(np.arange(len(films)), [len(lists[film].rows) for film in films])
        for place in covering(density, cells, count, owners):
            taken[films[int(owners[place])]].add(int(rows[place]))
    return {film: frozenset(found) for film, found in taken.items()}
