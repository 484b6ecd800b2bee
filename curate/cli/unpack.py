"""curate unpack: a workspace from an archive."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from curate.cli import console, options


def unpack(
    context: typer.Context,
    archive: Annotated[Path, typer.Argument(help="A file that `curate pack` wrote.")],
    as_json: options.Json = False,
) -> None:
    """Check an archive and restore the workspace that it was packed from.

    Every checksum is compared; links, paths that lead outside and unlisted files are refused.
    """
    from curate.dataset import run

    report = run.unpack(archive, context.obj)
    if as_json:
        console.show_json(report)
        return
    console.show(f"{report.workspace}: {report.files} files, all checksums right")
    place = shlex.quote(str(report.workspace))
    console.show(f"curate -w {place} dataset, or curate -w {place} merge", lead="Next:")
