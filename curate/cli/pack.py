"""curate pack: everything that a LoRA was made of, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curate.cli import console, options
from curate.errors import NothingYet


def pack(
    context: typer.Context,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The archive; by default beside the workspace."),
    ] = None,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Put pairs, captions, settings, graphs, seeds, measures, LoRAs and ledger into one file.

    It has no times and no paths of this machine: the same workspace gives the same bytes.
    """
    from curate.dataset import run
    from curate.ledger import Ledger, exists

    workspace: Path = context.obj
    if not exists(workspace):
        raise NothingYet("pairs in a dataset", workspace, "curate dataset")
    archive = output or workspace.absolute().with_name(f"{workspace.absolute().name}.curate.tar")
    with Ledger(workspace) as ledger:
        report = run.pack(ledger, archive, dry_run=dry_run)
    if as_json:
        console.show_json(report)
        return
    would = "Would hold" if dry_run else "holds"
    console.show(f"{archive}: {would} {report.files} files, {report.size_mb:.1f} MB")
    if report.merge:
        console.show(f"  merged by: {report.merge}")
