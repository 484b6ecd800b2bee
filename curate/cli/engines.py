"""Where a station's work is done: in processes of this machine, or on a Ray cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from curate.errors import BadSetting
from curate.events import Notice, Tell

Name: TypeAlias = Literal["local", "ray"]
_PANEL = "More machines"

Engine: TypeAlias = Annotated[
    Name,
    typer.Option(
        help="What does the work: processes of this machine, or Ray.", rich_help_panel=_PANEL
    ),
]
RayAddress: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT|auto",
        help="The head of a Ray cluster that this machine is part of; without it Ray is started "
        "here.",
        rich_help_panel=_PANEL,
    ),
]


@contextmanager
def used(
    name: Name,
    address: str | None,
    shared: Path,
    inputs: Sequence[Path | None],
    tell: Tell,
) -> Iterator[None]:
    """The engine of that name for what is done inside.

    Args:
        name: of the engine.
        address: of the cluster, if it is one.
        shared: the workspace, which all nodes must see.
        inputs: what else they must see.
        tell: hears what the cluster has.

    Raises:
        BadSetting: an address without the engine that has one.
    """
    if name == "local":
        if address:
            raise BadSetting("--ray-address is for --engine ray.", remedy="Give both, or neither.")
        yield
        return
    from curate import engine

    with engine.ray(address, shared, [path for path in inputs if path]) as cluster:
        tell(Notice(str(cluster)))
        yield
