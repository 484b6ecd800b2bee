"""Results on stdout, everything else on stderr."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TextIO

from curate.errors import CurateError, Failure, NotWritable
from curate.events import Event, Tell, silent

if TYPE_CHECKING:
    from rich.console import Console

DONE, SOME_FAILED, INTERRUPTED = 0, 1, 130


def show_json(value: object) -> None:
    """Print one JSON object; records become objects, paths strings with forward slashes."""
    text = json.dumps(value, default=_plain, ensure_ascii=False, indent=2)
    with _written():
        print(text, flush=True)


def show(text: str = "", *, lead: str = "", style: str = "bold") -> None:
    """Print a line of the result as it is, after `lead`, which has a style."""
    space = " " if lead and text else ""
    with _written():
        if _is_plain(sys.stdout):
            print(f"{lead}{space}{text}", flush=True)
            return
        from rich.text import Text

        line = Text.assemble((lead, style), space, text)
        _console(stderr=False).print(line, soft_wrap=True)
        sys.stdout.flush()


def show_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    styles: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Print a table; numbers stand to the right, a cell that `styles` names has that style."""
    from rich.table import Table
    from rich.text import Text

    lines = [list(row) for row in rows]
    table = Table(box=None, pad_edge=False)
    for index, column in enumerate(columns):
        numbers = bool(lines) and all(isinstance(row[index], int | float) for row in lines)
        table.add_column(column, justify="right" if numbers else "left", overflow="fold")
    for row in lines:
        cells = [_cell(value) for value in row]
        table.add_row(*(Text(cell, styles.get(cell, "")) for cell in cells))
    with _written():
        _console(stderr=False).print(table)
        sys.stdout.flush()


def note(text: str) -> None:
    """Say something on stderr that is no result."""
    if _is_plain(sys.stderr):
        print(text, file=sys.stderr)
        return
    _console(stderr=True).print(text, soft_wrap=True, highlight=False, markup=False)


def fail(error: CurateError, *, as_json: bool) -> int:
    """Say what happened and the way out, on stdout too if it is to be JSON; the exit code."""
    _complain(str(error), error.remedy)
    if as_json:
        show_json({"failures": [Failure.of("", error)]})
    return error.exit_code


def finish(failures: Sequence[Failure], done: int, *, as_json: bool = False) -> int:
    """Say each failure; returns 0, 1 if some items were done, else the failures' own exit code.

    With `as_json` each is a line of JSON on stderr, like the events of `voice`.
    """
    for failure in failures:
        if as_json:
            from curate.cli import progress

            progress.line("failure", **asdict(failure))
        else:
            _complain(failure.message, failure.remedy)
    if not failures:
        return DONE
    return SOME_FAILED if done else max(failure.exit_code for failure in failures)


@contextmanager
def voice(*, quiet: bool, as_json: bool = False) -> Iterator[Tell]:
    """A teller that draws progress on stderr, or with `as_json` writes a line for each event."""
    if quiet:
        yield silent
        return
    with ExitStack() as stack:
        told: list[Tell] = []

        def tell(event: Event) -> None:
            if not told:
                from curate.cli import progress  # often there is nothing to tell

                drawn = progress.drawn(_console(stderr=True))
                told.append(progress.written() if as_json else stack.enter_context(drawn))
            told[0](event)

        yield tell


@contextmanager
def _written() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.EPIPE:  # whoever read, such as `head`, has seen enough
            raise
        with suppress(OSError):
            sys.stdout.close()
        sys.stdout = None  # so that nothing is flushed again at the end
        raise NotWritable(Path("the result"), error.strerror or str(error)) from error


def _complain(message: str, remedy: str) -> None:
    console = _console(stderr=True)
    console.print("[bold red]error:[/] ", end="")
    console.print(message, soft_wrap=True, highlight=False, markup=False)
    console.print(f"       {remedy}", soft_wrap=True, highlight=False, markup=False)


def _is_plain(stream: TextIO) -> bool:
    """Whether nothing can be styled there, so that rich need not be loaded."""
    return not stream.isatty() and not os.environ.get("FORCE_COLOR")


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else 120)


def _cell(value: object) -> str:
    if value is None:
        return "not measured"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
