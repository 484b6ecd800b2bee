"""The measuring of a grid's cells: plan, work, record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from curate import engine, identity
from curate.errors import Failure
from curate.events import Progress, Tell
from curate.grid import measuring
from curate.grid.cell import Sheet
from curate.grid.look import NO_ENCODER
from curate.ledger import Ledger
from curate.measures import semantic
from curate.records import Cell

LABEL = "grid: measuring"


def measure(ledger: Ledger, sheet: Sheet, wish: str, tell: Tell) -> list[Failure]:
    """Measure the cells that are not measured against their row's strength 0 as it is now.

    Args:
        ledger: of the workspace.
        sheet: its cells; those without a file are left out.
        wish: "auto", "none", "embedded", a folder with CLIP or a name on the hub.
        tell: hears of progress.

    Raises:
        ClipUnusable: the encoder that was asked for cannot be loaded.
    """
    encoder = semantic.load(wish) if wish not in (semantic.AUTO, NO_ENCODER) else None
    todo = plan(ledger, sheet, encoder.name if encoder else "")
    if todo and wish == semantic.AUTO:
        encoder = semantic.found()
    side = encoder.side_px if encoder else 0
    tasks = [replace(task, encoder_px=side) for task in todo]
    failures: list[Failure] = []
    waiting: list[tuple[measuring.Task, measuring.Found]] = []
    for done, outcome in enumerate(engine.map(measuring.work, tasks), start=1):
        if outcome.failure is not None:
            failures.append(outcome.failure)
        elif outcome.result is not None:
            waiting.append((outcome.item, outcome.result))
        if len(waiting) == semantic.BATCH or done == len(tasks):
            record(ledger, waiting, encoder)
            waiting = []
        tell(Progress(LABEL, done, len(tasks), len(failures), "cells"))
    return failures


def plan(ledger: Ledger, sheet: Sheet, encoder: str) -> list[measuring.Task]:
    """The measurements that are missing; `encoder` is a name that must have taken part, or ""."""
    known = {one.id: one for one in ledger.all(Cell)}
    tasks = {}
    for row in sheet.rows:
        if row.zero.id not in known:
            continue
        for one in row.cells:
            if one.id in known:
                key = _measuring_id(known[one.id].digest, known[row.zero.id].digest)
                was, _, by = known[one.id].measured.partition(" ")
                if was != key or (encoder and by != encoder):
                    tasks[one.id] = measuring.Task(
                        one.id, row.zero.id, one.name, one.file, row.zero.file, 0
                    )
    return list(tasks.values())


def record(
    ledger: Ledger,
    waiting: Sequence[tuple[measuring.Task, measuring.Found]],
    encoder: semantic.Encoder | None,
) -> None:
    """Write down what was measured, with what the encoder says of it."""
    squashed = [found.squashed for _, found in waiting if found.squashed is not None]
    alike = semantic.similarities(encoder, squashed) if encoder and squashed else []
    with ledger.transaction():
        for number, (task, found) in enumerate(waiting):
            one, zero = (ledger.get(Cell, id=id_) for id_ in (task.id, task.zero_id))
            assert one is not None
            assert zero is not None
            key = _measuring_id(one.digest, zero.digest)
            measures = found.measures | (alike[number] if alike else {})
            by = encoder.name if encoder else ""
            ledger.put(replace(one, measures=measures, measured=f"{key} {by}".strip()))


def _measuring_id(digest: str, zero: str) -> str:
    return identity.of_task(measuring.VERSION, cell=digest, zero=zero)
