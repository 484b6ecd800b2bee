"""How pair-check tells of repairs and of the purity of the whole set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curate.cli import console
from curate.errors import BadSetting, StrictFailed

if TYPE_CHECKING:
    from curate.pairs.run import Balancing, Checked, Report

_FINDINGS = {"pass": "green", "too few shots to tell": "yellow", "fail": "red"}


def hold(report: Report) -> int:
    """Say which axes fail; the exit code, 0 if none does."""
    failing = {whole.name: whole.failing for whole in report.wholes if whole.failing}
    return console.fail(StrictFailed(failing), as_json=False) if failing else 0


def balancing(*, name: bool, drop: bool, undo: bool) -> Balancing:
    """What is asked of the sets' balance.

    Raises:
        BadSetting: the options contradict each other.
    """
    if drop and not name:
        raise BadSetting("--drop belongs to --drop-to-balance.", remedy="Give both.")
    if undo and name:
        raise BadSetting("--undo-drop stands alone.", remedy="Undo first, then balance anew.")
    return "drop" if drop else "name" if name else "undo" if undo else None


def repair_as_json(one: Checked) -> dict[str, object] | None:
    """What was tried, and the measures before it; None if nothing was."""
    if one.repair is None:
        return None
    return {
        "kept": not one.repair.reason,
        "reason": one.repair.reason or None,
        "steps": one.repair.steps,
        "detail_moved": one.repair.detail_moved,
        "before": one.repair.original.measures,
        "frame": one.halves.frame,
        "twin": one.halves.twin,
    }


def purity_as_json(report: Report) -> list[dict[str, object]]:
    """Each set with its axes; an end of an interval that is not known is null."""
    return [
        {
            "set": whole.name,
            "concept": whole.concept,
            "pairs": len(whole.labels),
            "shots": whole.shots,
            "pairs_of_no_known_shot": whole.shotless,
            "spare": whole.spare,
            "axes": [
                {
                    "axis": drift.axis.key,
                    "mean": drift.mean,
                    "low": _finite(drift.low),
                    "high": _finite(drift.high),
                    "margin": drift.margin,
                    "finding": drift.finding,
                    "words": drift.words,
                }
                for drift in whole.drifts
            ],
        }
        for whole in report.wholes
    ]


def show_repairs(report: Report) -> None:
    """A line for each repair that is in force, and one for those that are not."""
    tried = [(one, one.repair) for one in report.pairs if one.repair]
    for one, repair in tried:
        if not repair.reason:
            console.show(f"Repaired {one.halves.label}: {'; '.join(repair.steps)}.")
    refused = sum(bool(repair.reason) for _, repair in tried)
    if refused:
        console.show(f"{refused} not repaired; make them anew: curate kontext --retry rejected")


def show_purity(report: Report) -> None:
    """A table for each set, and in words what is wrong."""
    for whole in report.wholes:
        console.show()
        shots = f"{len(whole.labels)} kept pairs, {whole.shots} shots"
        if whole.shotless:
            shots += f", of which {whole.shotless} unknown and counted one each"
        if whole.spare:
            shots += f"; {whole.spare} more kept, of frames that another twin counts of"
        console.show(f"Purity of {whole.name}, twin against frame ({shots}):")
        console.show_table(
            ("axis", "mean", "95 %", "margin", "finding"),
            [
                (
                    drift.axis.label,
                    drift.axis.written(drift.mean),
                    _span(drift.axis.written, drift.low, drift.high),
                    drift.axis.written(drift.margin, signed=False),
                    drift.finding,
                )
                for drift in whole.drifts
            ],
            styles=_FINDINGS,
        )
        for drift in whole.drifts:
            if drift.finding == "fail":
                console.show(f"{drift.axis.label}: {drift.words}.")

    for one in report.droppings:
        if not one.is_inside:
            console.show(f"No half of {one.name} or less could be dropped to balance it.")
            continue
        console.show(
            f"To balance {one.name}, drop {len(one.labels)} pairs (no fewer than {one.least} can): "
            + ", ".join(one.labels)
        )


def compared_as_json(report: Report) -> list[dict[str, object]]:
    """Of each set with controls: mean and finding of each axis with either dense half."""
    return [
        {
            "set": one.name,
            "pairs": one.pairs,
            **{
                half: [{"axis": d.axis.key, "mean": d.mean, "finding": d.finding} for d in drifts]
                for half, drifts in one.drifts.items()
            },
        }
        for one in report.compared
    ]


def show_compared(report: Report) -> None:
    """A table for each set with controls: the frame as its dense half, or the control."""
    for one in report.compared:
        console.show()
        console.show(
            f"Dense half of {one.name}, frame or control ({one.pairs} pairs; in use: "
            f"{report.dense_half}):"
        )
        console.show_table(
            ("axis", "frame", "finding", "control", "finding"),
            [
                (
                    frame.axis.label,
                    frame.axis.written(frame.mean),
                    frame.finding,
                    frame.axis.written(control.mean),
                    control.finding,
                )
                for frame, control in zip(one.drifts["frame"], one.drifts["control"], strict=False)
            ],
            styles=_FINDINGS,
        )


def _span(written: object, low: float, high: float) -> str:
    assert callable(written)
    if _finite(high) is None:
        return "unknown"
    return f"{written(low)} to {written(high)}"


def _finite(value: float) -> float | None:
    return value if abs(value) != float("inf") else None
