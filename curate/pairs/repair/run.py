"""pair-check --repair: repairs planned, tried, recorded, taken back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from curate import engine, identity
from curate.errors import Failure
from curate.events import Progress, Tell
from curate.ledger import Ledger, now
from curate.pairs import verdict
from curate.pairs.halves import Halves
from curate.pairs.repair import faults, record
from curate.pairs.repair.faults import Fault
from curate.pairs.repair.record import Repair
from curate.pairs.verdict import Thresholds
from curate.records import Pair, Task, Verdict

STATION = "repair"
FOLDER = Path("repaired")

_NEEDS = engine.Needs(memory_mb=500)

_TAKEN_BACK = "a person took the repair back"

Measured = Sequence[tuple[Halves, Pair]]


@dataclass(frozen=True, slots=True)
class Mending:
    """A pair to repair; `id` hashes its halves' contents, what was flagged, the algorithm."""

    id: str
    halves: Halves
    original: str
    flagged: tuple[Fault, ...]
    targets: tuple[Path, Path]

    @property
    def name(self) -> str:
        return self.halves.label


@dataclass(frozen=True, slots=True)
class Done:
    """What `work` brings back; the files are in place unless there is a `reason`."""

    steps: tuple[str, ...]
    detail_moved: float
    reason: str


def plan(
    ledger: Ledger, pairs: Measured, limits: Thresholds, again: Collection[str] = ()
) -> list[Mending]:
    """The repairs to try; only reads.

    Left out is what was tried before, unless its label is in `again` or its files are gone.
    """
    persons = {one.pair_id: one for one in ledger.all(Verdict, judge="person")}
    tried = {task.id: task for task in ledger.all(Task, station=STATION, state="done")}
    todo = []
    for halves, pair in pairs:
        judgement = verdict.judge(pair.measures, halves.concept, limits)
        flagged = record.wanted(
            pair.measures, halves.concept, limits, judgement, persons.get(pair.id)
        )
        if not flagged:
            continue
        mending = _mending(ledger, halves, pair, flagged)
        last = tried.get(mending.id)
        stands = last and (last.settings["reason"] or all(t.exists() for t in mending.targets))
        if not stands or halves.label in again:
            todo.append(mending)
    return todo


def work(mending: Mending) -> Done:
    """Repair a pair and write both halves, or say why not.

    Raises:
        ImageUnreadable: a half is missing or damaged.
        DiskFull, NotWritable: as `files.appearing`.
    """
    from curate import images  # pixels are loaded where there is something to repair
    from curate.pairs.repair import mend

    frame, twin = images.read(mending.halves.frame), images.read(mending.halves.twin)
    made = mend.mended(frame, twin, mending.flagged)
    if isinstance(made, str):
        return Done((), 0.0, made)
    for target, pixels in zip(mending.targets, (made.frame, made.twin), strict=True):
        images.write(target, pixels)
    return Done(made.steps, made.detail_moved, "")


def attempt(ledger: Ledger, todo: Sequence[Mending], tell: Tell) -> list[Failure]:
    """Try the repairs and record what came of each; returns what failed."""
    failures = []
    for done, outcome in enumerate(engine.map(work, todo, needs=_NEEDS), start=1):
        if outcome.result:
            _record(ledger, outcome.item, outcome.result)
        elif outcome.failure:
            failures.append(outcome.failure)
        tell(Progress("repairing", done, len(todo), len(failures), "pairs"))
    return failures


def standing(ledger: Ledger, pairs: Measured) -> list[Halves]:
    """The repaired halves of these pairs whose files are in place."""
    tasks = _by_original(ledger)
    found = []
    for halves, pair in pairs:
        task = tasks.get(pair.id)
        if task is None or task.settings["reason"]:
            continue
        frame, twin = (ledger.file(str(task.settings[f"{half}_path"])) for half in _HALVES)
        mended = replace(halves, frame_file=frame, twin_file=twin)
        if mended.frame.exists() and mended.twin.exists():
            found.append(mended)
    return found


def settled(
    ledger: Ledger, pairs: Measured, mended: Measured, limits: Thresholds
) -> list[tuple[Halves, Pair, Repair | None]]:
    """Each pair as it counts: repaired where the repair is called for and passes, else as made.

    A repair that does not pass under these limits is set aside; its files stay until the next
    `attempt` or `take_back`.
    """
    persons = {one.pair_id: one for one in ledger.all(Verdict, judge="person")}
    tasks, after = _by_original(ledger), {halves.label: (halves, pair) for halves, pair in mended}
    chosen: list[tuple[Halves, Pair, Repair | None]] = []
    for halves, pair in pairs:
        task = tasks.get(pair.id)
        if task is None:
            chosen.append((halves, pair, None))
            continue
        before = verdict.judge(pair.measures, halves.concept, limits)
        asked = record.wanted(pair.measures, halves.concept, limits, before, persons.get(pair.id))
        if not asked:
            chosen.append((halves, pair, None))
            continue
        repair = record.of_task(task, halves, pair, before)
        if not repair.reason and halves.label in after:
            new_halves, new_pair = after[halves.label]
            judged = verdict.judge(new_pair.measures, halves.concept, limits)
            if why := record.refusal(before, judged):
                repair = replace(repair, reason=why)
            else:
                chosen.append((new_halves, new_pair, repair))
                continue
        elif not repair.reason:
            repair = replace(repair, reason="its files are gone: run --repair again")
        chosen.append((halves, pair, repair))
    return chosen


def take_back(ledger: Ledger, pairs: Measured, labels: Collection[str]) -> None:
    """Undo the repairs of these pairs, and leave the pairs as made until asked for again."""
    tasks = _by_original(ledger)
    for halves, pair in pairs:
        task = tasks.get(pair.id)
        if halves.label not in labels or task is None:
            continue
        for half in _HALVES:
            ledger.path(str(task.settings[f"{half}_path"])).unlink(missing_ok=True)
        with ledger.transaction():
            ledger.put(replace(task, settings=task.settings | {"reason": _TAKEN_BACK}))


def originals(ledger: Ledger) -> Mapping[str, Pair]:
    """The pair as made, by the id of the repaired pair that counts in its place."""
    pairs = ledger.all(Pair)
    by_id = {pair.id: pair for pair in pairs}
    by_files = {(pair.frame_path, pair.twin_path): pair.id for pair in pairs}
    found = {}
    for original, task in _by_original(ledger).items():
        files = str(task.settings["frame_path"]), str(task.settings["twin_path"])
        if not task.settings["reason"] and files in by_files and original in by_id:
            found[by_files[files]] = by_id[original]
    return found


_HALVES = ("frame", "twin")


def _mending(ledger: Ledger, halves: Halves, pair: Pair, flagged: tuple[Fault, ...]) -> Mending:
    frame, twin = (
        ledger.workspace / FOLDER / halves.group / half / f"{halves.name}.png" for half in _HALVES
    )
    task = identity.of_task(faults.VERSION, pair=pair.id, flagged=flagged)
    return Mending(task, halves, pair.id, flagged, (frame, twin))


def _record(ledger: Ledger, mending: Mending, done: Done) -> None:
    frame, twin = (ledger.relative(target) for target in mending.targets)
    if done.reason:
        for target in mending.targets:
            target.unlink(missing_ok=True)
    item = f"{mending.halves.group}/{mending.halves.name}"
    settings: dict[str, object] = {
        "original": mending.original,
        "flagged": list(mending.flagged),
        "steps": list(done.steps),
        "detail_moved": done.detail_moved,
        "reason": done.reason,
        "frame_path": frame,
        "twin_path": twin,
    }
    with ledger.transaction():
        ledger.remove(Task, station=STATION, item=item)
        ledger.put(Task(mending.id, STATION, item, "done", settings, at=now()))


def _by_original(ledger: Ledger) -> dict[str, Task]:
    tasks = ledger.all(Task, station=STATION, state="done")
    return {str(task.settings["original"]): task for task in tasks}
