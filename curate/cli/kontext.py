"""curate kontext: a twin for every frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from curate.cli import console
from curate.cli.options import DryRun, Json, Quiet
from curate.cli.servers import (
    Check,
    GiveUpAfter,
    Headers,
    Node,
    Servers,
    ServerTimeout,
    StallAfter,
    tell_checks,
)
from curate.cli.twins import (
    Backend,
    Control,
    Guidance,
    Limit,
    Loras,
    Model,
    Prompt,
    Retry,
    Sampler,
    Scheduler,
    Seed,
    Size,
    Steps,
    Tries,
    Variants,
    Workflow,
)

if TYPE_CHECKING:
    from curate.kontext.run import Report


def kontext(
    context: typer.Context,
    prompt: Prompt = "simplify.txt",
    backend: Backend = "comfy",
    variants: Variants = 1,
    retry: Retry = None,
    tries: Tries = 3,
    control: Control = False,
    seed: Seed = None,
    size: Size = "kontext",
    limit: Limit = None,
    server: Servers = ["http://127.0.0.1:8188"],  # noqa: B006 - typer reads it, nobody changes it
    header: Headers = None,
    server_timeout: ServerTimeout = 10.0,
    stall_after: StallAfter = 900.0,
    give_up_after: GiveUpAfter = 3600.0,
    check: Check = False,
    steps: Steps = None,
    guidance: Guidance = None,
    sampler: Sampler = None,
    scheduler: Scheduler = None,
    model: Model = None,
    lora: Loras = None,
    workflow: Workflow = None,
    image_node: Node = None,
    text_node: Node = None,
    seed_node: Node = None,
    output_node: Node = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make the twin of every extracted frame: the same picture under an instruction."""
    from curate import ledger as ledgers
    from curate.errors import NothingYet
    from curate.kontext import run

    recipe = run.recipes.of(
        prompt,
        backend,
        workflow=workflow,
        named=run.Named(image_node, text_node, seed_node, output_node),
        options=run.Options(steps, guidance, sampler, scheduler, model, tuple(lora or ())),
        size=size,
        seed=seed,
    )
    access = run.Access(tuple(header or ()), server_timeout, stall_after, give_up_after)
    if check:
        tell_checks(run.check(recipe, server, access), as_json=as_json)
    if not ledgers.exists(context.obj):
        raise NothingYet("frames", context.obj, "curate extract film.mkv")
    with ledgers.Ledger(context.obj) as ledger, console.voice(quiet=quiet, as_json=as_json) as tell:
        report = run.kontext(
            ledger,
            recipe,
            servers=server,
            access=access,
            takes=run.Takes(variants, retry is not None, tries, control),
            limit=limit,
            tell=tell,
            dry_run=dry_run,
        )
    if as_json:
        console.show_json(_object(report))
    else:
        _say(report, context.obj, dry_run=dry_run)
    done = len(report.made) + report.controls + report.kept
    raise typer.Exit(console.finish(report.failures, done=done, as_json=as_json))


def _object(report: Report) -> dict[str, object]:
    made = [
        {
            "name": twin.name,
            "frame": twin.frame_path,
            "twin": twin.twin_path,
            "control": twin.control_path,
            "variant": twin.variant,
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
        "controls": report.controls,
        "kept": report.kept,
        "hopeless": report.hopeless,
        "failures": report.failures,
    }


def _say(report: Report, workspace: Path, *, dry_run: bool) -> None:
    there = f"; {report.kept} were there already" if report.kept else ""
    count = len(report.planned if dry_run else report.made)
    twins = f"{count} twin{'s' if count != 1 else ''}"
    if report.controls:
        twins += f" and {report.controls} control{'s' if report.controls != 1 else ''}"
    folder = (workspace / "twins" / report.instruction.name).as_posix()
    for name in report.planned if dry_run else ():
        console.show(name)
    console.show(f"{twins} {'would be made' if dry_run else 'made'} in {folder}{there}.")
    if report.hopeless:
        frames = "frame" if report.hopeless == 1 else "frames"
        console.show(f"{report.hopeless} {frames} rejected: tried enough, or nothing to edit.")
    for maker in sorted({twin.made_by for twin in report.made}):
        console.show(f"Made by {maker}." if report.servers else f"{maker[0].upper()}{maker[1:]}.")
    if report.made:
        console.show("curate pair-check", lead="Next:")
