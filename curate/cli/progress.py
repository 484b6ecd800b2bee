"""Progress on stderr: bars for people, or a line of JSON for each event."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

from curate.events import Event, Notice, Progress, Tell, Working

NAMES = {Progress: "progress", Notice: "notice", Working: "server"}


class _Left(TimeRemainingColumn):
    """Time left; a server's line has none of its own, they finish together."""

    def render(self, task: Task) -> Text:
        return Text("") if task.fields["is_server"] else super().render(task)


@contextmanager
def drawn(console: Console) -> Iterator[Tell]:
    """A teller that draws a bar for each stretch of work and a line for each server."""
    bars = Bars(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}", markup=False),
        _Left(),
        TextColumn("{task.fields[detail]}", markup=False),
        TextColumn("[red]{task.fields[failed]}"),
        console=console,
        transient=False,
    )
    shown: dict[str, TaskID] = {}

    def row(label: str, *, is_server: bool) -> TaskID:
        if not shown:
            bars.start()
        if label not in shown:
            shown[label] = bars.add_task(
                label, total=None, unit="", detail="", failed="", is_server=is_server
            )
        return shown[label]

    def tell(event: Event) -> None:
        if isinstance(event, Notice):
            bars.console.print(event.text, soft_wrap=True, highlight=False, markup=False)
        elif isinstance(event, Working):
            bars.update(
                row(f"  {event.server}", is_server=True),
                completed=event.step,
                total=event.steps or None,
                unit="steps" if event.steps else "",
                detail=standing(event),
                failed=f"{event.failed} failed" if event.failed else "",
            )
        else:
            bars.update(
                row(event.label, is_server=False),
                completed=round(event.done),
                total=round(event.total),
                unit=event.unit,
                detail=event.detail,
                failed=f"{event.failed} failed" if event.failed else "",
            )

    try:
        yield tell
    finally:
        if shown:
            bars.stop()


def written() -> Tell:
    """A teller that writes each event to stderr as one line of JSON, its kind under "event"."""

    def tell(event: Event) -> None:
        line(NAMES[type(event)], **asdict(event))

    return tell


def line(kind: str, **fields: object) -> None:
    """Write an event to stderr as one line of JSON."""
    print(json.dumps({"event": kind, **fields}, ensure_ascii=False), file=sys.stderr, flush=True)


def standing(event: Working) -> str:
    """What a server does, in words."""
    if event.is_lost:
        return f"lost · {event.done} done"
    rate = f"{event.per_minute:.1f}/min" if event.per_minute else ""
    return " · ".join(part for part in (event.item, f"{event.done} done", rate) if part)
