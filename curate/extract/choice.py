"""Which frames of a film are taken, and why the others are not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curate.extract import keyframes, letterbox, refuse, shots
from curate.extract.coverage import covering
from curate.extract.figures import Figures, Floats
from curate.extract.keyframes import Candidate
from curate.extract.letterbox import Crop
from curate.extract.refuse import Refused
from curate.extract.shots import Span


@dataclass(frozen=True, slots=True)
class Choosing:
    """How frames are chosen.

    Attributes:
        count: at most so many a film, crowded and different; None for all that are left.
        per_shot: at most so many of one shot, where they differ.
        min_scene_len_s: a shorter shot gives no frame.
        threshold: how much the picture changes at a cut, 0…255.
        density_min: a less dense frame is refused, in JPEG bytes a pixel.
        allow_text: take frames with lettering over them too.
    """

    count: int | None = 120
    per_shot: int = 3
    min_scene_len_s: float = 0.2
    threshold: float = shots.THRESHOLD
    density_min: float = 0.0
    allow_text: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """What is made of a film's figures.

    Attributes:
        spans: shots, flat stretches and transitions, in order.
        candidates: the frames that are taken.
        refused: row, number of the span from 1, reason and figure of each frame that is not.
        crops: the picture inside the black bars, for each span.
        density: of each row, without the black bars.
    """

    spans: tuple[Span, ...]
    candidates: tuple[Candidate, ...]
    refused: tuple[tuple[int, int, Refused], ...]
    crops: tuple[Crop, ...]
    density: Floats


def choose(figures: Figures, choosing: Choosing, tick_s: float) -> Choice:
    """Find the shots, take the best frames of each, drop what is alike, keep the densest set.

    `tick_s` is the seconds of one unit of the figures' PTS.
    """
    spans = shots.find(figures, tick_s, choosing.threshold)
    crops = letterbox.of_shots(figures, spans)
    density = _density(figures, spans, crops)
    candidates: list[Candidate] = []
    refused: list[tuple[int, int, Refused]] = []
    for number, span in enumerate(spans, start=1):
        found, reason = _of_span(figures, span, choosing, tick_s)
        dense = [row for row in found if density[row] >= choosing.density_min]
        candidates += [Candidate(row, number) for row in dense]
        if reason is not None:
            refused.append((_middle(span), number, reason))
        elif not dense:
            bare = Refused("bare", float(density[found[0]]))
            refused.append((found[0], number, bare))
    kept, alike = keyframes.distinct(figures, candidates, density)
    refused += [(a.candidate.row, a.candidate.shot, _similar(a)) for a in alike]
    taken = set(_covering(figures, kept, density, choosing.count))
    refused += [
        (c.row, c.shot, Refused("surplus", float(density[c.row]))) for c in kept if c not in taken
    ]
    return Choice(
        spans=tuple(spans),
        candidates=tuple(candidate for candidate in kept if candidate in taken),
        refused=tuple(sorted(refused, key=lambda r: r[:2])),
        crops=tuple(crops),
        density=density,
    )


def _of_span(
    figures: Figures, span: Span, choosing: Choosing, tick_s: float
) -> tuple[list[int], Refused | None]:
    """The rows worth having of a stretch, or why there are none."""
    reason = refuse.span(figures, span, choosing.min_scene_len_s, tick_s)
    if reason is not None:
        return [], reason
    rows, reason = refuse.sound(figures, keyframes.inner(span), allow_text=choosing.allow_text)
    if reason is not None:
        return [], reason
    found = keyframes.best(figures, rows, choosing.per_shot, tick_s)
    reason = refuse.frame(figures, found[0])
    return ([], reason) if reason is not None else (found, None)


def _covering(
    figures: Figures, kept: list[Candidate], density: Floats, count: int | None
) -> list[Candidate]:
    if count is None or len(kept) <= count:
        return kept
    rows = np.array([candidate.row for candidate in kept])
    return [kept[place] for place in covering(density[rows], figures.tones[rows], count)]


def _density(figures: Figures, spans: list[Span], crops: list[Crop]) -> Floats:
    """Of each row, for the area inside the bars: black takes no bytes."""
    density = figures.density.copy()
    for span, crop in zip(spans, crops, strict=True):
        density[span.first : span.stop] /= letterbox.shown_share(figures, crop)
    return density


def _similar(alike: keyframes.Alike) -> Refused:
    return Refused("similar", alike.difference)


def _middle(span: Span) -> int:
    return (span.first + span.stop - 1) // 2
