"""Where Musubi and its models are: told by options, else asked for once and remembered."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from curate import config, files
from curate.cli import console

Musubi: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where Musubi Tuner is.", show_default=False)
]
Dit: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The DiT to train.", show_default=False)
]
Vae: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Wan's VAE.", show_default=False)
]
T5: TypeAlias = Annotated[
    Path | None,
    typer.Option("--t5", metavar="FILE", help="Wan's text encoder.", show_default=False),
]

Paths = dict[str, Path | None]

_QUESTIONS = {
    "musubi": "Where is Musubi Tuner (the folder; empty to leave it open)",
    "dit": "Which DiT to train (file)",
    "vae": "Which VAE (file)",
    "t5": "Which T5 (file)",
}


def ask(found: Paths) -> Paths:
    """`found` with what is missing asked for at a terminal, and written to curate.toml."""
    missing = [key for key, path in found.items() if path is None]
    if not missing or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return found
    answers: dict[str, Path] = {}
    for key in missing:
        answer = asked(_QUESTIONS[key])
        if not answer and key == "musubi":
            return found
        if answer:
            answers[key] = Path(answer).expanduser().absolute()
    if answers:
        remember(config.FILE, "dataset", answers)
        console.note(f"Remembered in {config.FILE}.")
    return found | answers


def asked(question: str) -> str:
    """What is typed at the terminal; Ctrl-C and Ctrl-D leave as they do elsewhere."""
    try:
        answer: str = typer.prompt(question, default="", show_default=False, err=True)
    except typer.Abort:
        raise KeyboardInterrupt from None
    return answer.strip()


def remember(file: Path, command: str, answers: Mapping[str, Path]) -> None:
    """Add options of a command to curate.toml; all that stands there stays as it is."""
    held = file.read_text(encoding="utf-8-sig") if file.exists() else ""
    lines = held.splitlines()
    added = [
        f"{key} = {json.dumps(path.as_posix(), ensure_ascii=False)}"
        for key, path in answers.items()
    ]
    header = f"[{command}]"
    at = next((n for n, line in enumerate(lines) if line.split("#")[0].strip() == header), None)
    if at is None:
        lines += [*([""] if lines else []), header, *added]
    else:
        lines[at + 1 : at + 1] = added
    files.write_text(file, "\n".join(lines) + "\n")
