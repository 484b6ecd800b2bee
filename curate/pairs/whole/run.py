"""The purity of the sets that the last check kept, one for each instruction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal, TypeAlias

from curate.ledger import Ledger, now
from curate.pairs import balance, purity
from curate.pairs.halves import Halves
from curate.pairs.purity import Drift
from curate.pairs.repair.record import Repair
from curate.pairs.report import Checked
from curate.records import Concept, Frame, Pair, Twin, Verdict

Balancing: TypeAlias = Literal["name", "drop", "undo"] | None
"""Name the pairs to drop, record them as rejected by a person, or take such rulings back."""

_DROPPED = ("dropped to balance the set",)


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
    members: tuple[Checked, ...]
    marks: tuple[object, ...]

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
                tuple(members),
                tuple(shots),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Dropping:
    """The fewest pairs found whose dropping brings a set inside; no fewer than `least` can.

    Where `is_inside` is False none were found.
    """

    name: str
    labels: tuple[str, ...]
    least: int
    is_inside: bool


def balanced(
    ledger: Ledger, checked: list[Checked], margins: Mapping[str, float], asked: Balancing
) -> tuple[list[Checked], list[Dropping]]:
    """What to drop from each set that fails, if asked; with "drop" it is recorded and counts."""
    if asked not in ("name", "drop"):
        return checked, []
    droppings: list[Dropping] = []
    gone: dict[str, Checked] = {}
    for whole in wholes(ledger, checked, margins):
        if not whole.failing:
            continue
        held = [i for i, one in enumerate(whole.members) if one.person == "keep"]
        measures = [one.pair.measures for one in whole.members]
        found = balance.balance(measures, whole.marks, whole.concept, margins, held)
        named = [whole.members[i] for i in found.drop] if found.is_inside else []
        labels = tuple(one.halves.label for one in named)
        droppings.append(Dropping(whole.name, labels, found.least, found.is_inside))
        gone |= {one.pair.id: one for one in named}
    if asked == "name" or not gone:
        return checked, droppings
    with ledger.transaction():
        ledger.put(*(Verdict(key, "person", "reject", _DROPPED, at=now()) for key in gone))
    return [replace(c, person="reject") if c.pair.id in gone else c for c in checked], droppings


def undo(ledger: Ledger, pairs: Sequence[tuple[Halves, Pair, Repair | None]]) -> None:
    """Take back what `balanced` recorded on these pairs; other rulings of a person stand."""
    ids = {pair.id for _, pair, _ in pairs}
    with ledger.transaction():
        for one in ledger.all(Verdict, judge="person"):
            if one.reasons == _DROPPED and one.pair_id in ids:
                ledger.remove(Verdict, pair_id=one.pair_id, judge="person")
