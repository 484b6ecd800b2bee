"""A file of prompts: a line a prompt."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from curate.errors import BadInput

_SHIPPED = "prompts.txt"


def read(file: Path | None) -> tuple[str, ...]:
    """The prompts of a file, or those that come with curate; "#" begins a comment line.

    Raises:
        BadInput: there is no such file, it is not UTF-8, has no prompt or one twice.
    """
    text = _packaged() if file is None else _text(file)
    lines = [line.strip() for line in text.splitlines()]
    prompts = [line for line in lines if line and not line.startswith("#")]
    if not prompts:
        raise BadInput(f"{file} has no prompt.", remedy="Write one on a line of its own.")
    twice = next((prompt for prompt in prompts if prompts.count(prompt) > 1), None)
    if twice:
        raise BadInput(f"{file} has a prompt twice: {twice}.", remedy="Delete one of the two.")
    return tuple(prompts)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise BadInput(
            f"There is no file {file}.", remedy="Write a prompt a line, and name it with --prompts."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"Cannot read {file}: {error}.", remedy="Save it as UTF-8 text.") from error


def _packaged() -> str:
    return (resources.files("curate.grid") / _SHIPPED).read_text(encoding="utf-8")
