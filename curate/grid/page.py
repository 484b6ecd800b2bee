"""The page: a slider that scrubs through the cells, what was measured, and what follows from it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import PurePosixPath

from curate.grid import plots, words
from curate.grid import strengths as strengthening
from curate.grid.cell import FOLDER, Row, Sheet
from curate.grid.findings import AXES, Finding
from curate.grid.report import Shown

_PNG = ".png"


def of(title: str, cells: Sequence[Shown], found: Sequence[Finding], sheet: Sheet) -> str:
    """The page as one HTML file, which names the cells' files beside it.

    Args:
        title: above all.
        cells: row by row, strength by strength, as the sheet has them.
        found: what is said of each LoRA.
        sheet: its rows.
    """
    count = len(sheet.strengths)
    rows = [cells[number * count : (number + 1) * count] for number in range(len(sheet.rows))]
    figures = "".join(map(_section, *_grouped(sheet.rows, rows)))
    zero = sheet.strengths.index(0)
    labels = json.dumps([strengthening.said(strength) for strength in sheet.strengths])
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · grid</title><style>{_part('page.css')}</style>\n"
        f"<header><h1>{escape(title)}</h1>{_bar(sheet, zero)}</header>\n"
        f'<main><section id="cells">{figures}</section>\n'
        f'<section id="findings">{"".join(map(_finding, range(len(found)), found))}</section>\n'
        f'<section id="plots">{plots.drawn(found)}</section></main>\n'
        f"<script>const labels = {labels}, zero = {zero};\n{_part('page.js')}</script>\n</html>\n"
    )


def _bar(sheet: Sheet, zero: int) -> str:
    ticks = "".join(f"<span>{strengthening.said(s)}</span>" for s in sheet.strengths)
    return (
        '<div class="bar"><output id="strength" for="slider">0</output>'
        f'<div class="track"><input id="slider" type="range" min="0" '
        f'max="{len(sheet.strengths) - 1}" value="{zero}" step="1" aria-label="Strength">'
        f'<div class="ticks">{ticks}</div></div>'
        '<button id="sweep" type="button">Sweep</button>'
        '<span class="keys"><kbd>←</kbd> <kbd>→</kbd> strength · hold <kbd>Space</kbd> for 0 · '
        "<kbd>S</kbd> sweep</span></div>"
    )


def _grouped(
    rows: Sequence[Row], shown: Sequence[Sequence[Shown]]
) -> tuple[list[str], list[list[Sequence[Shown]]]]:
    """The rows of one prompt and seed together: the LoRAs side by side."""
    has_seeds = len({row.seed for row in rows}) > 1
    groups: dict[str, list[Sequence[Shown]]] = {}
    for row, cells in zip(rows, shown, strict=True):
        head = f"{row.prompt} · seed {row.seed}" if has_seeds else row.prompt
        groups.setdefault(head, []).append(cells)
    return list(groups), list(groups.values())


def _section(head: str, rows: Sequence[Sequence[Shown]]) -> str:
    wide = ' class="wide"' if len(rows) > 1 else ""
    figures = "".join(map(_figure, rows))
    return f'<article{wide}><h2>{escape(head)}</h2><div class="row">{figures}</div></article>\n'


def _figure(cells: Sequence[Shown]) -> str:
    shown = "".join(map(_cell, cells))
    return f"<figure><div class='stack'>{shown}</div><figcaption>{escape(cells[0].lora)}<span " \
           "class='told'></span></figcaption></figure>"  # fmt: skip


def _cell(cell: Shown) -> str:
    told = f'data-strength="{cell.strength:g}" data-told="{escape(_told(cell.measures))}"'
    if not cell.path:
        return f"<div class='cell failed' {told}><b>failed</b><p>{escape(cell.reason)}</p></div>"
    source = escape(cell.path.removeprefix(f"{FOLDER}/"))
    words_ = escape(f"{cell.prompt}, strength {strengthening.said(cell.strength)}")
    if PurePosixPath(cell.path).suffix == _PNG:
        return f"<img class='cell' src='{source}' alt='{words_}' {told}>"
    return (
        f"<video class='cell' src='{source}' aria-label='{words_}' {told} muted loop playsinline "
        "preload='auto'></video>"
    )


def _told(measures: Mapping[str, float | None]) -> str:
    known = ((axis, value) for axis in AXES if (value := measures.get(axis.key)) is not None)
    return " · ".join(f"{axis.title.partition(',')[0]} {value:.2f}" for axis, value in known)


def _finding(number: int, finding: Finding) -> str:
    colour = plots.COLOURS[number % len(plots.COLOURS)]
    faults = "".join(f"<li>{escape(words_)}</li>" for words_ in finding.warnings)
    return (
        f'<div class="finding"><h3><i style="background:{colour}"></i>'
        f"{escape(finding.label) or 'The graph'}</h3>"
        f"<p>{escape(words.concept(finding))}</p><p><b>{escape(words.usable(finding))}</b></p>"
        + (f'<ul class="faults">{faults}</ul>' if faults else "")
        + "</div>"
    )


def _part(name: str) -> str:
    return (resources.files("curate.grid") / name).read_text(encoding="utf-8")
