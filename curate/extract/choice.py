"""Which frames of a film are taken, and why the others are not."""

from __future__ import annotations

from dataclasses import dataclass

from curate.extract import keyframes, refuse, shots
from curate.extract.figures import Figures
from curate.extract.keyframes import Candidate
from curate.extract.refuse import Crop, Refused
from curate.extract.shots import Span


@dataclass(frozen=True, slots=True)
class Choice:
    """What is made of a film's figures.

    Attributes:
        spans: shots, flat stretches and transitions, in order.
        candidates: the frames that are taken.
        refused: row, number of the span from 1, reason and figure of each frame that is not.
        crop: the picture inside the film's black bars.
    """

    spans: tuple[Span, ...]
    candidates: tuple[Candidate, ...]
    refused: tuple[tuple[int, int, Refused], ...]
    crop: Crop


def choose(figures: Figures, count: int | None) -> Choice:
    """Find the shots, take the best frame of each, drop what is alike, keep `count` of the rest."""
    spans = shots.find(figures)
    candidates = []
    refused = []
    for number, span in enumerate(spans, start=1):
        row = (span.first + span.stop - 1) // 2
        reason = refuse.span(figures, span)
        if reason is None:
            row = keyframes.best(figures, span)
            reason = refuse.frame(figures, row)
        if reason is None:
            candidates.append(Candidate(row, number))
        else:
            refused.append((row, number, reason))
    kept, alike = keyframes.distinct(figures, candidates)
    refused += [
        (a.candidate.row, a.candidate.shot, Refused("similar", a.difference)) for a in alike
    ]
    taken = kept if count is None else keyframes.chosen(figures, kept, count)
    surplus = [candidate for candidate in kept if candidate not in set(taken)]
    refused += [(c.row, c.shot, Refused("surplus", float(figures.density[c.row]))) for c in surplus]
    return Choice(
        tuple(spans),
        tuple(taken),
        tuple(sorted(refused, key=lambda r: r[:2])),
        refuse.bars(figures),
    )
