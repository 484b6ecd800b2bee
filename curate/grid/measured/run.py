"""The measuring of a grid's cells: plan, work, record."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType
from typing import Self, TypeAlias

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


class Beside:
    """Measures, in a thread, what can be measured while other cells are still rendered.

    A context manager; what is not measured when it ends is left to `measure`.

    Args:
        ledger: of the workspace.
        sheet: its cells.
        wish: as `measure` takes it.
    """

    def __init__(self, ledger: Ledger, sheet: Sheet, wish: str) -> None:
        self._ledger, self._sheet, self._wish = ledger, sheet, wish
        self._thread = ThreadPoolExecutor(1)
        self._encoder = self._thread.submit(_encoder, wish)
        self._works: dict[str, Future[_Work]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.shutdown(cancel_futures=True)

    def look(self, *, wait: bool = False) -> None:
        """Begin with what has become measurable, record what is done; or `wait` for all of it."""
        for task in plan(self._ledger, self._sheet, ""):
            if task.id not in self._works:
                self._works[task.id] = self._thread.submit(_measured, task, self._encoder)
        for id_, work in list(self._works.items()):
            if wait or work.done():
                outcome, alike = work.result()
                if outcome.result is not None:
                    found = (outcome.item, outcome.result, alike)
                    record(self._ledger, [found], self._encoder.result())
                    del self._works[id_]


_Work: TypeAlias = tuple[engine.Outcome[measuring.Task, measuring.Found], measuring.Measures]


def _measured(task: measuring.Task, loaded: Future[semantic.Encoder | None]) -> _Work:
    encoder = loaded.result()
    task = replace(task, encoder_px=encoder.side_px if encoder else 0)
    outcome = next(engine.map(measuring.work, [task]))
    squashed = outcome.result.squashed if outcome.result else None
    return outcome, _alike(encoder, [squashed])[0]


def _encoder(wish: str) -> semantic.Encoder | None:
    if wish == NO_ENCODER:
        return None
    return semantic.found() if wish == semantic.AUTO else semantic.load(wish)


def _alike(
    encoder: semantic.Encoder | None, squashed: Sequence[semantic.Squashed | None]
) -> list[measuring.Measures]:
    """The similarity of each pair, by its name; nothing of one without an encoder."""
    known = [pair for pair in squashed if pair is not None]
    if encoder is None or not known:
        return [{} for _ in squashed]
    found = iter(semantic.similarities(encoder, known))
    return [next(found) if pair is not None else {} for pair in squashed]


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
    encoder = None if wish == semantic.AUTO else _encoder(wish)
    todo = plan(ledger, sheet, encoder.name if encoder else "")
    if todo and wish == semantic.AUTO:
        encoder = _encoder(wish)
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
            alike = _alike(encoder, [found.squashed for _, found in waiting])
            done_now = [(*both, more) for both, more in zip(waiting, alike, strict=True)]
            record(ledger, done_now, encoder)
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
    works: Sequence[tuple[measuring.Task, measuring.Found, measuring.Measures]],
    encoder: semantic.Encoder | None,
) -> None:
    """Write down what was measured, with what the encoder says of it."""
    by = encoder.name if encoder else ""
    with ledger.transaction():
        for task, found, alike in works:
            one, zero = (ledger.get(Cell, id=id_) for id_ in (task.id, task.zero_id))
            assert one is not None
            assert zero is not None
            key = _measuring_id(one.digest, zero.digest)
            measures = found.measures | alike
            ledger.put(replace(one, measures=measures, measured=f"{key} {by}".strip()))


def _measuring_id(digest: str, zero: str) -> str:
    return identity.of_task(measuring.VERSION, cell=digest, zero=zero)
