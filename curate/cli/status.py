"""curate status: how far the work is, and the next command to type."""

from __future__ import annotations

import shlex
from dataclasses import replace

import typer

from curate.cli import console
from curate.cli.options import Json


def status(context: typer.Context, as_json: Json = False) -> None:
    """Show for each station what is done, failed and waiting, and the next command to type."""
    from curate import status as statuses

    found = statuses.of(context.obj)
    source = context.find_root().get_parameter_source("workspace")
    if source and source.name == "COMMANDLINE":
        here = f"curate -w {shlex.quote(str(context.obj))} "
        command = found.next_step.command.replace("curate ", here, 1)
        found = replace(found, next_step=replace(found.next_step, command=command))
    if as_json:
        console.show_json(found)
        return
    if found.stations:
        console.show_table(
            ("station", "done", "failed", "waiting", ""),
            [(s.station, s.done, s.failed, s.waiting, s.note) for s in found.stations],
        )
    else:
        console.show(f"Nothing has been done in {found.workspace} yet.")
    for failure in found.failed:
        console.show(f"failed: {failure.station} {failure.item}: {failure.reason} {failure.remedy}")
    console.show(f"\n{found.next_step.why}")
    if found.next_step.command:
        console.show(found.next_step.command, lead="Next:")
