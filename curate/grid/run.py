"""curate grid: plan the cells that are missing, have them rendered, measure them, show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from curate import identity, lock
from curate.comfy import fleet
from curate.comfy import job as jobs
from curate.comfy.access import SERVER, Access
from curate.comfy.job import FOLDER, Order
from curate.comfy.rehearsal import Checks
from curate.errors import Failure, ServerLost
from curate.events import Progress, Tell, silent
from curate.grid import answer, cell, prompts, ready, recipe, words
from curate.grid import loras as sliding
from curate.grid import strengths as strengthening
from curate.grid.cell import Cell, Sheet
from curate.grid.graph import Named
from curate.grid.look import Look
from curate.grid.loras import Slider
from curate.grid.measured import run as measuring
from curate.grid.ready import Ready, check
from curate.grid.recipe import Recipe
from curate.grid.report import Report
from curate.grid.shipped import Options
from curate.grid.shown import run as showing
from curate.ledger import Ledger, now
from curate.records import Cell as Recorded
from curate.records import Job

__all__ = [
    "Access",
    "Checks",
    "Look",
    "Named",
    "Options",
    "Report",
    "Slider",
    "check",
    "grid",
    "prompts",
    "recipe",
    "sliding",
    "strengthening",
    "words",
]

STATION = "grid"


def grid(
    ledger: Ledger | None,
    how: Recipe,
    sliders: Sequence[Slider],
    texts: Sequence[str],
    look: Look,
    *,
    seeds: Sequence[int] = (42,),
    strengths: Sequence[float],
    servers: Sequence[str] = (SERVER,),
    access: Access = Access(),  # noqa: B008 - it is frozen
    loras_dir: Path | None = None,
    tell: Tell = silent,
    dry_run: bool = False,
) -> Report:
    """Render the cells of a grid that are missing, measure them, write the sheet and its page.

    Args:
        ledger: of the workspace; None, with `dry_run`, where there is none yet.
        how: the graph, see `recipe.of`.
        sliders: the LoRAs, see `sliding.named`; none looks at the graph as it is.
        texts: the prompts.
        look: how it is shown.
        seeds: each prompt is rendered under each.
        strengths: ascending, 0 among them, see `strengthening.parsed`.
        servers: addresses of ComfyUIs; they share the work.
        access: how they are reached.
        loras_dir: ComfyUI's models/loras, if it can be reached from here.
        tell: hears of progress.
        dry_run: only plan.

    Raises:
        NoComfy: no server answers, or one lacks what the graph needs.
        BadSetting: a strength that the graph cannot take.
        PlaceError: a file cannot be written.
    """
    place = ledger.workspace if ledger else Path()
    sheet = cell.sheet(place, how, sliders, texts, seeds, strengths)
    held = lock.held(place / f".{STATION}.lock", f"`curate {STATION}`")
    with nullcontext() if dry_run else held:
        todo = plan(ledger, sheet)
        names = tuple(one.name for one in todo)
        report = Report(look.name, {}, names, 0, len(sheet.cells) - len(todo), (), (), (), None, ())
        if dry_run or ledger is None:
            return report
        failures: list[Failure] = []
        if todo:
            there = ready.servers(how, sliders, strengths, servers, access, loras_dir)
            with measuring.Beside(ledger, sheet, look.encoder) as beside:
                done, failures = _rendered(ledger, how, todo, there, servers, access, beside, tell)
                beside.look(wait=True)
            report = replace(report, servers=there.versions, rendered=done)
        failures += measuring.measure(ledger, sheet, look.encoder, tell)
        return showing.show(ledger, how, sheet, look, report, failures)


def plan(ledger: Ledger | None, sheet: Sheet) -> tuple[Cell, ...]:
    """The cells that are not recorded, or whose files are no longer what was; only reads."""
    known = {one.id: one for one in ledger.all(Recorded)} if ledger else {}
    return tuple(
        one
        for one in sheet.cells
        if one.id not in known or _digest(one.file) != known[one.id].digest
    )


def record(ledger: Ledger, how: Recipe, one: Cell, names: Mapping[str, str], made_by: str) -> None:
    """Write down a cell whose file is in place."""
    lora = names.get(one.lora, one.lora)
    graph = how.bound(
        strength=one.strength, lora=lora, text=one.prompt, seed=one.seed, prefix=FOLDER
    )
    with ledger.transaction():
        ledger.put(
            Recorded(
                id=one.id,
                lora=one.label,
                prompt=one.prompt,
                seed=one.seed,
                strength=one.strength,
                path=ledger.relative(one.file),
                digest=_digest(one.file),
                made_by=made_by,
                graph=dict(graph),
            )
        )
        ledger.finish(one.id, STATION, one.name, seed=one.seed, strength=one.strength)


def _rendered(
    ledger: Ledger,
    how: Recipe,
    todo: Sequence[Cell],
    there: Ready,
    servers: Sequence[str],
    access: Access,
    beside: measuring.Beside,
    tell: Tell,
) -> tuple[int, list[Failure]]:
    """How many cells were rendered, and the failures."""
    by_id = {one.id: one for one in todo}
    by_url = {server.url: server for server in access.servers(servers)}
    orders = [_order(ledger, how, one, there.names) for one in todo]
    failures: list[Failure] = []
    done = 0
    wait_s, book = access.give_up_after_s, partial(_book, ledger)
    tell(Progress(STATION, 0, len(todo), unit="cells"))
    filling = fleet.make(list(by_url.values()), orders, book, tell=tell, give_up_after_s=wait_s)
    try:
        with closing(filling) as filled:
            for outcome in filled:
                if outcome.failure is not None:
                    failures.append(outcome.failure)
                    ledger.fail(outcome.item.key, STATION, outcome.failure)
                else:
                    maker = f"ComfyUI {by_url[str(outcome.result)].version}"
                    record(ledger, how, by_id[outcome.item.key], there.names, maker)
                    done += 1
                    beside.look()
                ended = done + len(failures)
                tell(Progress(STATION, ended, len(todo), len(failures), "cells"))
    except ServerLost as error:
        failures.append(Failure.of(STATION, error))
    return done, failures


def _order(ledger: Ledger, how: Recipe, one: Cell, names: Mapping[str, str]) -> Order:
    def graph(_image: str, prefix: str) -> dict[str, dict[str, object]]:
        lora = names.get(one.lora, one.lora)
        return how.bound(
            strength=one.strength, lora=lora, text=one.prompt, seed=one.seed, prefix=prefix
        )

    return Order(
        key=one.id,
        name=one.name,
        output=how.roles.output.node,
        begin=partial(ledger.jobs, one.id),
        picture=None,
        graph=graph,
        accept=partial(answer.keep, one),
        group=one.prompt,
        suffix=how.roles.suffix,
    )


def _book(ledger: Ledger, order: Order, server: str) -> Job:
    """Write down a job before it is submitted."""
    job = jobs.new(order, server, now())
    ledger.submit(job, STATION, order.name)
    return job


def _digest(file: Path) -> str:
    """The hash of a file, "" if it is not there."""
    try:
        return identity.of_file(file)
    except OSError:
        return ""
