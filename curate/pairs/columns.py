"""The measures of many pairs as columns of numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from curate.figures import Figures, head

Measures = Mapping[str, float | None]


def columns(measures: Sequence[Measures], names: Sequence[str]) -> NDArray[np.float64]:
    """Shape (names, pairs); NaN where a measure was not had.

    Pairs whose numbers lie alike in the ledger are read at one go, the others pair by pair: the
    measures of ten thousand do not fit into a processor's cache.
    """
    table = np.full((len(measures), len(names)), np.nan)
    places: dict[bytes, list[int]] = defaultdict(list)
    for place, one in enumerate(measures):
        places[head(one)].append(place)
    for place in places.pop(b"", ()):
        table[place] = tuple(map(measures[place].get, names))
    for some in places.values():
        table[some] = _alike([measures[place] for place in some], names)
    return table.T


def _alike(measures: Sequence[Measures], names: Sequence[str]) -> NDArray[np.float64]:
    """The same, transposed, of pairs whose numbers have one head."""
    figures = [one for one in measures if type(one) is Figures]
    own = figures[0].names
    numbers = np.frombuffer(b"".join([one.numbers for one in figures]), "<f8")
    numbers = numbers.reshape(len(figures), -1)[:, 1:]  # the head is as long as a number
    found = np.full((len(figures), len(names)), np.nan)
    for column, name in enumerate(names):
        if name in own:
            found[:, column] = numbers[:, own.index(name)]
    return found


def measured(measures: Iterable[Measures]) -> set[str]:
    """The names of all measures that any of the pairs has."""
    alike = {head(one) or index: one for index, one in enumerate(measures)}
    names = (one.names if type(one) is Figures else one for one in alike.values())
    return set[str]().union(*names)
