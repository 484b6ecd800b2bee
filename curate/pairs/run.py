"""Station 3: every pair measured once, judged each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from curate.errors import Failure, NothingYet
from curate.events import Notice, Tell, silent
from curate.ledger import Ledger
from curate.measures import semantic
from curate.pairs import purity, report, sections, used, verdict
from curate.pairs.checked import Checked as Checked
from curate.pairs.halves import DenseHalf, Halves, labelled, matched, of_twins
from curate.pairs.measuring import run as measuring
from curate.pairs.repair import run as repairs
from curate.pairs.ruling.run import judged
from curate.pairs.sources import Made, Origins
from curate.pairs.verdict import Measures
from curate.pairs.whole import compare
from curate.pairs.whole import run as sets
from curate.pairs.whole.compare import Compared
from curate.pairs.whole.run import Balancing as Balancing
from curate.pairs.whole.run import Dropping, Whole
from curate.records import Concept, Ruling, Task

if TYPE_CHECKING:
    from curate.pairs.calibrate import Calibration as Calibration

PAGE = Path("reports/pairs.html")


@dataclass(frozen=True, slots=True)
class Report:
    """What pair-check found; with `dry_run` only `waiting` names anything."""

    pairs: tuple[Checked, ...]
    waiting: tuple[str, ...]
    notes: tuple[str, ...]
    failures: tuple[Failure, ...]
    page: Path | None
    wholes: tuple[Whole, ...] = ()
    would_repair: tuple[str, ...] = ()
    droppings: tuple[Dropping, ...] = ()
    calibration: Calibration | None = None
    dense_half: DenseHalf = "frame"
    compared: tuple[Compared, ...] = ()


def pair_check(
    ledger: Ledger,
    *,
    folders: tuple[Path, Path] | None = None,
    clip: str | None = None,
    captions: tuple[str, str] | None = None,
    settings: Sequence[str] = (),
    concept: Concept | None = None,
    decisions: Mapping[str, Ruling | None] | None = None,
    propose: bool = False,
    repair: bool = False,
    unrepair: Sequence[str] = (),
    repair_again: Sequence[str] = (),
    balance: Balancing = None,
    dense_half: DenseHalf | None = None,
    tell: Tell = silent,
    dry_run: bool = False,
) -> Report:
    """Measure the pairs not measured yet, judge all of them, write the page.

    Args:
        ledger: of the workspace; its twins are checked unless `folders` is given.
        folders: two folders of images, dense and sparse, matched by name.
        clip: a folder or hub name of CLIP weights, "embedded" for the encoder of the extra of that
            name, "auto" for the best that is on this machine; None measures no similarity.
        captions: what frames and twins show in words, for CLIP's directional similarity; by default
            what the instruction file says.
        settings: thresholds as KEY=VALUE.
        concept: what may change between the halves; by default what the twins were made for.
        decisions: a person's rulings by a pair's name; they outrank the rule's from now on. None
            withdraws one.
        propose: say which thresholds a person's rulings so far speak for.
        repair: try to repair what is rejected and can be, and what a person asked for.
        unrepair: names of pairs whose repair is taken back.
        repair_again: names of pairs whose repair is tried although it was refused or taken back.
        balance: name the fewest pairs to drop from a drifting set, reject them, or undo that.
        dense_half: what stands for the dense side from now on; None leaves it as it is.
        tell: hears of progress.
        dry_run: only say what would be measured.

    Raises:
        NothingYet: there is no twin in the workspace, or none with the dense half asked for.
        BadSetting: an unknown threshold or name.
        ClipUnusable: the weights that were named cannot be loaded.
        BadInput: the folders have no pairs.
        TooFewRulings: a person ruled on too few pairs to propose thresholds.
    """
    margins = purity.margins(one for one in settings if one.startswith(purity.PREFIX))
    limits = verdict.thresholds(one for one in settings if not one.startswith(purity.PREFIX))
    origins = sets.origins(ledger)
    dense = dense_half or used.half(ledger.get(Task, station=used.HALF))
    if folders:
        halves, notes = matched(*folders, concept or "density")
    else:
        halves, notes = _dense(ledger, origins, concept, dense)
    if captions:
        halves = [replace(one, captions=captions) for one in halves]
    decided = {labelled(name, halves): ruling for name, ruling in (decisions or {}).items()}
    again = [labelled(name, halves) for name in repair_again]
    back = [labelled(name, halves) for name in unrepair]
    encoder = semantic.load(clip) if clip not in (None, semantic.AUTO) else None
    todo, encoder = measuring.planned(ledger, halves, clip, encoder)
    if dry_run:
        waiting = tuple(check.name for check in todo.checks)
        tries = repairs.plan(ledger, todo.known, limits, again) if repair or again else ()
        would = tuple(one.name for one in tries)
        return Report((), waiting, tuple(notes), todo.failures, None, would_repair=would)
    for note in notes:
        tell(Notice(note))
    pairs, failures = measuring.measured(ledger, todo, encoder, tell)
    repairs.take_back(ledger, pairs, back)
    if repair or again:
        failures += repairs.attempt(ledger, repairs.plan(ledger, pairs, limits, again), tell)
    repaired, encoder = measuring.planned(ledger, repairs.standing(ledger, pairs), clip, encoder)
    mended, failed = measuring.measured(ledger, repaired, encoder, tell)
    settled = repairs.settled(ledger, pairs, mended, limits)
    if dense_half:
        with ledger.transaction():
            ledger.put(used.half_task(dense_half))
    if balance == "undo":
        sets.undo(ledger, settled)
    checked = judged(ledger, settled, decided, limits, folders is not None)
    checked, droppings = sets.balanced(ledger, checked, origins, margins, balance)
    page, found = ledger.path(PAGE.as_posix()), sets.wholes(checked, origins, margins)
    others = {} if folders else _others(ledger, origins, found, dense, tell)
    compared = compare.compared(found, others, dense, margins)
    report.write(page, checked, limits, sections=sections.of(checked, found, page, compared))
    calibration = _proposed(checked, limits) if propose else None
    told = tuple(notes), (*failures, *failed), page, tuple(found)
    dropped = tuple(droppings)
    return Report(
        tuple(checked),
        (),
        *told,
        calibration=calibration,
        droppings=dropped,
        dense_half=dense,
        compared=tuple(compared),
    )


def _proposed(checked: Sequence[Checked], limits: verdict.Thresholds) -> Calibration:
    from curate.pairs.calibrate import by_rulings  # seldom asked for

    return by_rulings(checked, limits)


def _dense(
    ledger: Ledger, origins: Origins, concept: Concept | None, dense: DenseHalf
) -> tuple[list[Halves], list[str]]:
    """The halves with this dense half, and a sentence if some twins do not have it."""
    twins = _twins(ledger, origins)
    halves = of_twins(twins, ledger.file, concept, dense)
    if not halves:
        raise NothingYet("controls", ledger.workspace, "curate kontext --control")
    lacking = len({twin.twin_path for twin in twins}) - len(halves)
    told = f"{lacking} twins have no control and are left out: curate kontext --control."
    return halves, [told] if lacking else []


def _others(
    ledger: Ledger, origins: Origins, found: Sequence[Whole], dense: DenseHalf, tell: Tell
) -> dict[compare.Key, Measures]:
    """The measures of the kept pairs with the other dense half, where there is one."""
    kept = {one.pair.twin_id for whole in found for one in whole.members}
    twins = [t for t in origins.current if t.id in kept and t.control_path]
    halves = of_twins(twins, ledger.file, None, "control" if dense == "frame" else "frame")
    pairs, _ = measuring.measured(ledger, measuring.plan(ledger, halves, None), None, tell)
    return {(one.group, one.name): pair.measures for one, pair in pairs}


def _twins(ledger: Ledger, origins: Origins) -> list[Made]:
    """The current twins; where some share a file, in the order in which they were made."""
    twins = origins.current
    if not twins:
        raise NothingYet("twins", ledger.workspace, "curate kontext --prompt simplify.txt")
    if len({twin.twin_path for twin in twins}) == len(twins):
        return twins
    made = {task.id: task.at for task in ledger.all(Task, station="kontext")}
    return sorted(twins, key=lambda twin: (made.get(twin.id, ""), twin.id))
