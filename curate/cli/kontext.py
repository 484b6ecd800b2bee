"""curate kontext: a twin for every frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from curate.cli import console
from curate.cli.options import DryRun, Json, Quiet

if TYPE_CHECKING:
    from curate.kontext.run import Report

Prompt = Annotated[
    str, typer.Option(help="The instruction: a file, or a name in ./prompts or in the package.")
]
Backend = Annotated[
    Literal["comfy", "embedded"],
    typer.Option(help="ComfyUI, or a small simplifier to try the loop without a GPU."),
]
Servers = Annotated[
    list[str], typer.Option("--server", help="A ComfyUI; repeat it and they share the work.")
]
Workflow = Annotated[
    Path | None,
    typer.Option(
        help="A graph of your own, exported in API format.", show_default="FLUX.1 Kontext"
    ),
]
Node = Annotated[str | None, typer.Option(help="Its node's id in --workflow.", metavar="ID")]
Seed = Annotated[
    int | None, typer.Option(min=0, help="For every twin.", show_default="one for each frame")
]
Limit = Annotated[int | None, typer.Option(min=1, help="Make at most so many twins.")]


def kontext(
    context: typer.Context,
    prompt: Prompt = "simplify.txt",
    backend: Backend = "comfy",
    server: Servers = ["http://127.0.0.1:8188"],  # noqa: B006 - typer reads it, nobody changes it
    workflow: Workflow = None,
    image_node: Node = None,
    text_node: Node = None,
    seed_node: Node = None,
    output_node: Node = None,
    seed: Seed = None,
    limit: Limit = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make the twin of every extracted frame: the same picture under an instruction."""
    from curate import ledger as ledgers
    from curate.errors import NothingYet
    from curate.kontext import run

    if not ledgers.exists(context.obj):
        raise NothingYet("frames", context.obj, "curate extract film.mkv")
    with ledgers.Ledger(context.obj) as ledger, console.voice(quiet=quiet) as tell:
        report = run.kontext(
            ledger,
            prompt,
            backend=backend,
            servers=server,
            workflow=workflow,
            named=run.Named(image_node, text_node, seed_node, output_node),
            seed=seed,
            limit=limit,
            tell=tell,
            dry_run=dry_run,
        )
    if as_json:
        console.show_json(_object(report))
    else:
        _say(report, context.obj, dry_run=dry_run)
    raise typer.Exit(console.finish(report.failures, done=len(report.made) + report.kept))


def _object(report: Report) -> dict[str, object]:
    made = [
        {
            "name": twin.name,
            "frame": twin.frame_path,
            "twin": twin.twin_path,
            "width": twin.width,
            "height": twin.height,
            "crop": twin.crop,
            "seed": twin.seed,
            "made_by": twin.made_by,
        }
        for twin in report.made
    ]
    return {
        "prompt": report.instruction.name,
        "slider": report.instruction.slider,
        "concept": report.instruction.concept,
        "backend": report.backend,
        "servers": report.servers,
        "planned": report.planned,
        "twins": made,
        "kept": report.kept,
        "failures": report.failures,
    }


def _say(report: Report, workspace: Path, *, dry_run: bool) -> None:
    instruction = report.instruction
    there = f"; {report.kept} were there already" if report.kept else ""
    count = len(report.planned if dry_run else report.made)
    twins = f"{count} twin{'s' if count != 1 else ''}"
    folder = (workspace / "twins" / instruction.name).as_posix()
    if dry_run:
        for name in report.planned:
            console.show(name)
        console.show(f"{twins} would be made in {folder}{there}.")
        return
    console.show(f"{twins} made in {folder}{there}.")
    for maker in sorted({twin.made_by for twin in report.made}):
        console.show(f"Made by {maker}." if report.servers else f"{maker[0].upper()}{maker[1:]}.")
    if report.made:
        console.show("curate pair-check", lead="Next:")
