"""The thresholds of the last judging, as the ledger keeps them: the verdicts there are by these."""

from __future__ import annotations

from curate.pairs.verdict import DEFAULTS, Thresholds
from curate.records import Task

STATION = "limits"


def task(limits: Thresholds) -> Task:
    """The record of a judging by these thresholds; it takes the place of the last one."""
    return Task(STATION, STATION, "", "done", dict(limits))


def limits(last: Task | None) -> Thresholds:
    """The thresholds that a record tells; the defaults for those that it does not."""
    told = last.settings if last else {}
    known = {key: value for key, value in told.items() if key in DEFAULTS}
    return {**DEFAULTS, **{k: float(v) for k, v in known.items() if isinstance(v, int | float)}}
