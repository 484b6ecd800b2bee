"""The purity of the sets that the last check kept, one for each instruction."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal, TypeAlias

from curate import choice
from curate.ledger import Ledger, now
from curate.pairs import balance, purity
from curate.pairs.checked import Checked
from curate.pairs.halves import Halves
from curate.pairs.purity import Drift
from curate.pairs.repair.record import Repair
from curate.pairs.sources import Made, Origins, Shown
from curate.records import Concept, Frame, Pair, Twin, Verdict

Balancing: TypeAlias = Literal["name", "drop", "undo"] | None
"""Name the pairs to drop, record them as rejected by a person, or take such rulings back."""

_DROPPED = ("dropped to balance the set",)


@dataclass(frozen=True, slots=True)
class Whole:
    """The kept pairs of an instruction, and what differs systematically between their halves.

    `shotless` is how many of them come from no known shot; each then counts as one of its own.
    `spare` is how many more are kept, of whose frames another twin counts.
    """

    name: str
    concept: Concept
    labels: tuple[str, ...]
    shots: int
    shotless: int
    drifts: tuple[Drift, ...]
    members: tuple[Checked, ...]
    marks: tuple[object, ...]
    spare: int = 0

    @property
    def failing(self) -> tuple[str, ...]:
        """The labels of the axes that fail."""
        return tuple(drift.axis.label for drift in self.drifts if drift.finding == "fail")


def origins(ledger: Ledger) -> Origins:
    """The frames and twins of a ledger."""
    frames = ledger.columns(Frame, "id", *Shown._fields)
    twins = map(Made._make, ledger.columns(Twin, *Made._fields))
    return Origins(
        {key: Shown(*shown) for key, *shown in frames}, {twin.id: twin for twin in twins}
    )


def wholes(
    checked: Sequence[Checked], origins: Origins, margins: Mapping[str, float]
) -> list[Whole]:
    """The sets of the kept pairs, by instruction; the repaired halves count where there are any.

    Of a frame with several twins only the one counts that the dataset takes.
    """
    kept = [one for one in checked if one.ruling == "keep"]
    counting, shots = _chosen(kept, origins), _shots(kept, origins)
    sets: dict[tuple[str, Concept], list[Checked]] = defaultdict(list)
    spare = Counter[tuple[str, Concept]]()
    for one in kept:
        key = one.halves.group, one.halves.concept
        if one.pair.id in counting:
            sets[key].append(one)
        else:
            spare[key] += 1
    return [
        _whole(name, concept, members, shots, margins, spare[name, concept])
        for (name, concept), members in sorted(sets.items())
    ]


def _whole(
    name: str,
    concept: Concept,
    members: Sequence[Checked],
    shots: Mapping[str, object],
    margins: Mapping[str, float],
    spare: int,
) -> Whole:
    marks = tuple(shots[one.pair.id] for one in members)
    measures = [one.pair.measures for one in members]
    return Whole(
        name,
        concept,
        tuple(one.halves.label for one in members),
        len(set(marks)),
        sum(isinstance(mark, str) for mark in marks),
        tuple(purity.purity(measures, marks, concept, margins)),
        tuple(members),
        marks,
        spare,
    )


def _chosen(kept: Sequence[Checked], origins: Origins) -> Collection[str]:
    """The ids of the pairs that count, by the same choice as the dataset's."""
    verdicts = [
        Verdict(one.pair.id, judge, "keep", (), score=one.score)
        for one in kept
        for judge in (("rule", "person") if one.person else ("rule",))
    ]
    return choice.best([one.pair for one in kept], origins.current, verdicts)


def _shots(kept: Sequence[Checked], origins: Origins) -> dict[str, object]:
    """What tells a pair's shot from others, by its id; its own label where no shot is known."""
    frames = origins.frames
    by_name: dict[str, Shown] = {}
    if any(not one.pair.twin_id for one in kept):
        by_name = {PurePosixPath(frame.path).stem: frame for frame in frames.values()}
    found: dict[str, object] = {}
    for one in kept:
        twin = origins.twins.get(one.pair.twin_id)
        frame = frames.get(twin.frame_id) if twin else by_name.get(one.pair.name)
        found[one.pair.id] = (frame.film_id, frame.shot) if frame else one.halves.label
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
    ledger: Ledger,
    checked: list[Checked],
    origins: Origins,
    margins: Mapping[str, float],
    asked: Balancing,
) -> tuple[list[Checked], list[Dropping]]:
    """What to drop from each set that fails, if asked; with "drop" it is recorded and counts."""
    if asked not in ("name", "drop"):
        return checked, []
    droppings: list[Dropping] = []
    gone: dict[str, Checked] = {}
    for whole in wholes(checked, origins, margins):
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
