"""curate doctor: what this machine has and lacks."""

from __future__ import annotations

from typing import Annotated

import typer

from curate.cli import console
from curate.cli.options import Json

_COLOURS = {"ok": "green", "optional": "yellow", "missing": "red"}


def doctor(
    context: typer.Context,
    server: Annotated[
        list[str], typer.Option("--server", help="A ComfyUI to look at; repeatable.")
    ] = ["http://127.0.0.1:8188"],  # noqa: B006 - typer reads it, nobody changes it
    as_json: Json = False,
) -> None:
    """Look for all that the stations need; each line is ok or says the remedy."""
    from curate import doctor as doctors

    found = []
    for check in doctors.checks(context.obj, server):
        found.append(check)
        if not as_json:
            lead = f"{check.state:8}"
            console.show(f"{check.name}: {check.found}", lead=lead, style=_COLOURS[check.state])
            if check.remedy:
                console.show(f"{'':8} {check.remedy}")
    if as_json:
        console.show_json({"checks": found})
    if any(check.state == "missing" for check in found):
        raise typer.Exit(console.SOME_FAILED)
