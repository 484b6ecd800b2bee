"""The app: words in, words out; errors become advice and an exit code."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup
from typer.main import get_command

from curate import __version__, config
from curate.cli import (
    console,
    dataset,
    demo,
    doctor,
    extract,
    inspect,
    kontext,
    ledger,
    merge,
    pair_check,
    status,
)
from curate.cli.options import DEFAULT_WORKSPACE
from curate.errors import CurateError

_NO_DEFAULT = {"help", "version", "install_completion", "show_completion"}

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


app.command()(extract.extract)
app.command()(kontext.kontext)
app.command(cls=merge.Command)(merge.merge)
app.command()(inspect.inspect)
app.command()(pair_check.pair_check)
app.command()(dataset.dataset)
app.command()(status.status)
app.command()(demo.demo)
app.command()(doctor.doctor)
app.add_typer(ledger.app, name="ledger")


def _version(asked: bool) -> None:
    if asked:
        console.show(f"curate {__version__}")
        raise typer.Exit


@app.callback()
def curate(
    context: typer.Context,
    workspace: Annotated[
        Path, typer.Option("-w", "--workspace", help="The folder that holds the work.")
    ] = DEFAULT_WORKSPACE,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Curate pixel-aligned image pairs for slider LoRAs, from the film to the merged LoRA."""
    context.obj = workspace


def main() -> None:
    """Run the command line and exit.

    0 done, 1 some items failed, 2 usage, 3 bad input, 4 no ComfyUI, 130 interrupted.
    """
    warnings.showwarning = lambda message, *_: console.note(f"note: {message}")
    command = get_command(app)
    assert isinstance(command, TyperGroup)
    try:
        known = _options(command)
        file, environment = config.load(config.FILE, known), config.environment(os.environ, known)
        command.main(default_map=config.merged(file, environment))
    except CurateError as error:
        sys.exit(console.fail(error, as_json="--json" in sys.argv))
    except SystemExit as leaving:
        if leaving.code == console.INTERRUPTED:
            console.note("Interrupted. Run the same command again; it goes on where it stopped.")
        raise


def _options(command: TyperGroup) -> config.Known:
    groups = {"": command, **command.commands}
    return {
        name: {
            flag.removeprefix("--"): config.Option(option.name, getattr(option, "multiple", False))
            for option in group.params
            for flag in option.opts
            if option.name and flag.startswith("--") and option.name not in _NO_DEFAULT
        }
        for name, group in groups.items()
    }
