"""What all commands that work through ComfyUI ask for: its servers, and a graph's nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from curate.cli import console

if TYPE_CHECKING:
    from curate.grid.run import Checks

COMFY = "ComfyUI servers"
OWN_GRAPH = "A graph of your own"

Servers = Annotated[
    list[str],
    typer.Option(
        "--server",
        metavar="URL",
        help="A ComfyUI; repeat it and they share the work.",
        rich_help_panel=COMFY,
    ),
]
Headers = Annotated[
    list[str] | None,
    typer.Option(
        "--header",
        help="For a proxy before them, such as 'Authorization: Bearer …'; may be repeated.",
        metavar="HEADER",
        rich_help_panel=COMFY,
    ),
]
ServerTimeout = Annotated[
    float,
    typer.Option(
        min=0.0,
        metavar="S",
        help="Seconds without an answer until one is lost.",
        rich_help_panel=COMFY,
    ),
]
StallAfter = Annotated[
    float,
    typer.Option(
        min=0.0,
        metavar="S",
        help="Seconds in which its job may stand still.",
        rich_help_panel=COMFY,
    ),
]
GiveUpAfter = Annotated[
    float,
    typer.Option(
        min=0.0,
        metavar="S",
        help="Seconds to wait for one while all are lost.",
        rich_help_panel=COMFY,
    ),
]
Check = Annotated[
    bool,
    typer.Option(
        "--check",
        help="Only ask them whether they can run the graph; nothing is made.",
        rich_help_panel=COMFY,
    ),
]
Node = Annotated[
    str | None,
    typer.Option(
        help="Where several could be meant: ID or ID.input.",
        metavar="ID",
        rich_help_panel=OWN_GRAPH,
    ),
]


def tell_checks(checks: Checks, *, as_json: bool) -> NoReturn:
    """Say which servers can run the graph and why others cannot; that ends the command."""
    if as_json:
        console.show_json(checks)
    else:
        for url, version in checks.ready.items():
            console.show(
                f"{url}: ComfyUI {version} has every node and model, and accepts the graph."
            )
    raise typer.Exit(console.finish(checks.failures, done=len(checks.ready)))
