"""curate dataset --hub: the dataset for others."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from curate.cli import asking, console

Hub: TypeAlias = Annotated[
    bool, typer.Option("--hub", help="Write the dataset's pairs, full size, as the Hub reads them.")
]
Licence: TypeAlias = Annotated[
    str | None,
    typer.Option("--licence", "--license", help="With --hub: cc-by-4.0, cc0-1.0, other …"),
]
Parquet: TypeAlias = Annotated[
    bool, typer.Option("--parquet", help="With --hub: also as one Parquet file.")
]
Push: TypeAlias = Annotated[
    str | None,
    typer.Option("--push", metavar="USER/NAME", help="With --hub: upload it; private by default."),
]
Public: TypeAlias = Annotated[
    bool, typer.Option("--public", help="With --push: let everybody see it.")
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for beside --hub."""

    licence: str | None
    parquet: bool
    push: str | None
    public: bool
    dry_run: bool
    as_json: bool
    quiet: bool


def share(workspace: Path, asked: Asked) -> int:
    """Write the folder for the Hub and say so; the exit code."""
    from curate.dataset import run
    from curate.errors import NothingYet
    from curate.ledger import Ledger, exists

    if not exists(workspace):
        raise NothingYet("pairs in a dataset", workspace, "curate dataset")
    licence = asked.licence
    if not licence and not asked.as_json and sys.stdin.isatty():
        licence = asking.asked("Under which licence (cc-by-4.0, cc0-1.0, other)")
    with Ledger(workspace) as ledger:
        report = run.hub(
            ledger,
            licence,
            parquet=asked.parquet,
            push=asked.push,
            public=asked.public,
            quiet=asked.quiet or asked.as_json,
            dry_run=asked.dry_run,
        )
    if asked.as_json:
        console.show_json(report)
    else:
        would = "would be " if asked.dry_run else ""
        console.show(f"{len(report.pairs)} pairs {would}in {report.folder}")
        for place in (report.parquet, report.url):
            if place:
                console.show(f"  {place}")
    return console.finish(report.failures, done=len(report.pairs))
