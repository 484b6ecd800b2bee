"""What is done to one pair: both halves read, measured, made small for an encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from curate import identity
from curate.errors import Failure, ImageUnreadable, SizesDiffer
from curate.measures import VERSION, Measures
from curate.pairs.halves import Halves, hash_of
from curate.records import Pair

if TYPE_CHECKING:
    from curate.measures import semantic


@dataclass(frozen=True, slots=True)
class Check:
    """A pair to measure; `id` hashes both halves' contents and the algorithm.

    With `pair` its measures stand and only the similarity of its contents is missing.
    """

    id: str
    halves: Halves
    frame_id: str
    twin_id: str
    side_px: int = 0
    pair: Pair | None = None

    @classmethod
    def of(cls, halves: Halves) -> Check:
        """What is to be measured on a pair that never was."""
        frame, twin = hash_of(halves.frame), hash_of(halves.twin)
        contents = {"name": halves.name, "group": halves.group, "frame": frame, "twin": twin}
        return cls(identity.of_task(VERSION, **contents), halves, frame, twin)

    @property
    def name(self) -> str:
        return self.halves.label


@dataclass(frozen=True, slots=True)
class Measured:
    """What `work` brings back: the measures, and both halves small enough for an encoder."""

    measures: Measures | None
    squashed: semantic.Squashed | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The pairs whose measures stand, those to measure or to embed, and those that cannot be.

    `renewed` are those of the first that are to be written anew: they stand for another twin or
    concept than is written, or an older version wrote them without their numbers.
    """

    known: tuple[tuple[Halves, Pair], ...]
    checks: tuple[Check, ...]
    failures: tuple[Failure, ...]
    renewed: tuple[Pair, ...] = ()


def work(check: Check) -> Measured:
    """Read both halves and measure what is missing.

    Raises:
        ImageUnreadable: a half is missing, damaged or too small.
        SizesDiffer: the halves have different sizes.
    """
    from curate import images  # pixels are loaded where there is something to measure
    from curate.measures import semantic
    from curate.measures.measure import LEAST_SIDE_PX, measure

    frame, twin = images.read(check.halves.frame), images.read(check.halves.twin)
    if frame.shape != twin.shape:
        raise SizesDiffer(check.name, frame.shape[1::-1], twin.shape[1::-1])
    if min(frame.shape[:2]) < LEAST_SIDE_PX:
        raise ImageUnreadable(check.halves.frame, f"a side is under {LEAST_SIDE_PX} px")
    squashed = semantic.squashed(frame, twin, check.side_px) if check.side_px else None
    return Measured(None if check.pair else measure(frame, twin), squashed)
