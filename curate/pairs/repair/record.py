"""What became of the repair of a pair: kept, refused or taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curate.pairs.halves import Halves
from curate.pairs.repair.faults import COLOURS, Fault, faults
from curate.pairs.verdict import LIMITS, Judgement, Thresholds
from curate.records import Concept, Pair, Task, Verdict


@dataclass(frozen=True, slots=True)
class Repair:
    """A repair that was tried; `reason` says why it is not in force, empty if it is.

    `original` and its `judgement` are the pair before the repair.
    """

    halves: Halves
    original: Pair
    judgement: Judgement
    steps: tuple[str, ...]
    detail_moved: float
    reason: str


def of_task(task: Task, halves: Halves, original: Pair, judgement: Judgement) -> Repair:
    """A repair as its task tells of it.

    Args:
        task: as the ledger keeps it.
        halves: of the pair before the repair.
        original: that pair.
        judgement: what the rule says of it.
    """
    moved, reason = task.settings["detail_moved"], str(task.settings["reason"])
    assert isinstance(moved, int | float)
    return Repair(halves, original, judgement, steps(task), float(moved), reason)


def steps(task: Task) -> tuple[str, ...]:
    """What a repair did, in words, as its task tells."""
    told = task.settings["steps"]
    assert isinstance(told, list)
    return tuple(map(str, told))


def wanted(
    measures: Mapping[str, float | None],
    concept: Concept,
    limits: Thresholds,
    judgement: Judgement,
    person: Verdict | None,
) -> tuple[Fault, ...]:
    """What of a pair is to be repaired: what was flagged, or all there is if a person asks for it.

    Nothing where a person ruled otherwise, or the rule rejects nothing.
    """
    if person is not None:
        return ("registration", *COLOURS) if person.ruling == "look" else ()
    if judgement.ruling != "reject":
        return ()
    return faults(
        [
            limit.key
            for limit in LIMITS
            if concept in limit.concepts
            and (value := limit.value(measures)) is not None
            and limit.passed(value, limits[limit.key])
            and limit.counts(measures, limits)
        ]
    )


def refusal(before: Judgement, after: Judgement) -> str:
    """Why a repaired pair does not pass, as the end of a sentence; empty if it does.

    It passes if nothing rejects it and nothing is doubtful that was not so before.
    """
    known = {reason.badge for reason in before.reasons}
    left: Sequence[str] = [
        reason.text
        for reason in after.reasons
        if reason.ruling == "reject" or reason.badge not in known
    ]
    return f"afterwards still: {left[0]}" if left else ""
