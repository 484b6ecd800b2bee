"""The app: words in, words out; errors become advice and an exit code."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from curate import __version__, config
from curate.cli import console
from curate.cli.help import WIDTH, Command, Group
from curate.cli.options import DEFAULT_WORKSPACE
from curate.errors import CurateError

COMMANDS = {
    "extract": (
        "Take the frames worth having out of films: one a shot, crowded, sharp, no two alike."
    ),
    "kontext": "Make the twin of every extracted frame: the same picture under an instruction.",
    "pair-check": (
        "Measure how each twin fits its frame and rule: keep, look or reject, with the reasons."
    ),
    "review": "Decide on the pairs on a local page: keep, reject or repair, saved as you press.",
    "dataset": (
        "Write the kept pairs as two image folders and all that Musubi Tuner needs to train them."
    ),
    "train": (
        "Train the dense and the sparse LoRA with Musubi Tuner; without it, print the commands."
    ),
    "merge": "Subtract LoRA B from LoRA A, exactly, and write the difference at a small rank.",
    "inspect": "Show what a LoRA holds and how it was made; with two, how they differ.",
    "grid": (
        "Render a slider LoRA at each strength under each prompt, side by side, and measure it."
    ),
    "pack": (
        "Put pairs, captions, settings, graphs, seeds, measures, LoRAs and ledger into one file."
    ),
    "unpack": "Check an archive and restore the workspace that it was packed from.",
    "status": (
        "Show for each station what is done, failed and waiting, and the next command to type."
    ),
    "demo": "Run the whole loop on a drawn film, without a GPU, a server or a download.",
    "doctor": "Look for all that the stations need; each line is ok or says the remedy.",
    "ledger": "The ledger as JSON lines, or elsewhere.",
}
"""In help's order, each with the first sentence of its own help.

Each is a module here, with a function of its name or an `app` of several.
"""

_NO_DEFAULT = {"help", "version", "install_completion", "show_completion"}


class _Front(Group):
    """`curate` itself: of a value that it takes amiss it says where it was set."""

    def make_context(self, *arguments: Any, **settings: Any) -> Any:
        with _telling_where():
            return super().make_context(*arguments, **settings)

    def invoke(self, ctx: Any) -> Any:
        with _telling_where():
            return super().invoke(ctx)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@contextmanager
def _telling_where() -> Iterator[None]:
    try:
        yield
    except typer.BadParameter as error:
        context, option = error.ctx, error.param
        if context and option and option.name:
            source = context.get_parameter_source(option.name)
            if source is not None and source.name == "DEFAULT_MAP":
                command = context.info_name if context.parent else ""
                error.message += f" {_where(command or '', option.opts[0].removeprefix('--'))}"
        raise


def _where(command: str, option: str) -> str:
    variable = config.variable(command, option)
    place = f"the environment ({variable})" if os.environ.get(variable) else str(config.FILE)
    return f"It was set in {place}."


app = typer.Typer(
    cls=_Front,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH},
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class _Commands(Mapping[str, Any]):
    """The commands by name; a command's module is imported when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        return _command(name)

    def __contains__(self, name: object) -> bool:
        return name in COMMANDS

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


@cache
def _command(name: str) -> Any:
    word = name.replace("-", "_")
    module = import_module(f"curate.cli.{word}")
    own = getattr(module, "app", None)
    if own is None:
        own = typer.Typer(add_completion=False, rich_markup_mode=None)
        own.command(cls=getattr(module, "Command", Command))(getattr(module, word))
    command = get_command(own)
    command.name = name
    return command


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

    0 done, 1 some items failed, 2 usage, 3 bad input, 4 no ComfyUI, 5 --strict failed,
    130 interrupted.
    """
    warnings.showwarning = lambda message, *_: console.note(f"note: {message}")
    command = front()
    try:
        known = _Known(command)
        file, environment = config.load(config.FILE, known), config.environment(os.environ, known)
        command.main(default_map=config.merged(file, environment))
    except CurateError as error:
        sys.exit(console.fail(error, as_json="--json" in sys.argv))
    except SystemExit as leaving:
        if leaving.code == console.INTERRUPTED:
            console.note("Interrupted. Run the same command again; it goes on where it stopped.")
        raise


def front() -> TyperGroup:
    """`curate` itself, with all its commands."""
    command = get_command(app)
    assert isinstance(command, TyperGroup)
    command.commands = _Commands()  # type: ignore[assignment] # it is only read
    return command


class _Known(Mapping[str, Mapping[str, config.Option]]):
    """What may be set in curate.toml: the options of each command, those of `curate` under ""."""

    def __init__(self, front: TyperGroup) -> None:
        self._front = front

    def __getitem__(self, name: str) -> Mapping[str, config.Option]:
        command = self._front.commands[name] if name else self._front
        return {
            flag.removeprefix("--"): config.Option(option.name, getattr(option, "multiple", False))
            for option in command.params
            for flag in option.opts
            if option.name and flag.startswith("--") and option.name not in _NO_DEFAULT
        }

    def __contains__(self, name: object) -> bool:
        return name == "" or name in COMMANDS

    def __iter__(self) -> Iterator[str]:
        return iter(("", *COMMANDS))

    def __len__(self) -> int:
        return 1 + len(COMMANDS)
