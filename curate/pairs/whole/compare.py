"""The purity of a set with either dense half: the frame, or the frame as the model gives it back.

An image model leaves a tint, a softness, a shift on all that it makes. Where the frame itself went
through it with the instruction to change nothing, both halves carry that, and a LoRA of their
difference does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from curate.pairs import purity
from curate.pairs.halves import DenseHalf
from curate.pairs.purity import Drift, Measures
from curate.pairs.whole.run import Whole

Key: TypeAlias = tuple[str, str]
"""The group and name of a pair."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The same kept pairs of a set with each dense half; the axes are in the same order."""

    name: str
    pairs: int
    drifts: Mapping[DenseHalf, tuple[Drift, ...]]


def compared(
    wholes: Sequence[Whole],
    others: Mapping[Key, Measures],
    chosen: DenseHalf,
    margins: Mapping[str, float],
) -> list[Compared]:
    """Both halves' drifts of each set, over those of its pairs that have both.

    Args:
        wholes: the sets with the dense half that is in use.
        others: the measures of pairs with the other half.
        chosen: which half is in use.
        margins: by the axis's key.
    """
    other: DenseHalf = "control" if chosen == "frame" else "frame"
    found = []
    for whole in wholes:
        own: list[Measures] = []
        its: list[Measures] = []
        marks = []
        for one, mark in zip(whole.members, whole.marks, strict=True):
            if measures := others.get((one.halves.group, one.halves.name)):
                own.append(one.pair.measures)
                its.append(measures)
                marks.append(mark)
        drifts: dict[DenseHalf, tuple[Drift, ...]] = {
            chosen: tuple(purity.purity(own, marks, whole.concept, margins)),
            other: tuple(purity.purity(its, marks, whole.concept, margins)),
        }
        if marks:
            found.append(Compared(whole.name, len(marks), drifts))
    return found
