"""What the verdicts in the ledger were made with: the thresholds, the dense half."""

from __future__ import annotations

from curate.pairs.halves import DenseHalf
from curate.pairs.verdict import DEFAULTS, Thresholds
from curate.records import Task

STATION = "limits"
HALF = "dense-half"


def task(limits: Thresholds) -> Task:
    """The record of a judging by these thresholds; it takes the place of the last one."""
    return Task(STATION, STATION, "", "done", dict(limits))


def limits(last: Task | None) -> Thresholds:
    """The thresholds that a record tells; the defaults for those that it does not."""
    told = last.settings if last else {}
    known = {key: value for key, value in told.items() if key in DEFAULTS}
    return {**DEFAULTS, **{k: float(v) for k, v in known.items() if isinstance(v, int | float)}}


def half_task(half: DenseHalf) -> Task:
    """The record of which dense half is in use; it takes the place of the last one."""
    return Task(HALF, HALF, "", "done", {"half": half})


def half(last: Task | None) -> DenseHalf:
    """The dense half that a record tells; the frame where there is none."""
    return "control" if last and last.settings.get("half") == "control" else "frame"
