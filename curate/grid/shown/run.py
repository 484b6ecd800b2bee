"""The showing of a grid: which sheets are missing, their writing, the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from curate import engine, files, identity
from curate.errors import Failure
from curate.grid import findings, page, sheets
from curate.grid.cell import FOLDER, Cell, Row, Sheet
from curate.grid.findings import Finding
from curate.grid.look import Look
from curate.grid.recipe import Recipe
from curate.grid.report import Report, Shown
from curate.ledger import Ledger
from curate.records import Cell as Recorded
from curate.records import Concept, Task

STATION = "grid"


def show(
    ledger: Ledger,
    how: Recipe,
    sheet: Sheet,
    look: Look,
    report: Report,
    failures: Sequence[Failure],
) -> Report:
    """Write the sheets and the page of what there is; the report of it.

    Args:
        ledger: of the workspace.
        how: the cells' recipe.
        sheet: its cells.
        look: how it is shown.
        report: of the rendering.
        failures: of the rendering and the measuring.
    """
    known = {one.id: one for one in ledger.all(Recorded)}
    whys = {task.id: task.reason for task in ledger.all(Task, station=STATION, state="failed")}
    cells = tuple(_cell_shown(row.label, one, known, whys) for row, one in _each(sheet))
    reasons = {one.id: shown.reason for (_, one), shown in zip(_each(sheet), cells, strict=True)
               if not shown.path}  # fmt: skip
    found = tuple(_finding(sheet, label, known, look.concept) for label in sheet.labels)
    title = f"{', '.join(label for label in sheet.labels if label) or look.name}"
    todo = sheets.pastings(
        sheet, look.name, title, reasons, ledger.workspace / FOLDER,
        direction=look.direction, box_px=look.box_px, is_clip=how.is_clip,
    )  # fmt: skip
    written, broken = _pasted(ledger, todo, known)
    html = ledger.workspace / FOLDER / f"{look.name}.html"
    files.write_text(html, page.of(title, cells, found, sheet))
    return replace(
        report, cells=cells, findings=found, files=written, page=html,
        failures=(*failures, *broken),
    )  # fmt: skip


def _pasted(
    ledger: Ledger, todo: Sequence[sheets.Pasting], known: Mapping[str, Recorded]
) -> tuple[tuple[Path, ...], list[Failure]]:
    """Write the sheets whose files are not in place as these cells make them."""
    digests = {one.path: one.digest for one in known.values()}
    ids = {}
    for pasting in todo:
        stands = [[digests.get(ledger.relative(f), "") if f else "" for f in line]
                  for line in pasting.files]  # fmt: skip
        ids[pasting] = identity.of_task(
            sheets.VERSION,
            digests=stands,
            labels=[pasting.title, *pasting.sides, *pasting.heads, *map(list, pasting.reasons)],
            outputs=[ledger.relative(output) for output in pasting.outputs],
            box_px=pasting.box_px,
        )
    done = ledger.done(STATION)
    missing = [one for one in todo if ids[one] not in done or not all(
        output.exists() for output in one.outputs)]  # fmt: skip
    failures = []
    for outcome in engine.map(sheets.work, missing):
        if outcome.failure is not None:
            failures.append(outcome.failure)
            continue
        with ledger.transaction():
            item = ledger.relative(outcome.item.outputs[0])
            ledger.remove(Task, station=STATION, item=item)
            ledger.finish(ids[outcome.item], STATION, item)
    return tuple(output for one in todo for output in one.outputs if output.exists()), failures


def _finding(sheet: Sheet, label: str, known: Mapping[str, Recorded], concept: Concept) -> Finding:
    rows = [
        {one.strength: known[one.id].measures for one in row.cells if one.id in known}
        for row in sheet.rows
        if row.label == label
    ]
    return findings.of(label, rows, concept)


def _cell_shown(
    label: str, one: Cell, known: Mapping[str, Recorded], whys: Mapping[str, str]
) -> Shown:
    made = known.get(one.id) if one.file.exists() else None
    return Shown(
        lora=label,
        prompt=one.prompt,
        seed=one.seed,
        strength=one.strength,
        path=made.path if made else "",
        measures=dict(made.measures) if made else {},
        reason="" if made else _brief(whys.get(one.id, "It has not been rendered."), one.name),
    )


def _brief(reason: str, name: str) -> str:
    """A failure's reason without what the cell's place says already."""
    return reason.rpartition(f"{name}: ")[2]


def _each(sheet: Sheet) -> Iterator[tuple[Row, Cell]]:
    return ((row, one) for row in sheet.rows for one in row.cells)
