"""From each shot its best frame, from a film a distinct and crowded set of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curate.extract.figures import Figures, Floats, lumas
from curate.extract.shots import Span

_MARGIN_FRAMES = 2
_STILL_JUMP = 8.0
_LIKE_DIFFERENCE = 6.0
_LIKE_CORRELATION = 0.97
_VARIETY = 0.5
"""Weight of being different against being crowded when frames compete for a place."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """The best frame of a shot: its row in the figures, and its shot's number from 1."""

    row: int
    shot: int


@dataclass(frozen=True, slots=True)
class Alike:
    """A candidate that looks like one that was kept, and how far apart they are, 0…255."""

    candidate: Candidate
    difference: float


def best(figures: Figures, span: Span) -> int:
    """The row of the sharpest still frame of a shot, away from its ends.

    Of frames that are equally good, the one nearest to the middle.
    """
    margin = min(_MARGIN_FRAMES, (span.stop - span.first - 1) // 2)
    rows = np.arange(span.first + margin, span.stop - margin)
    sharp = figures.sharpness[rows] / max(1e-6, float(figures.sharpness[rows].max()))
    after = np.minimum(rows + 1, len(figures) - 1)
    moving = np.maximum(figures.jump[rows], figures.jump[after])
    score = sharp - 0.5 * moving / (moving + _STILL_JUMP) - figures.damaged[rows]
    middle = np.abs(rows - (span.first + span.stop - 1) / 2)
    order = np.lexsort((middle, -np.round(score, 2)))
    return int(rows[order[0]])


def distinct(
    figures: Figures, candidates: Sequence[Candidate]
) -> tuple[list[Candidate], list[Alike]]:
    """The candidates that differ, the most crowded of those alike; and the rest.

    Two frames are alike if their 32 × 18 luma and 16 × 9 chroma differ by less than 6 (of 255) in
    the mean and their luma correlates above .97: dark shots differ by little and are not alike.
    """
    order = sorted(candidates, key=lambda c: (-round(float(figures.density[c.row]), 4), c.row))
    kept: list[Candidate] = []
    alike: list[Alike] = []
    for candidate in order:
        difference = _nearest(figures, candidate, kept)
        if difference is None:
            kept.append(candidate)
        else:
            alike.append(Alike(candidate, difference))
    return sorted(kept, key=lambda c: c.row), sorted(alike, key=lambda a: a.candidate.row)


def chosen(figures: Figures, candidates: Sequence[Candidate], count: int) -> list[Candidate]:
    """At most `count` candidates, crowded and different, in the order of the film.

    Maximal marginal relevance (Carbonell and Goldstein 1998): each place goes to the frame with
    the largest sum of its density and of its distance to the nearest one chosen before, both
    scaled to 0…1 over the film and weighted alike.
    """
    if len(candidates) <= count:
        return list(candidates)
    rows = np.array([c.row for c in candidates])
    crowded = figures.density[rows] / max(1e-6, float(figures.density[rows].max()))
    tones = figures.tones[rows].astype(np.float32)
    gap = np.full(len(rows), np.inf, np.float32)
    places: list[int] = []
    for _ in range(count):
        spread = np.ones_like(gap) if not places else gap / max(1e-6, float(gap.max()))
        value = np.round((1 - _VARIETY) * crowded + _VARIETY * spread, 4)
        value[places] = -1
        place = int(np.argmax(value))
        places.append(place)
        gap = np.minimum(gap, np.abs(tones - tones[place]).mean(axis=1))
    return [candidates[place] for place in sorted(places)]


def _nearest(figures: Figures, candidate: Candidate, kept: Sequence[Candidate]) -> float | None:
    """How far the nearest of `kept` that is alike is; None if none is alike."""
    if not kept:
        return None
    rows = np.array([k.row for k in kept])
    mine, theirs = figures.tones[candidate.row], figures.tones[rows]
    apart = np.abs(theirs.astype(np.float32) - mine).mean(axis=1)
    alike = (apart < _LIKE_DIFFERENCE) & (
        _correlations(lumas(theirs), lumas(mine[None])[0]) > _LIKE_CORRELATION
    )
    return float(apart[alike].min()) if alike.any() else None


def _correlations(many: Floats, one: Floats) -> Floats:
    a = many - many.mean(axis=1, keepdims=True)
    b = one - one.mean()
    power = np.sqrt((a * a).sum(axis=1) * (b @ b))
    return np.asarray(a @ b / np.maximum(power, 1e-6), np.float32)
