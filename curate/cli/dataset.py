"""curate dataset: the kept pairs as Musubi Tuner reads them."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli import console, options
from curate.errors import NothingYet

if TYPE_CHECKING:
    from curate.dataset.run import Report


def dataset(
    context: typer.Context,
    resolution: Annotated[
        int, typer.Option(help="Train at the area of a square with this side, in px.")
    ] = 192,
    prompt: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Whose pairs, if several instructions have some, or 'folders'."
        ),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Where Musubi keeps its caches.", show_default=False)
    ] = None,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Write the kept pairs as two image folders and two dataset files for Musubi Tuner."""
    from curate.dataset import run
    from curate.ledger import Ledger, exists

    if not exists(context.obj):
        raise NothingYet("pairs", context.obj, "curate pair-check")
    with Ledger(context.obj) as ledger, console.voice(quiet=quiet) as tell:
        report = run.dataset(
            ledger,
            resolution=resolution,
            prompt=prompt,
            cache=cache,
            tell=tell,
            dry_run=dry_run,
        )
    if as_json:
        console.show_json(report)
    elif dry_run:
        _show_plan(report)
    elif report.pairs:
        _show(report)
    raise typer.Exit(console.finish(report.failures, done=len(report.pairs)))


def _show_plan(report: Report) -> None:
    console.show(
        f"Would keep {len(report.pairs)} pairs in {report.folder}: "
        f"write {len(report.written)}, take out {len(report.removed)}."
    )


def _show(report: Report) -> None:
    changes = f"{len(report.written)} written"
    if report.removed:
        changes += f", {len(report.removed)} taken out"
    console.show(f"{len(report.pairs)} pairs in {report.folder} ({changes})")
    for bucket, count in report.buckets:
        crop = f", {bucket.crop_px} px cropped" if bucket.crop_px else ""
        images = "image" if count == 1 else "images"
        console.show(f"  {count} {images} a half, trained at {bucket.width}×{bucket.height}{crop}")
    if report.emptied_caches:
        console.show(
            f"Emptied Musubi's caches ({report.emptied_caches} files): they were of another set."
        )
    console.show(f"  {report.folder / 'dense.toml'}\n  {report.folder / 'sparse.toml'}\n")
    console.show("Train both halves in Musubi's folder (DIT, VAE, T5: your model files):")
    for command in report.commands[:3]:
        console.show(f"  {command}")
    console.show("  and the same three with sparse.toml and --output_name sparse")
    console.show(f"Then: curate -w {shlex.quote(str(report.folder.parent))} merge")
