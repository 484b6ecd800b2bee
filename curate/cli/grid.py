"""curate grid: what a slider does at each strength, and what else moves."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from curate.cli import console
from curate.cli.cells import (
    Accelerator,
    BlocksStudy,
    CellSize,
    Cfg,
    Clip,
    Concept,
    Direction,
    Encoder,
    Frames,
    Loras,
    LorasDir,
    Model,
    Name,
    Negative,
    Prompts,
    Sampler,
    Scheduler,
    Seeds,
    Shift,
    Size,
    Steps,
    Strengths,
    StyleLoras,
    Vae,
    Workflow,
)
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
from curate.errors import BadSetting

if TYPE_CHECKING:
    from curate.grid.run import Report, Slider

_UNFIT = re.compile(r"[^\w.+-]+")


def grid(
    context: typer.Context,
    lora: Loras = None,
    prompts: Prompts = None,
    strengths: Strengths = "-3,-2,-1,0,1,2,3",
    seed: Seeds = [42],  # noqa: B006 - typer reads it, nobody changes it
    blocks_study: BlocksStudy = "",
    name: Name = "",
    direction: Direction = "horizontal",
    cell_size: CellSize = 384,
    concept: Concept = "density",
    encoder: Encoder = "auto",
    server: Servers = ["http://127.0.0.1:8188"],  # noqa: B006
    header: Headers = None,
    server_timeout: ServerTimeout = 10.0,
    stall_after: StallAfter = 900.0,
    give_up_after: GiveUpAfter = 3600.0,
    loras_dir: LorasDir = None,
    check: Check = False,
    model: Model = None,
    clip: Clip = None,
    vae: Vae = None,
    steps: Steps = None,
    cfg: Cfg = None,
    shift: Shift = None,
    sampler: Sampler = None,
    scheduler: Scheduler = None,
    size: Size = None,
    frames: Frames = 1,
    negative: Negative = None,
    style_lora: StyleLoras = None,
    accelerator: Accelerator = None,
    workflow: Workflow = None,
    strength_node: Node = None,
    text_node: Node = None,
    seed_node: Node = None,
    output_node: Node = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Render a slider LoRA at each strength under each prompt, side by side, and measure it."""
    from curate import ledger as ledgers
    from curate.grid import run

    words = _loras(lora, workflow, context.obj)
    sliders = run.sliding.named(words)
    options = run.Options(
        model, clip, vae, steps, cfg, shift, sampler, scheduler, size, frames, negative,
        tuple(style_lora or ()), accelerator,
    )  # fmt: skip
    named = run.Named(text_node, seed_node, output_node, strength_node)
    how = run.recipe.of(sliders, workflow=workflow, named=named, options=options)
    wanted, texts = run.strengthening.parsed(strengths), run.prompts.read(prompts)
    access = run.Access(tuple(header or ()), server_timeout, stall_after, give_up_after)
    if check:
        tell_checks(run.check(how, sliders, wanted, server, access), as_json=as_json)
    labels = [slider.label for slider in sliders] or [Path(how.own_lora).stem]
    labels[0] += "_blocks" if blocks_study else ""
    look = run.Look(_named(name, labels), direction, cell_size, concept, encoder)
    with (
        _parts(blocks_study, sliders, context.obj, dry_run=dry_run) as parts,
        nullcontext(None)
        if dry_run and not ledgers.exists(context.obj)
        else ledgers.Ledger(context.obj) as ledger,
        console.voice(quiet=quiet, as_json=as_json) as tell,
    ):
        report = run.grid(
            ledger,
            how,
            run.sliding.named([*words, *parts]),
            texts,
            look,
            seeds=tuple(dict.fromkeys(seed)),
            strengths=wanted,
            servers=server,
            access=access,
            loras_dir=loras_dir,
            tell=tell,
            dry_run=dry_run,
        )
    if as_json:
        console.show_json(report)
    else:
        _say(report, dry_run=dry_run)
    done = report.rendered + report.kept
    raise typer.Exit(console.finish(report.failures, done=done, as_json=as_json))


def _loras(lora: list[str] | None, workflow: Path | None, workspace: Path) -> list[str]:
    """What was named; without a graph of one's own else the slider that `merge` wrote."""
    own = workspace / "loras" / "slider.safetensors"
    if lora or workflow is not None:
        return lora or []
    return [own.as_posix()] if own.is_file() else []


@contextmanager
def _parts(
    ranges: str, sliders: Sequence[Slider], workspace: Path, *, dry_run: bool
) -> Iterator[list[str]]:
    """The files of the LoRA restricted to each range of blocks; for a dry run only meanwhile."""
    from curate.merge import run as merging

    wanted = [word.strip() for word in ranges.split(",") if word.strip()]
    source = sliders[0].file if len(sliders) == 1 else None
    if wanted and source is None:
        raise BadSetting(
            "--blocks-study takes one LoRA, as a file here.", remedy="Give one --lora FILE."
        )
    with tempfile.TemporaryDirectory() as away:
        folder = Path(away) if dry_run else workspace / "grid" / "blocks"
        files = []
        for word in wanted:
            assert source is not None
            file = folder / f"{source.stem}_blocks_{_UNFIT.sub('-', word)}.safetensors"
            merging.part(source, file, word)
            files.append(str(file))
        yield files


def _named(name: str, labels: Sequence[str]) -> str:
    """The sheet's name, fit for a file: as asked, or the LoRA's with the number of the others."""
    more = f"+{len(labels) - 1}" if len(labels) > 1 else ""
    return _UNFIT.sub("-", name or labels[0] + more).strip("-.") or "grid"


def _say(report: Report, *, dry_run: bool) -> None:
    there = f"; {report.kept} were there already" if report.kept else ""
    if dry_run:
        for name in report.planned:
            console.show(name)
        console.show(f"{_cells(len(report.planned))} would be rendered{there}.")
        return
    console.show(f"{_cells(report.rendered)} rendered{there}.")
    from curate.grid.run import words as saying

    for finding in report.findings:
        console.show(saying.concept(finding), lead=finding.label)
        console.show(f"  {saying.usable(finding)}")
        for warning in finding.warnings:
            console.show(f"  {warning}")
    for file in report.files:
        console.show(file.as_posix())
    if report.page is not None:
        console.show(report.page.as_posix(), lead="Page:")


def _cells(count: int) -> str:
    return f"{count} cell{'s' if count != 1 else ''}"
