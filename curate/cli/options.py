"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

DEFAULT_WORKSPACE = Path("data")

DryRun: TypeAlias = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done; write nothing.")
]
Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON object instead of text.")
]
Quiet: TypeAlias = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress, only results and errors.")
]
