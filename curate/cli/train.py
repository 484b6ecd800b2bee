"""curate train: both halves trained with Musubi Tuner."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli import asking, console, options

if TYPE_CHECKING:
    from curate.dataset.run import TrainReport as Report


def train(
    context: typer.Context,
    musubi: asking.Musubi = None,
    python: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The Python that Musubi runs in; by default that of its .venv or venv.",
            show_default=False,
        ),
    ] = None,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Train the dense and the sparse LoRA with Musubi Tuner; without it, print the commands."""
    from curate.dataset import run

    with console.voice(quiet=quiet, as_json=as_json) as tell:
        report = run.train(context.obj, musubi, python=python, tell=tell, dry_run=dry_run)
    if as_json:
        console.show_json(report)
    elif report.loras:
        _say(report, context.obj)
    elif not report.failures:
        _say_commands(report)
    raise typer.Exit(console.finish(report.failures, done=len(report.steps)))


def _say_commands(report: Report) -> None:
    for step in report.steps:
        console.show(f"{step.name}: done before")
    console.show("In Musubi's folder, or all at once with `curate train --musubi DIR`:")
    for command in report.commands:
        console.show(f"  {command}")


def _say(report: Report, workspace: Path) -> None:
    for step in report.steps:
        loss = "" if step.loss is None else f", mean loss {step.loss:.4g}"
        console.show(f"{step.name}: {'done' if step.is_new else 'done before'}{loss}")
    for path in report.loras:
        console.show(f"  {path.as_posix()}")
    if not report.failures:
        console.show(f"curate -w {shlex.quote(str(workspace))} merge", lead="Next:")
