"""curate ledger: what was done, as JSON lines, out and back in; and where it lies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curate.cli import console
from curate.cli.help import Group

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="The ledger as JSON lines, or elsewhere.",
)

File = Annotated[Path, typer.Argument(help="A .jsonl file.")]


@app.command("export")
def export(context: typer.Context, file: File) -> None:
    """Write every record to FILE, sorted: equal ledgers give equal files."""
    from curate import lines
    from curate.ledger import Ledger

    with Ledger(context.obj) as ledger:
        lines.dump(ledger, file)
    console.show(f"Wrote {file}.")


@app.command("import")
def read(context: typer.Context, file: File) -> None:
    """Read FILE into the ledger; a record with the same key is replaced."""
    from curate import lines
    from curate.ledger import Ledger

    with Ledger(context.obj) as ledger:
        count = lines.load(ledger, file)
    console.show(f"Read {count} records from {file}.")


@app.command("move")
def move(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="On a disk of this machine.")],
) -> None:
    """Move the ledger out of a workspace on a network disk; the workspace keeps a link to it."""
    from curate import moving

    console.show(f"The ledger is {moving.move(context.obj, folder)} from now on.")
