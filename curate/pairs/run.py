"""Station 3: every pair measured once, judged each time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from curate import engine, identity
from curate.errors import CurateError, Failure, NothingYet
from curate.events import Notice, Progress, Tell, silent
from curate.ledger import Ledger
from curate.measures import semantic
from curate.measures.measure import VERSION, Measures
from curate.pairs import purity, report, sections, verdict
from curate.pairs.calibrate import Calibration as Calibration
from curate.pairs.calibrate import by_rulings
from curate.pairs.checked import Checked as Checked
from curate.pairs.checks import Check, Plan, work
from curate.pairs.halves import Halves, labelled, matched, measuring, of_twins, stamp_of
from curate.pairs.repair import run as repairs
from curate.pairs.ruling.run import judged
from curate.pairs.whole import run as sets
from curate.pairs.whole.run import Balancing as Balancing
from curate.pairs.whole.run import Dropping, Whole
from curate.records import Concept, Pair, Ruling, Task, Twin

STATION = "pair-check"
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


def pair_check(
    ledger: Ledger,
    *,
    folders: tuple[Path, Path] | None = None,
    clip: str | None = None,
    settings: Sequence[str] = (),
    concept: Concept | None = None,
    decisions: Mapping[str, Ruling | None] | None = None,
    propose: bool = False,
    repair: bool = False,
    unrepair: Sequence[str] = (),
    repair_again: Sequence[str] = (),
    balance: Balancing = None,
    tell: Tell = silent,
    dry_run: bool = False,
) -> Report:
    """Measure the pairs not measured yet, judge all of them, write the page.

    Args:
        ledger: of the workspace; its twins are checked unless `folders` is given.
        folders: two folders of images, dense and sparse, matched by name.
        clip: a folder or hub name of CLIP weights, "embedded" for the encoder of the extra of that
            name, "auto" for the best that is on this machine; None measures no similarity.
        settings: thresholds as KEY=VALUE.
        concept: what may change between the halves; by default what the twins were made for.
        decisions: a person's rulings by a pair's name; they outrank the rule's from now on. None
            withdraws one.
        propose: say which thresholds a person's rulings so far speak for.
        repair: try to repair what is rejected and can be, and what a person asked for.
        unrepair: names of pairs whose repair is taken back.
        repair_again: names of pairs whose repair is tried although it was refused or taken back.
        balance: name the fewest pairs to drop from a drifting set, reject them, or undo that.
        tell: hears of progress.
        dry_run: only say what would be measured.

    Raises:
        NothingYet: there is no twin in the workspace.
        BadSetting: an unknown threshold or name.
        ClipUnusable: the weights that were named cannot be loaded.
        BadInput: the folders have no pairs.
        TooFewRulings: a person ruled on too few pairs to propose thresholds.
    """
    margins = purity.margins(one for one in settings if one.startswith(purity.PREFIX))
    limits = verdict.thresholds(one for one in settings if not one.startswith(purity.PREFIX))
    origins = sets.origins(ledger)
    if folders:
        halves, notes = matched(*folders, concept or "density")
    else:
        halves, notes = of_twins(_twins(ledger, origins), ledger.path, concept), []
    decided = {labelled(name, halves): ruling for name, ruling in (decisions or {}).items()}
    again = [labelled(name, halves) for name in repair_again]
    back = [labelled(name, halves) for name in unrepair]
    encoder = semantic.load(clip) if clip not in (None, semantic.AUTO) else None
    todo, encoder = _planned(ledger, halves, clip, encoder)
    if dry_run:
        waiting = tuple(check.name for check in todo.checks)
        tries = repairs.plan(ledger, todo.known, limits, again) if repair or again else ()
        would = tuple(one.name for one in tries)
        return Report((), waiting, tuple(notes), todo.failures, None, would_repair=would)
    for note in notes:
        tell(Notice(note))
    pairs, failures = _measured(ledger, todo, encoder, tell)
    repairs.take_back(ledger, pairs, back)
    if repair or again:
        failures += repairs.attempt(ledger, repairs.plan(ledger, pairs, limits, again), tell)
    repaired, encoder = _planned(ledger, repairs.standing(ledger, pairs), clip, encoder)
    mended, failed = _measured(ledger, repaired, encoder, tell)
    settled = repairs.settled(ledger, pairs, mended, limits)
    if balance == "undo":
        sets.undo(ledger, settled)
    checked = judged(ledger, settled, decided, limits, folders is not None)
    checked, droppings = sets.balanced(ledger, checked, origins, margins, balance)
    page, found = ledger.path(PAGE.as_posix()), sets.wholes(checked, origins, margins)
    report.write(page, checked, limits, sections=sections.of(checked, found, page))
    calibration = by_rulings(checked, limits) if propose else None
    told = tuple(notes), (*failures, *failed), page, tuple(found)
    dropped = tuple(droppings)
    return Report(tuple(checked), (), *told, calibration=calibration, droppings=dropped)


def _planned(
    ledger: Ledger, halves: Sequence[Halves], clip: str | None, encoder: semantic.Encoder | None
) -> tuple[Plan, semantic.Encoder | None]:
    """The plan, and the encoder that it needs; looked for only where there is work for it."""
    todo = plan(ledger, halves, encoder.name if encoder else semantic.AUTO if clip else None)
    if todo.checks and clip == semantic.AUTO and encoder is None:
        encoder = semantic.found()
        if encoder is None:
            todo = plan(ledger, halves, None)
    return todo, encoder


def plan(ledger: Ledger, halves: Sequence[Halves], encoder: str | None) -> Plan:
    """What stands in the ledger and what is to be measured; only reads.

    A file whose size and time are those of the last measurement is not read again.

    Args:
        ledger: of the workspace.
        halves: the pairs that there are.
        encoder: whose similarity a pair must have; "auto": any; None: need not have one.
    """
    if not halves:
        return Plan((), (), ())
    pairs = {pair.id: pair for pair in ledger.all(Pair)}
    done: dict[tuple[object, ...], list[Task]] = defaultdict(list)
    for finished in ledger.all(Task, station=STATION, state="done"):
        settings = finished.settings
        if settings.get("version") == VERSION and settings.get("pair") in pairs:
            done[settings["group"], settings["frame_path"], settings["twin_path"]].append(finished)
    known, checks, failures, renewed = [], [], [], []
    for one in halves:
        tasks = done[one.group, ledger.relative(one.frame), ledger.relative(one.twin)]
        try:
            task = measuring(tasks, one)
            if task is None:
                checks.append(Check.of(one))
                continue
        except CurateError as error:
            failures.append(Failure.of(one.label, error))
            continue
        pair = pairs[str(task.settings["pair"])]
        if (pair.twin_id, pair.concept) != (one.twin_id, one.concept):
            pair = replace(pair, twin_id=one.twin_id, concept=one.concept)
            renewed.append(pair)
        if (
            encoder is None
            or pair.encoder == encoder
            or (pair.encoder and encoder == semantic.AUTO)
        ):
            known.append((one, pair))
        else:
            contents = str(task.settings["frame"]), str(task.settings["twin"])
            checks.append(Check(task.id, one, *contents, pair=pair))
    return Plan(tuple(known), tuple(checks), tuple(failures), tuple(renewed))


def record(ledger: Ledger, check: Check, measures: Measures) -> Pair:
    """Write a pair down with its measures; what an encoder says of it is added later."""
    halves = check.halves
    frame_path, twin_path = ledger.relative(halves.frame), ledger.relative(halves.twin)
    pair = Pair(
        # contents only: a person's ruling survives a new algorithm and another encoder
        identity.of_task(
            "pair", name=halves.name, group=halves.group, frame=check.frame_id, twin=check.twin_id
        ),
        halves.name,
        halves.twin_id,
        halves.concept,
        frame_path,
        twin_path,
        measures,
        encoder="",
    )
    with ledger.transaction():
        ledger.remove(Task, station=STATION, item=check.name, state="failed")
        ledger.put(pair)
        ledger.finish(
            check.id,
            STATION,
            check.name,
            version=VERSION,
            pair=pair.id,
            group=halves.group,
            frame=check.frame_id,
            twin=check.twin_id,
            frame_path=frame_path,
            twin_path=twin_path,
            stamps=[stamp_of(halves.frame), stamp_of(halves.twin)],
        )
    return pair


def _twins(ledger: Ledger, origins: sets.Origins) -> list[Twin]:
    """The current twins; where some share a file, in the order in which they were made."""
    twins = origins.current
    if not twins:
        raise NothingYet("twins", ledger.workspace, "curate kontext --prompt simplify.txt")
    if len({twin.twin_path for twin in twins}) == len(twins):
        return twins
    made = {task.id: task.at for task in ledger.all(Task, station="kontext")}
    return sorted(twins, key=lambda twin: (made.get(twin.id, ""), twin.id))


def _measured(
    ledger: Ledger, todo: Plan, encoder: semantic.Encoder | None, tell: Tell
) -> tuple[list[tuple[Halves, Pair]], list[Failure]]:
    pairs, failures = list(todo.known), list(todo.failures)
    side = encoder.side_px if encoder else 0
    waiting: list[tuple[Halves, Pair, semantic.Squashed]] = []
    if todo.renewed:
        with ledger.transaction():
            ledger.put(*todo.renewed)
    checks = (replace(check, side_px=side) for check in todo.checks)
    for done, outcome in enumerate(engine.map(work, checks), start=1):
        check, result = outcome.item, outcome.result
        if result:
            pair = record(ledger, check, result.measures) if result.measures else check.pair
            if pair and encoder and result.squashed:
                waiting.append((check.halves, pair, result.squashed))
            elif pair:
                pairs.append((check.halves, pair))
        elif outcome.failure:
            failures.append(outcome.failure)
            with ledger.transaction():
                ledger.remove(Task, station=STATION, item=check.name, state="failed")
                ledger.fail(check.id, STATION, outcome.failure)
        if encoder and (len(waiting) == semantic.BATCH or done == len(todo.checks)):
            pairs += _embedded(ledger, encoder, waiting)
            waiting.clear()
        failed = len(failures) - len(todo.failures)
        tell(Progress("measuring", done, len(todo.checks), failed, "pairs"))
    return sorted(pairs, key=lambda one: one[0].label), failures


def _embedded(
    ledger: Ledger,
    encoder: semantic.Encoder,
    waiting: Sequence[tuple[Halves, Pair, semantic.Squashed]],
) -> list[tuple[Halves, Pair]]:
    """Add to each pair what the encoder says of it."""
    if not waiting:
        return []
    found = semantic.similarities(encoder, [squashed for _, _, squashed in waiting])
    pairs = [
        (halves, replace(pair, encoder=encoder.name, measures=pair.measures | similar))
        for (halves, pair, _), similar in zip(waiting, found, strict=True)
    ]
    with ledger.transaction():
        ledger.put(*(pair for _, pair in pairs))
    return pairs
