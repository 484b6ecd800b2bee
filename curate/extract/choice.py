"""Which frames of a film are taken, and why the others are not."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from curate.extract import contrast, keyframes, letterbox, looks, refuse, settled, shots
from curate.extract.coverage import covering, layouts
from curate.extract.figures import Figures, Floats
from curate.extract.keyframes import Candidate
from curate.extract.letterbox import Crop
from curate.extract.looks import Library
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
        allow_recurring: take frames of shots too that another film gave frames of.
        over: whether `count` is for each film or for all together.
    """

    count: int | None = 120
    per_shot: int = 3
    min_scene_len_s: float = 0.2
    threshold: float = shots.THRESHOLD
    density_min: float = 0.0
    allow_text: bool = False
    allow_recurring: bool = False
    over: Literal["each", "all"] = "each"

    @property
    def is_joint(self) -> bool:
        """Whether what is taken of one film depends on the others."""
        return self.over == "all" and self.count is not None


@dataclass(frozen=True, slots=True)
class Choice:
    """What is made of a film's figures.

    Attributes:
        spans: shots, flat stretches and transitions, in order.
        candidates: the frames that are taken.
        refused: row, number of the span from 1, reason and figure of each frame that is not.
        crops: the picture inside the black bars, for each span.
        density: of each row, without the black bars.
        looks: of each span, see `looks.of_span`.
    """

    spans: tuple[Span, ...]
    candidates: tuple[Candidate, ...]
    refused: tuple[tuple[int, int, Refused], ...]
    crops: tuple[Crop, ...]
    density: Floats
    looks: tuple[str, ...]

    def limited(self, rows: Set[int]) -> Choice:
        """The same with no other candidates than those in `rows`; the others become surplus."""
        left = [c for c in self.candidates if c.row not in rows]
        surplus = [(c.row, c.shot, Refused("surplus", float(self.density[c.row]))) for c in left]
        return replace(
            self,
            candidates=tuple(c for c in self.candidates if c.row in rows),
            refused=tuple(sorted([*self.refused, *surplus], key=lambda r: r[:2])),
        )


def choose(
    figures: Figures, choosing: Choosing, tick_s: float, elsewhere: Library | None = None
) -> Choice:
    """Find the shots, take the best frames of each, drop what is alike, keep the densest set.

    Args:
        figures: of the film.
        choosing: how many frames, and which; of a count over all films nothing is made here.
        tick_s: the seconds of one unit of the figures' PTS.
        elsewhere: the shots of other films.
    """
    figures = replace(figures, contrast=contrast.inside(figures))
    spans = shots.find(figures, tick_s, choosing.threshold)
    figures = settled.within(figures, spans)
    crops = letterbox.of_shots(figures, spans)
    density = _density(figures, spans, crops)
    seen = [looks.of_span(figures, span) for span in spans]
    lasts_s = [shots.lasts_s(figures, span, tick_s) for span in spans]
    there = elsewhere if elsewhere and not choosing.allow_recurring else Library()
    recurring = there.recurring(list(zip(seen, lasts_s, strict=True)))
    candidates: list[Candidate] = []
    refused: list[tuple[int, int, Refused]] = []
    for number, span in enumerate(spans, start=1):
        found, reason = _of_span(figures, span, choosing, tick_s)
        known = recurring[number - 1]
        if found and known is not None:
            found, reason = [], Refused(f"recurs in {known[0]}", known[1])
        dense = [row for row in found if density[row] >= choosing.density_min]
        candidates += [Candidate(row, number) for row in dense]
        if reason is not None:
            refused.append((_middle(span), number, reason))
        elif not dense:
            bare = Refused("bare", float(density[found[0]]))
            refused.append((found[0], number, bare))
    kept, alike = keyframes.distinct(figures, candidates, density)
    refused += [(a.candidate.row, a.candidate.shot, _similar(a)) for a in alike]
    whole = Choice(
        spans=tuple(spans),
        candidates=tuple(kept),
        refused=tuple(sorted(refused, key=lambda r: r[:2])),
        crops=tuple(crops),
        density=density,
        looks=tuple(seen),
    )
    if choosing.is_joint:
        return whole
    return whole.limited({c.row for c in _covering(figures, kept, density, choosing.count)})


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
    reasons = [refuse.frame(figures, row) for row in found]
    if reasons[0] is not None:
        return [], reasons[0]
    return [row for row, reason in zip(found, reasons, strict=True) if reason is None], None


def _covering(
    figures: Figures, kept: list[Candidate], density: Floats, count: int | None
) -> list[Candidate]:
    if count is None or len(kept) <= count:
        return kept
    rows = np.array([candidate.row for candidate in kept])
    return [kept[place] for place in covering(density[rows], layouts(figures.tones[rows]), count)]


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
