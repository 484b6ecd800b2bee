"""Where the shots of a film lie, from the figures of its frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from curate.extract.figures import Figures, Floats, Gray, lumas
from curate.records import ShotKind

Flags = NDArray[np.bool_]

FLAT_CONTRAST = 5.0
"""A frame whose luma varies less (of 127) shows nothing: black, white, a plain colour."""

THRESHOLD = 6.0
"""A cut changes square-root luma and chroma together by so much of 255 in the mean, or more."""

_CUT_RATIO = 2.0
_CUT_LIKENESS = 0.93
_LONE_JUMP = 5 / 3
_LONE_RATIO = 5.0
_FADE_LIKENESS = 0.6
_NEIGHBOURS = 6
_SIDE = 3
_SIDE_RATIO = 1.6
_SIDE_LIKENESS = 0.6
_FLASH_S = 0.25
_FLASH_RETURN = 0.4
_DISSOLVE_ROWS = (3, 5, 8, 12, 18, 26, 36)
_DISSOLVE_S = (0.18, 1.7)
_DISSOLVE_ENDS = 10.0
_DISSOLVE_LIKENESS = 0.75
_DISSOLVE_ERROR = 0.17
_FADE_MOST_FRAMES = 48
_FADE_STEP = 0.985


@dataclass(frozen=True, slots=True)
class Span:
    """Frames `first` up to, not with, `stop`; `figure` is what decided on its kind."""

    first: int
    stop: int
    kind: ShotKind
    figure: float


def find(figures: Figures, tick_s: float, threshold: float = THRESHOLD) -> list[Span]:
    """The shots, flat stretches and transitions of a film, in order and without a gap.

    A cut is a jump that stands out against the second largest of its neighbours, so that a drawing
    which changes only every other frame gives none; a dissolve a stretch in which every picture
    lies on the straight line between its ends; a fade the way to and from a flat stretch. Rather
    a shot too many than one missed: two halves of a shot give frames alike, of which one is kept.

    Args:
        figures: of all frames, or of some in even or uneven steps.
        tick_s: seconds of one unit of their PTS.
        threshold: how much a picture changes at a cut, 0…255.
    """
    count = len(figures)
    if not count:
        return []
    flat = figures.contrast < FLAT_CONTRAST
    at_s = (figures.pts - figures.pts[0]) * tick_s
    cuts, flat = _without_flashes(figures, _cuts(figures, threshold), flat, at_s)
    fading = _fades(figures, flat)
    dissolving, errors = _dissolves(figures, cuts, flat | fading, at_s)
    state = np.where(flat, 1, np.where(fading | dissolving, 2, 0))
    cuts &= (state != 2) | (np.roll(state, 1) != 2)
    edges = np.flatnonzero(cuts | (np.diff(state, prepend=state[0]) != 0))
    bounds = [0, *(int(edge) for edge in edges if edge), count]
    return list(_spans(bounds, state, figures, errors))


def lasts_s(figures: Figures, span: Span, tick_s: float) -> float:
    """How long a span lasts: up to the next frame, or to its own last one at the end."""
    stop = min(span.stop, len(figures) - 1)
    return float(figures.pts[stop] - figures.pts[span.first]) * tick_s


def _spans(
    bounds: list[int], state: NDArray[np.int64], figures: Figures, errors: Floats
) -> Iterator[Span]:
    kinds: tuple[ShotKind, ...] = ("content", "flat", "transition")
    for first, stop in pairwise(bounds):
        kind = kinds[state[first]]
        middle = (first + stop) // 2
        figure = errors[middle] if kind == "transition" else figures.contrast[middle]
        yield Span(first, stop, kind, round(float(figure), 4))


def _cuts(figures: Figures, threshold: float) -> Flags:
    """For each frame whether a cut lies before it."""
    jump = figures.jump + figures.tint
    rival = _second_largest_neighbour(jump)
    large = jump > threshold
    stands_out = large & (jump > _CUT_RATIO * rival) & (figures.likeness < _CUT_LIKENESS)
    stands_alone = (jump > _LONE_JUMP * threshold) & (jump > _LONE_RATIO * rival)
    cuts = stands_out | stands_alone
    for at in np.flatnonzero(large & ~cuts & (figures.likeness < _SIDE_LIKENESS)).tolist():
        cuts[at] = _parts_two_sides(figures, at)
    return cuts


def _parts_two_sides(figures: Figures, at: int) -> bool:
    """Whether the frames before differ from those after by more than either do among themselves.

    So a cut between two shots that move wildly, or shake, is told from the movement.
    """
    first = max(0, at - _SIDE)
    tones = figures.tones[first : at + _SIDE].astype(np.float32)
    apart = np.abs(tones[:, None] - tones[None]).mean(axis=2)
    split = at - first
    across = float(apart[:split, split:].min())
    within = max(float(apart[:split, :split].max()), float(apart[split:, split:].max()))
    return across > _SIDE_RATIO * within


def _without_flashes(
    figures: Figures, cuts: Flags, flat: Flags, at_s: NDArray[np.float64]
) -> tuple[Flags, Flags]:
    """Cuts and flat stretches, less those after which the picture is back within moments."""
    cuts, flat = cuts.copy(), flat.copy()
    tones = figures.tones.astype(np.int16)
    for at in np.flatnonzero(cuts | (np.diff(flat, prepend=flat[0]) & flat)).tolist():
        if at == 0 or not (cuts[at] or flat[at]):
            continue
        there = np.abs(tones[at] - tones[at - 1]).mean()
        stop = int(np.searchsorted(at_s, at_s[at] + _FLASH_S, "right"))
        for after in range(at + 1, max(stop, min(at + 2, len(cuts)))):
            if np.abs(tones[after] - tones[at - 1]).mean() < _FLASH_RETURN * there:
                cuts[at : after + 1] = flat[at:after] = False
                break
    return cuts, flat


def _second_largest_neighbour(jump: Floats) -> Floats:
    padded = np.pad(jump, _NEIGHBOURS)
    windows = sliding_window_view(padded, 2 * _NEIGHBOURS + 1).copy()
    windows[:, _NEIGHBOURS] = 0
    return np.asarray(np.partition(windows, -2, axis=1)[:, -2], np.float32)


def _fades(figures: Figures, flat: Flags) -> Flags:
    """Frames on the way to or from a flat stretch: the same picture, its contrast falling."""
    fading = np.zeros(len(flat), np.bool_)
    edges = np.flatnonzero(np.diff(flat.astype(np.int8), prepend=flat[0]))
    for edge in edges:
        step = 1 if flat[edge - 1] else -1
        at = edge if step == 1 else edge - 1
        for _ in range(_FADE_MOST_FRAMES):
            further = at + step
            if not 0 <= further < len(flat) or flat[at]:
                break
            joint = max(at, further)
            if figures.likeness[joint] < _FADE_LIKENESS:
                break
            if figures.contrast[at] > _FADE_STEP * figures.contrast[further]:
                break
            fading[at] = True
            at = further
    return fading


def _dissolves(
    figures: Figures, cuts: Flags, closed: Flags, at_s: NDArray[np.float64]
) -> tuple[Flags, Floats]:
    """Frames inside a dissolve, and how far each is from the line between its ends (0 … 1)."""
    count = len(figures)
    inside = np.zeros(count, np.bool_)
    errors = np.zeros(count, np.float32)
    blocked = np.concatenate([[0], np.cumsum(cuts | closed)])
    for length in _DISSOLVE_ROWS:
        firsts = np.arange(max(0, count - length))
        lasts_s = at_s[firsts + length] - at_s[firsts]
        timely = (lasts_s > _DISSOLVE_S[0]) & (lasts_s < _DISSOLVE_S[1])
        firsts = firsts[timely & (blocked[firsts + length + 1] == blocked[firsts + 1])]
        for begin in range(0, len(firsts), 4096):
            some = firsts[begin : begin + 4096]
            found = _line_error(figures.tones, at_s, some, length)
            for place in np.flatnonzero(found < _DISSOLVE_ERROR):
                span = slice(some[place] + 1, some[place] + length)
                errors[span] = np.where(inside[span], errors[span], found[place])
                inside[span] = True
    return inside, errors


def _line_error(
    tones: Gray, at_s: NDArray[np.float64], firsts: NDArray[np.int64], length: int
) -> Floats:
    """How far the pictures between two ends are from a mix of both, as a share of their difference.

    1 where the ends are too much alike for a dissolve.

    Args:
        tones: of all frames, see `Figures.tones`.
        at_s: when each is shown.
        firsts: the frames that may begin a dissolve.
        length: how many frames later it ends.
    """
    error = np.ones(len(firsts), np.float32)
    old, new = lumas(tones[firsts]), lumas(tones[firsts + length])
    apart = np.abs(old - new).mean(axis=1)
    differ = np.flatnonzero(apart >= _DISSOLVE_ENDS)
    differ = differ[_correlation(old[differ], new[differ]) <= _DISSOLVE_LIKENESS]
    old, new, begins = old[differ], new[differ], firsts[differ]
    steps = sorted({max(1, length // 4), length // 2, length - max(1, length // 4)})
    off = np.zeros(len(differ), np.float32)
    for step in steps:
        passed_s = at_s[begins + step] - at_s[begins]
        share = (passed_s / (at_s[begins + length] - at_s[begins])).astype(np.float32)[:, None]
        between = lumas(tones[begins + step])
        off += np.abs(between - (old * (1 - share) + new * share)).mean(axis=1)
    error[differ] = off / (len(steps) * apart[differ])
    return error


def _correlation(old: Floats, new: Floats) -> Floats:
    a = old - old.mean(axis=1, keepdims=True)
    b = new - new.mean(axis=1, keepdims=True)
    power = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return np.asarray((a * b).sum(axis=1) / np.maximum(power, 1), np.float32)
