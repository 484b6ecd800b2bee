"""From each shot its best frame, from a film a distinct and crowded set of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.extract.figures import Figures, Floats, lumas
from curate.extract.shots import Span

_MARGIN_FRAMES = 2
_STILL_JUMP = 8.0
_LIKE_DIFFERENCE = 6.0
_LIKE_CORRELATION = 0.97
_OTHER_DIFFERENCE = 18.0
_OTHER_CORRELATION = 0.6
_OTHER_S = 1.0


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


def inner(span: Span) -> NDArray[np.int64]:
    """The rows of a shot, away from its ends."""
    margin = min(_MARGIN_FRAMES, (span.stop - span.first - 1) // 2)
    return np.arange(span.first + margin, span.stop - margin)


def best(figures: Figures, rows: NDArray[np.int64], per_shot: int, tick_s: float) -> list[int]:
    """The sharpest still rows of a shot that differ, the best one first.

    Of frames that are equally good, the one nearest to the middle. A second or third one is at
    least a second away from each of the others and shows something else: its colour layout differs
    by more than 18 (of 255) in the mean and its luma correlates below .6, as along a pan.
    """
    sharp = figures.sharpness[rows] / max(1e-6, float(figures.sharpness[rows].max()))
    after = np.minimum(rows + 1, len(figures) - 1)
    moving = np.maximum(figures.jump[rows], figures.jump[after])
    score = sharp - 0.5 * moving / (moving + _STILL_JUMP)
    middle = np.abs(rows - (int(rows[0]) + int(rows[-1])) / 2)
    order = rows[np.lexsort((middle, -np.round(score, 2)))]
    found = [int(order[0])]
    free = np.ones(len(order), np.bool_)
    while len(found) < per_shot:
        free &= _shows_other(figures, order, found[-1], tick_s)
        if not free.any():
            break
        found.append(int(order[int(np.argmax(free))]))
    return found


def distinct(
    figures: Figures, candidates: Sequence[Candidate], density: Floats
) -> tuple[list[Candidate], list[Alike]]:
    """The candidates that differ, the most crowded of those alike; and the rest.

    Two frames are alike if their 32 × 18 luma and 16 × 9 chroma differ by less than 6 (of 255) in
    the mean and their luma correlates above .97: dark shots differ by little and are not alike.
    """
    order = sorted(candidates, key=lambda c: (-round(float(density[c.row]), 4), c.row))
    kept: list[Candidate] = []
    alike: list[Alike] = []
    for candidate in order:
        difference = _nearest(figures, candidate, kept)
        if difference is None:
            kept.append(candidate)
        else:
            alike.append(Alike(candidate, difference))
    return sorted(kept, key=lambda c: c.row), sorted(alike, key=lambda a: a.candidate.row)


def _shows_other(
    figures: Figures, rows: NDArray[np.int64], row: int, tick_s: float
) -> NDArray[np.bool_]:
    """Which rows are far from a row in time, and look different."""
    away_s = np.abs(figures.pts[rows] - figures.pts[row]) * tick_s
    tones = figures.tones[rows]
    apart = np.abs(tones.astype(np.float32) - figures.tones[row]).mean(axis=1)
    like = _correlations(lumas(tones), lumas(figures.tones[row][None])[0])
    return np.asarray(
        (away_s >= _OTHER_S) & (apart > _OTHER_DIFFERENCE) & (like < _OTHER_CORRELATION)
    )


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
