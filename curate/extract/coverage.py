"""Which few frames stand for many: crowded ones, and none for what another shows already."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.extract.figures import TONES, Floats, Gray

REACH = 30.0
"""Colour layouts (0…255) so far apart in the root mean square have nothing in common."""

_ROOT = np.rint(np.sqrt(np.arange(256) * 255.0)).astype(np.int64)
"""Square-root luma spreads the shadows, where dark pictures would all be alike."""

_MOST = 255
_LOOK = _MOST * 2**16
_BLOCK, _AT_ONCE = 512, 16

Exact = NDArray[np.float64]
"""Whole numbers below 2**53, so that sums are the same in any order and on any processor."""


def layouts(tones: Gray) -> Gray:
    """What a frame looks like from afar: 8 × 6 square-root luma, 8 × 3 of both chroma, doubled.

    Args:
        tones: as `Figures.tones`, shape (frames, 864).

    Returns:
        uint8, shape (frames, 96).
    """
    wide, high = TONES
    luma, *chroma = np.split(tones, [wide * high, wide * high * 5 // 4], axis=1)
    blocks = _ROOT[luma].reshape(-1, 6, high // 6, 8, wide // 8).sum(axis=(2, 4))
    parts = [blocks.reshape(len(tones), 48) * 8 * 6 // (wide * high)]
    for plane in chroma:
        sums = plane.astype(np.int64).reshape(-1, 3, high // 6, 8, wide // 16).sum(axis=(2, 4))
        means = sums.reshape(len(tones), 24) * 8 * 3 * 4 // (wide * high)
        parts.append(2 * means - 128)
    return np.concatenate(parts, axis=1).clip(0, 255).astype(np.uint8)


def covering(
    density: Floats, layouts: Gray, count: int, films: NDArray[np.int64] | None = None
) -> list[int]:
    """The places of `count` frames that show all of them best, in the order they were taken.

    Maximises, over sets S of frames of which no film has more than its share,

        F(S) = Σ_i w_i · max_{j in S} s(i, j) · d_j

    d is the density over the largest, s(i, j) = max(0, 1 − |t_i − t_j|² / reach²) the likeness of
    two colour layouts, and w_i = 1 / Σ_j s(i, j), so that a look that thirty frames have weighs no
    more than one that a single frame has: F is how many looks are shown, each by the most crowded
    frame. A film's share of the count is that of its density in the sum of all films', but at
    least 1, so films give in proportion to how crowded they are, not to how long. Where
    the shares cannot be filled with anything new, others give more.

    F is facility location, monotone and submodular, so that taking the frame with the largest gain
    each time comes to at least 1 − 1/e of the best set of one film (Nemhauser, Wolsey and Fisher
    1978) and to 1/2 with shares, a partition matroid (Fisher, Nemhauser and Wolsey 1978). Gains
    only fall: most are not computed again (Minoux 1978). All is whole numbers; of equal gains the
    first counts, and where nothing is gained any more the most crowded.

    Args:
        density: of each frame, any unit, at least 0.
        layouts: of each frame, see `layouts`.
        count: at most so many; fewer if there are no more frames.
        films: the number of each frame's film, from 0; None if all are of one.
    """
    if not len(density):
        return []
    owners = np.zeros(len(density), np.int64) if films is None else films
    count = min(count, len(density))
    shown = _Shown.of_none(density, layouts)
    shares = _shares(shown.worth, owners, count)
    bounds = shown.first_gains()
    taken: list[int] = []
    for most in (shares, np.full_like(shares, count)):
        while len(taken) < count:
            is_open = (np.bincount(owners[taken], minlength=len(most)) < most)[owners]
            is_new = np.zeros(len(bounds), np.bool_)
            while not is_new[place := int(np.argmax(gains := np.where(is_open, bounds, 0)))]:
                ahead = np.argsort(np.where(is_new, np.inf, -gains), kind="stable")[:_AT_ONCE]
                bounds[ahead] = shown.gains(ahead)
                is_new[ahead] = True
            if gains[place] <= 0:
                break
            taken.append(place)
            shown.take(place)
            bounds[place] = 0
    rest = np.setdiff1d(np.arange(len(bounds)), taken)
    rest = rest[np.argsort(-density[rest], kind="stable")]
    return [*taken, *rest[: count - len(taken)].tolist()]


def _shares(worth: Exact, owners: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The most that each film gives, at least 1: in proportion to the mean worth of its best.

    Its best are as many as it would give if all gave alike. Apportioned as seats are to parties
    (Sainte-Laguë 1910).
    """
    films = int(owners.max()) + 1
    due = -(-count // films)
    best = [np.sort(worth[owners == film])[::-1][:due] for film in range(films)]
    crowded = np.array([max(1, int(one.sum()) * due // len(one)) for one in best])
    claims = crowded[:, None] / np.arange(1, 2 * count, 2)
    seats = np.argsort(-claims.ravel(), kind="stable")[:count] // count
    return np.maximum(1, np.bincount(seats, minlength=films))


@dataclass(slots=True)
class _Shown:
    """How well each frame is shown by those that are taken.

    Attributes:
        alike: uint8, likeness of each frame with each, in 255ths.
        worth: density of each frame, in 255ths of the largest.
        weight: of each frame, a look being 255 · 2**16.
        best: of each frame, the largest likeness times worth of a taken one.
    """

    alike: Gray
    worth: Exact
    weight: Exact
    best: Exact

    @classmethod
    def of_none(cls, density: Floats, layouts: Gray) -> _Shown:
        alike = _likeness(layouts)
        worth = np.rint(_MOST * (density.astype(np.float64) / max(1e-6, float(density.max()))))
        weight = np.floor(_LOOK / alike.sum(axis=1, dtype=np.int64))
        return cls(alike, worth, weight, np.zeros(len(worth)))

    def first_gains(self) -> Exact:
        """How many more looks each frame would show if it were the first."""
        gains = np.empty(len(self.worth))
        for begin in range(0, len(gains), _BLOCK):
            rows = slice(begin, begin + _BLOCK)
            gains[rows] = (self.alike[rows] * self.weight).sum(axis=1) * self.worth[rows]
        return gains

    def gains(self, places: NDArray[np.int64]) -> Exact:
        """How many more looks each of these frames would show."""
        more = np.maximum(self._offered(places) - self.best, 0)
        return np.asarray((more * self.weight).sum(axis=1))

    def take(self, place: int) -> None:
        self.best = np.maximum(self.best, self._offered(np.array([place]))[0])

    def _offered(self, places: NDArray[np.int64]) -> Exact:
        return self.alike[places] * self.worth[places, None]


def _likeness(layouts: Gray) -> Gray:
    """Of each frame with each, in 255ths, shape (frames, frames)."""
    cells = layouts.astype(np.float32) - 128  # products of up to 1023 such cells add up exactly
    squares = np.einsum("ij,ij->i", cells, cells, dtype=np.float64)
    alike = np.empty((len(cells), len(cells)), np.uint8)
    for begin in range(0, len(cells), _BLOCK):
        rows = slice(begin, begin + _BLOCK)
        apart = squares[rows, None] + squares - 2.0 * (cells[rows] @ cells.T).astype(np.float64)
        share = apart / (cells.shape[1] * REACH**2)
        alike[rows] = np.floor(_MOST * np.maximum(0, 1 - share))
    return alike
