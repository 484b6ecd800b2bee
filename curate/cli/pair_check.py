"""curate pair-check: which pairs are good enough to train on."""

from __future__ import annotations

import gc
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from curate.cli import console, engines, options, sets
from curate.errors import BadSetting, NothingYet
from curate.records import Concept, Ruling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curate.pairs.run import Calibration, Checked, Report

_RULINGS: tuple[Ruling, ...] = ("keep", "look", "reject")
DenseHalf = Literal["frame", "control"]
_MOST_ROWS = 100
_RECORDS = 1_000_000  # what is read of a ledger stays: to look for garbage among it takes a tenth
_COLOURS = {"keep": "green", "look": "yellow", "reject": "red"}


def pair_check(
    context: typer.Context,
    dense: Annotated[
        Path | None,
        typer.Option(help="A folder of frames, with --sparse."),
    ] = None,
    sparse: Annotated[
        Path | None,
        typer.Option(help="A folder of their twins, named alike."),
    ] = None,
    clip: Annotated[
        str,
        typer.Option(
            help="What compares content: a folder or hub name of CLIP weights, embedded, none; "
            "auto takes what is on this machine."
        ),
    ] = "auto",
    captions: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="DENSE SPARSE",
            help="What frames and twins show, in words, for CLIP's directional similarity.",
            show_default="as the instruction file says",
        ),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A threshold; may be repeated."),
    ] = None,
    concept: Annotated[
        Concept | None, typer.Option(help="What may change between the halves.")
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Rule that this pair stays.")
    ] = None,
    reject: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Rule that this pair goes.")
    ] = None,
    undo: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Take a ruling of yours back.")
    ] = None,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Propose the limits that your rulings speak for.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Try to repair what is rejected; keep what then fits.")
    ] = False,
    unrepair: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Take this pair's repair back.")
    ] = None,
    repair_again: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Try this pair's repair again: refused or taken back."),
    ] = None,
    dense_half: Annotated[
        DenseHalf | None,
        typer.Option(
            help="The dense side from now on: the frame, or its control (kontext --control).",
            show_default="as before, at first frame",
        ),
    ] = None,
    drop_to_balance: Annotated[
        bool,
        typer.Option(
            "--drop-to-balance", help="Name the fewest pairs to drop so that no axis drifts."
        ),
    ] = False,
    drop: Annotated[
        bool, typer.Option("--drop", help="And reject them, as you would with --reject.")
    ] = False,
    undo_drop: Annotated[
        bool, typer.Option("--undo-drop", help="Take back what --drop rejected.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 5 if the kept pairs drift on any axis.")
    ] = False,
    engine: engines.Engine = "local",
    ray_address: engines.RayAddress = None,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Measure how each twin fits its frame and rule: keep, look or reject, with the reasons."""
    from curate.ledger import Ledger, exists
    from curate.pairs import run

    if (dense is None) != (sparse is None):
        raise BadSetting("--dense and --sparse belong together.", remedy="Give both folders.")
    gc.set_threshold(_RECORDS)
    workspace: Path = context.obj
    folders = (dense, sparse) if dense and sparse else None
    if not folders and not exists(workspace):
        raise NothingYet("twins", workspace, "curate kontext --prompt simplify.txt")
    decisions = _decisions(keep or (), reject or (), undo or ())
    with ExitStack() as stack:
        if dry_run and not exists(workspace):
            workspace = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ledger = stack.enter_context(Ledger(workspace))
        tell = stack.enter_context(console.voice(quiet=quiet))
        if not dry_run:
            used = engines.used(engine, ray_address, workspace, (dense, sparse), tell)
            stack.enter_context(used)
        report = run.pair_check(
            ledger,
            folders=folders,
            clip=None if clip == "none" else clip,
            captions=captions,
            settings=setting or (),
            concept=concept,
            decisions=decisions,
            repair=repair,
            unrepair=unrepair or (),
            repair_again=repair_again or (),
            balance=sets.balancing(name=drop_to_balance, drop=drop, undo=undo_drop),
            propose=calibrate,
            dense_half=dense_half,
            tell=tell,
            dry_run=dry_run,
        )
    _show(report, as_json=as_json, dry_run=dry_run)
    code = console.finish(report.failures, done=len(report.pairs))
    raise typer.Exit(sets.hold(report) or code if strict else code)


def _decisions(
    keep: Sequence[str], reject: Sequence[str], undo: Sequence[str]
) -> dict[str, Ruling | None]:
    """What a person rules of each pair; None takes a ruling back."""
    decisions: dict[str, Ruling | None] = dict.fromkeys(keep, "keep")
    decisions |= dict.fromkeys(reject, "reject")
    decisions |= dict.fromkeys(undo, None)
    words = Counter([*set(keep), *set(reject), *set(undo)])
    if twice := sorted(name for name, count in words.items() if count > 1):
        raise BadSetting(
            f"{twice[0]} stands with two of --keep, --reject and --undo.", remedy="Name it once."
        )
    return decisions


def _show(report: Report, *, as_json: bool, dry_run: bool) -> None:
    if dry_run and as_json:
        waiting = {"would_measure": report.waiting, "would_repair": report.would_repair}
        console.show_json(waiting)
    elif dry_run:
        console.show(f"Would measure {len(report.waiting)} pairs.")
        for name in report.waiting:
            console.show(f"  {name}")
        if report.would_repair:
            console.show(f"Would repair {len(report.would_repair)} pairs of those measured.")
        for name in report.would_repair:
            console.show(f"  {name}")
    elif as_json:
        console.show_json(_as_json(report))
    else:
        _show_table(report)


def _as_json(report: Report) -> dict[str, object]:
    pairs = [
        {
            "name": one.halves.label,
            "verdict": one.ruling,
            "reasons": one.reasons,
            "judge": "person" if one.person else "rule",
            "measures": one.pair.measures,
            "not_measured": one.judgement.not_measured,
            "encoder": one.pair.encoder or None,
            "repair": sets.repair_as_json(one),
        }
        for one in report.pairs
    ]
    return {
        "pairs": pairs,
        "failures": report.failures,
        "page": report.page,
        "notes": report.notes,
        "dense_half": report.dense_half,
        "purity": sets.purity_as_json(report),
        "purity_by_dense_half": sets.compared_as_json(report),
        "drop_to_balance": report.droppings,
        "calibration": report.calibration,
    }


def _show_table(report: Report) -> None:
    if not report.pairs:
        return
    shown, left_out = _worth_showing(report.pairs)
    console.show_table(
        ("pair", "verdict", "reasons"),
        [(one.halves.label, one.ruling, "\n".join(one.reasons)) for one in shown],
        styles=_COLOURS,
    )
    if left_out:
        console.show(f"… and {left_out} more: on the page, or with --json.")
    counts = Counter(one.ruling for one in report.pairs)
    console.show()
    console.show(", ".join(f"{counts[ruling]} {ruling}" for ruling in _RULINGS))
    _show_encoders(report)
    for text in sorted({one.halves.made_by for one in report.pairs}):
        if "preview" in text:
            console.show(f"Twins: {text}.")
    sets.show_repairs(report)
    sets.show_purity(report)
    sets.show_compared(report)
    console.show(f"Page: {report.page}")
    if counts["look"]:
        console.show("Decide the doubtful ones: `curate review`, or --keep NAME and --reject NAME.")
    if report.calibration:
        _show_calibration(report.calibration)


def _worth_showing(pairs: Sequence[Checked]) -> tuple[Sequence[Checked], int]:
    """All pairs, or of many the doubtful ones and then the rejected; how many are left out."""
    if len(pairs) <= _MOST_ROWS:
        return pairs, 0
    order = ("look", "reject")
    doubtful = sorted(
        (one for one in pairs if one.ruling in order), key=lambda one: order.index(one.ruling)
    )
    return doubtful[:_MOST_ROWS], len(pairs) - len(doubtful[:_MOST_ROWS])


def _show_encoders(report: Report) -> None:
    counts = Counter(one.pair.encoder for one in report.pairs)
    if without := counts.pop("", 0):
        console.show(f"CLIP image similarity: not measured on {without} pairs; give --clip DIR.")
    for encoder, count in sorted(counts.items()):
        console.show(f"Image similarity of {count} pairs: {encoder}.")


def _show_calibration(found: Calibration) -> None:
    console.show()
    console.show(
        f"Of {found.decided} pairs that you ruled on, the rule agrees with you on "
        f"{found.agreed_now}: {found.wrongly_caught[0]} that you keep it does not, "
        f"{found.missed[0]} that you reject it keeps."
    )
    if not found.proposals:
        console.show("No other limits would agree more often.")
        return
    console.show_table(
        ("limit", "now", "proposed"),
        [(one.key, f"{one.now:g}", f"{one.proposed:g}") for one in found.proposals],
    )
    console.show(
        f"With these it would agree on {found.agreed}: {found.wrongly_caught[1]} and "
        f"{found.missed[1]}. On pairs that you have not seen, expect {found.expected:.0%}."
    )
    if found.expected * found.decided <= found.agreed_now:
        console.show("That is no better than now: rule on more pairs before you use them.")
    console.show(" ".join(f"--set {one.key}={one.proposed:g}" for one in found.proposals))
