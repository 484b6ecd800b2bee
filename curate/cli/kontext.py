"""curate kontext: a twin for every frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from curate.cli import console
from curate.cli.options import DryRun, Json, Quiet

if TYPE_CHECKING:
    from curate.kontext.run import Report

_TWINS = "Which twins"
_COMFY = "ComfyUI servers"
_SHIPPED = "The shipped FLUX.1 Kontext graph"
_OWN = "A graph of your own"

Prompt = Annotated[
    str, typer.Option(help="The instruction: a file, or a name in ./prompts or in the package.")
]
Backend = Annotated[
    str,
    typer.Option(
        help="comfy; embedded, a small simplifier to try the loop without a GPU; "
        "or a .py file of yours.",
        metavar="NAME",
    ),
]
Variants = Annotated[
    int,
    typer.Option(min=1, help="Twins a frame; pair-check finds the best.", rich_help_panel=_TWINS),
]
Retry = Annotated[
    Literal["rejected"] | None,
    typer.Option(
        help="Only make new twins, with new seeds, where pair-check rejected all there are.",
        rich_help_panel=_TWINS,
    ),
]
Tries = Annotated[
    int, typer.Option(min=1, help="With --retry: twins a frame at most.", rich_help_panel=_TWINS)
]
Control = Annotated[
    bool,
    typer.Option(
        "--control",
        help="Also send each frame with the instruction to change nothing.",
        rich_help_panel=_TWINS,
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="For every frame.",
        show_default="from the frame's content",
        rich_help_panel=_TWINS,
    ),
]
Size = Annotated[
    str,
    typer.Option(
        help="Of both halves: kontext, multiple-of-16 (crop only), or WIDTHxHEIGHT.",
        metavar="SIZE",
        rich_help_panel=_TWINS,
    ),
]
Limit = Annotated[
    int | None, typer.Option(min=1, help="Make at most so many now.", rich_help_panel=_TWINS)
]
Servers = Annotated[
    list[str],
    typer.Option(
        "--server", help="A ComfyUI; repeat it and they share the work.", rich_help_panel=_COMFY
    ),
]
Headers = Annotated[
    list[str] | None,
    typer.Option(
        "--header",
        help="For a proxy before them, such as 'Authorization: Bearer …'; may be repeated.",
        metavar="HEADER",
        rich_help_panel=_COMFY,
    ),
]
ServerTimeout = Annotated[
    float,
    typer.Option(
        min=0.0, help="Seconds without an answer until one is lost.", rich_help_panel=_COMFY
    ),
]
StallAfter = Annotated[
    float,
    typer.Option(
        min=0.0, help="Seconds in which its job may stand still.", rich_help_panel=_COMFY
    ),
]
GiveUpAfter = Annotated[
    float,
    typer.Option(
        min=0.0, help="Seconds to wait for one while all are lost.", rich_help_panel=_COMFY
    ),
]
Steps = Annotated[
    int | None, typer.Option(min=1, show_default="20", help="Steps.", rich_help_panel=_SHIPPED)
]
Guidance = Annotated[
    float | None, typer.Option(show_default="2.5", help="Guidance.", rich_help_panel=_SHIPPED)
]
Sampler = Annotated[
    str | None, typer.Option(show_default="euler", help="Sampler.", rich_help_panel=_SHIPPED)
]
Scheduler = Annotated[
    str | None, typer.Option(show_default="simple", help="Scheduler.", rich_help_panel=_SHIPPED)
]
Model = Annotated[
    str | None,
    typer.Option(
        help="A file in models/diffusion_models.",
        metavar="FILE",
        show_default="flux1-dev-kontext_fp8_scaled",
        rich_help_panel=_SHIPPED,
    ),
]
Loras = Annotated[
    list[str] | None,
    typer.Option(
        "--lora",
        help="A file in models/loras with a strength; may be repeated.",
        metavar="FILE:STRENGTH",
        rich_help_panel=_SHIPPED,
    ),
]
Workflow = Annotated[
    Path | None,
    typer.Option(
        help="Exported in API format; the frame's, text's, seed's and output's nodes are found.",
        metavar="FILE",
        rich_help_panel=_OWN,
    ),
]
Node = Annotated[
    str | None,
    typer.Option(
        help="Where several could be meant: ID or ID.input.",
        metavar="ID",
        rich_help_panel=_OWN,
    ),
]


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
    if not ledgers.exists(context.obj):
        raise NothingYet("frames", context.obj, "curate extract film.mkv")
    with ledgers.Ledger(context.obj) as ledger, console.voice(quiet=quiet, as_json=as_json) as tell:
        report = run.kontext(
            ledger,
            recipe,
            servers=server,
            access=run.Access(tuple(header or ()), server_timeout, stall_after, give_up_after),
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
    raise typer.Exit(console.finish(report.failures, done=done))


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
    twins += f" and {report.controls} controls" if report.controls else ""
    folder = (workspace / "twins" / report.instruction.name).as_posix()
    for name in report.planned if dry_run else ():
        console.show(name)
    console.show(f"{twins} {'would be made' if dry_run else 'made'} in {folder}{there}.")
    if report.hopeless:
        frames = "frame was" if report.hopeless == 1 else "frames were"
        console.show(f"{report.hopeless} {frames} tried enough and rejected each time.")
    for maker in sorted({twin.made_by for twin in report.made}):
        console.show(f"Made by {maker}." if report.servers else f"{maker[0].upper()}{maker[1:]}.")
    if report.made:
        console.show("curate pair-check", lead="Next:")
