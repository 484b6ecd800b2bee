"""curate pair-check: which pairs are good enough to train on."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli import console, options
from curate.errors import BadSetting, NothingYet
from curate.records import Concept, Ruling

if TYPE_CHECKING:
    from curate.pairs.run import Report

_RULINGS: tuple[Ruling, ...] = ("keep", "look", "reject")
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
        str | None, typer.Option(help="CLIP weights, a folder or hub name, to compare content.")
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
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Measure how each twin fits its frame and rule: keep, look or reject, with the reasons."""
    from curate.ledger import Ledger, exists
    from curate.pairs import run

    if (dense is None) != (sparse is None):
        raise BadSetting("--dense and --sparse belong together.", remedy="Give both folders.")
    workspace: Path = context.obj
    folders = (dense, sparse) if dense and sparse else None
    if not folders and not exists(workspace):
        raise NothingYet("twins", workspace, "curate kontext --prompt simplify.txt")
    decisions: dict[str, Ruling] = dict.fromkeys(reject or (), "reject")
    decisions |= dict.fromkeys(keep or (), "keep")
    if both := sorted(set(keep or ()) & set(reject or ())):
        raise BadSetting(f"{both[0]} is both kept and rejected.", remedy="Name it once.")
    with ExitStack() as stack:
        if dry_run and not exists(workspace):
            workspace = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ledger = stack.enter_context(Ledger(workspace))
        tell = stack.enter_context(console.voice(quiet=quiet))
        report = run.pair_check(
            ledger,
            folders=folders,
            clip=clip,
            settings=setting or (),
            concept=concept,
            decisions=decisions,
            tell=tell,
            dry_run=dry_run,
        )
    _show(report, as_json=as_json, dry_run=dry_run)
    raise typer.Exit(console.finish(report.failures, done=len(report.pairs)))


def _show(report: Report, *, as_json: bool, dry_run: bool) -> None:
    if dry_run and as_json:
        console.show_json({"would_measure": report.waiting})
    elif dry_run:
        console.show(f"Would measure {len(report.waiting)} pairs.")
        for name in report.waiting:
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
        }
        for one in report.pairs
    ]
    return {"pairs": pairs, "failures": report.failures, "page": report.page, "notes": report.notes}


def _show_table(report: Report) -> None:
    if not report.pairs:
        return
    console.show_table(
        ("pair", "verdict", "reasons"),
        [(one.halves.label, one.ruling, "\n".join(one.reasons)) for one in report.pairs],
        styles=_COLOURS,
    )
    counts = Counter(one.ruling for one in report.pairs)
    console.show()
    console.show(", ".join(f"{counts[ruling]} {ruling}" for ruling in _RULINGS))
    without = sum(one.pair.encoder == "" for one in report.pairs)
    if without:
        console.show(f"CLIP image similarity: not measured on {without} pairs; give --clip DIR.")
    for text in sorted({one.halves.made_by for one in report.pairs}):
        if "preview" in text:
            console.show(f"Twins: {text}.")
    console.show(f"Page: {report.page}")
    if counts["look"]:
        console.show("Decide the doubtful ones with --keep NAME or --reject NAME.")
