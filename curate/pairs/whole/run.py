"""The purity of the sets that the last check kept, one for each instruction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from curate.ledger import Ledger
from curate.pairs import purity
from curate.pairs.purity import Drift
from curate.pairs.report import Checked
from curate.records import Concept, Frame, Twin


@dataclass(frozen=True, slots=True)
class Whole:
    """The kept pairs of an instruction, and what differs systematically between their halves.

    `shotless` is how many of them come from no known shot; each then counts as one of its own.
    """

    name: str
    concept: Concept
    labels: tuple[str, ...]
    shots: int
    shotless: int
    drifts: tuple[Drift, ...]

    @property
    def failing(self) -> tuple[str, ...]:
        """The labels of the axes that fail."""
        return tuple(drift.axis.label for drift in self.drifts if drift.finding == "fail")


def wholes(ledger: Ledger, checked: Sequence[Checked], margins: Mapping[str, float]) -> list[Whole]:
    """The sets of the kept pairs, by instruction; the repaired halves count where there are any."""
    frames = {frame.id: frame for frame in ledger.all(Frame)}
    by_name = {PurePosixPath(frame.path).stem: frame for frame in frames.values()}
    of_twin = {twin.id: frames.get(twin.frame_id) for twin in ledger.all(Twin)}
    sets: dict[tuple[str, Concept], list[Checked]] = defaultdict(list)
    for one in checked:
        if one.ruling == "keep":
            sets[one.halves.group, one.halves.concept].append(one)
    found = []
    for (name, concept), members in sorted(sets.items()):
        shots: list[object] = []
        for one in members:
            frame = of_twin.get(one.pair.twin_id) or by_name.get(one.pair.name)
            shots.append((frame.film_id, frame.shot) if frame else one.halves.label)
        found.append(
            Whole(
                name,
                concept,
                tuple(one.halves.label for one in members),
                len(set(shots)),
                sum(isinstance(shot, str) for shot in shots),
                tuple(
                    purity.purity([one.pair.measures for one in members], shots, concept, margins)
                ),
            )
        )
    return found
