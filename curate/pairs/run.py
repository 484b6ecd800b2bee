"""Station 3: every pair measured once, judged each time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from curate import engine, identity, images
from curate.errors import CurateError, Failure, ImageUnreadable, NothingYet, SizesDiffer
from curate.events import Notice, Progress, Tell, silent
from curate.ledger import Ledger
from curate.pairs import report, score, semantic, verdict
from curate.pairs.halves import Halves, hash_of, labelled, matched, measuring, stamp_of
from curate.pairs.measure import CLIP, LEAST_SIDE_PX, VERSION, Measures, measure
from curate.records import Concept, Pair, Ruling, Task, Verdict

STATION = "pair-check"
PAGE = Path("reports/pairs.html")


@dataclass(frozen=True, slots=True)
class Check:
    """A pair to measure; `id` hashes both halves' contents, the algorithm and the encoder."""

    id: str
    halves: Halves
    frame_id: str
    twin_id: str
    clip_side_px: int

    @property
    def name(self) -> str:
        return self.halves.label


@dataclass(frozen=True, slots=True)
class Measured:
    """What `work` brings back: the measures, and both halves small enough for an encoder."""

    measures: Measures
    squashed: tuple[images.RGB, images.RGB] | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The pairs whose measures stand, those to measure, and those that cannot be."""

    known: tuple[tuple[Halves, Pair], ...]
    checks: tuple[Check, ...]
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What pair-check found; with `dry_run` only `waiting` names anything."""

    pairs: tuple[report.Checked, ...]
    waiting: tuple[str, ...]
    notes: tuple[str, ...]
    failures: tuple[Failure, ...]
    page: Path | None


def pair_check(
    ledger: Ledger,
    *,
    folders: tuple[Path, Path] | None = None,
    clip: str | None = None,
    settings: Sequence[str] = (),
    concept: Concept | None = None,
    decisions: Mapping[str, Ruling] | None = None,
    tell: Tell = silent,
    dry_run: bool = False,
) -> Report:
    """Measure the pairs not measured yet, judge all of them, write the page.

    Args:
        ledger: of the workspace; its twins are checked unless `folders` is given.
        folders: two folders of images, dense and sparse, matched by name.
        clip: a folder or hub name of CLIP weights; without it similarity is not measured.
        settings: thresholds as KEY=VALUE.
        concept: what may change between the halves; by default what the twins were made for.
        decisions: a person's rulings by a pair's name; they outrank the rule's from now on.
        tell: hears of progress.
        dry_run: only say what would be measured.

    Raises:
        NothingYet: there is no twin in the workspace.
        BadSetting: an unknown threshold or name.
        ClipUnusable: the weights cannot be loaded.
        BadInput: the folders have no pairs.
    """
    limits = verdict.thresholds(settings)
    if folders:
        halves, notes = matched(*folders, concept or "density")
    else:
        halves, notes = _of_twins(ledger, concept), []
    decided = {labelled(name, halves): ruling for name, ruling in (decisions or {}).items()}
    encoder = semantic.load(clip) if clip else None
    todo = plan(ledger, halves, encoder)
    if dry_run:
        waiting = tuple(check.name for check in todo.checks)
        return Report((), waiting, tuple(notes), todo.failures, None)
    for note in notes:
        tell(Notice(note))
    pairs, failures = _measured(ledger, todo, encoder, tell)
    checked = _judged(ledger, pairs, decided, limits, folders is not None)
    page = ledger.path(PAGE.as_posix())
    report.write(page, checked, limits)
    return Report(tuple(checked), (), tuple(notes), tuple(failures), page)


def plan(ledger: Ledger, halves: Sequence[Halves], encoder: semantic.Encoder | None) -> Plan:
    """What stands in the ledger and what is to be measured; only reads.

    Without an encoder, measures taken with any encoder stand. A file whose size and time are
    those of the last measurement is not read again.
    """
    pairs = {pair.id: pair for pair in ledger.all(Pair)}
    done: dict[tuple[object, ...], list[Task]] = defaultdict(list)
    for finished in ledger.all(Task, station=STATION, state="done"):
        if _stands(finished.settings, pairs, encoder):
            files = finished.settings["frame_path"], finished.settings["twin_path"]
            done[finished.settings["group"], *files].append(finished)
    known, checks, failures = [], [], []
    for one in halves:
        tasks = done[one.group, ledger.relative(one.frame), ledger.relative(one.twin)]
        try:
            if task := measuring(tasks, one):
                pair = pairs[str(task.settings["pair"])]
                known.append((one, replace(pair, twin_id=one.twin_id, concept=one.concept)))
            else:
                checks.append(_check(one, encoder))
        except CurateError as error:
            failures.append(Failure.of(one.label, error))
    return Plan(tuple(known), tuple(checks), tuple(failures))


def work(check: Check) -> Measured:
    """Read both halves and measure them.

    Raises:
        ImageUnreadable: a half is missing, damaged or too small.
        SizesDiffer: the halves have different sizes.
    """
    frame, twin = images.read(check.halves.frame), images.read(check.halves.twin)
    if frame.shape != twin.shape:
        raise SizesDiffer(check.name, frame.shape[1::-1], twin.shape[1::-1])
    if min(frame.shape[:2]) < LEAST_SIDE_PX:
        raise ImageUnreadable(check.halves.frame, f"a side is under {LEAST_SIDE_PX} px")
    side = check.clip_side_px
    small = (semantic.squashed(frame, side), semantic.squashed(twin, side)) if side else None
    return Measured(measure(frame, twin), small)


def record(ledger: Ledger, check: Check, measures: Measures, encoder: str) -> Pair:
    """Write a pair down with its measures."""
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
        encoder,
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
            encoder=encoder,
            frame=check.frame_id,
            twin=check.twin_id,
            frame_path=frame_path,
            twin_path=twin_path,
            stamps=[stamp_of(halves.frame), stamp_of(halves.twin)],
        )
    return pair


def _of_twins(ledger: Ledger, concept: Concept | None) -> list[Halves]:
    made = {task.id: task.at for task in ledger.all(Task, station="kontext")}
    twins = sorted(ledger.current_twins(), key=lambda twin: (made.get(twin.id, ""), twin.id))
    current = {twin.twin_path: twin for twin in twins}  # a file holds what was made last
    if not current:
        raise NothingYet("twins", ledger.workspace, "curate kontext --prompt simplify.txt")
    names = Counter(twin.name for twin in current.values())
    return [
        Halves(
            twin.name if names[twin.name] == 1 else f"{twin.prompt}/{twin.name}",
            twin.name,
            twin.prompt,
            concept or twin.concept,
            twin.id,
            twin.made_by,
            ledger.path(twin.frame_path),
            ledger.path(twin.twin_path),
        )
        for twin in sorted(current.values(), key=lambda twin: (twin.prompt, twin.name))
    ]


def _stands(
    settings: Mapping[str, object], pairs: Mapping[str, Pair], encoder: semantic.Encoder | None
) -> bool:
    pair = pairs.get(str(settings.get("pair")))
    return (
        pair is not None
        and settings.get("version") == VERSION
        and settings.get("encoder") == pair.encoder
        and (encoder is None or pair.encoder == encoder.name)
    )


def _check(one: Halves, encoder: semantic.Encoder | None) -> Check:
    frame, twin = hash_of(one.frame), hash_of(one.twin)
    name = encoder.name if encoder else ""
    task = identity.of_task(
        VERSION, name=one.name, group=one.group, frame=frame, twin=twin, encoder=name
    )
    return Check(task, one, frame, twin, encoder.side_px if encoder else 0)


def _measured(
    ledger: Ledger, todo: Plan, encoder: semantic.Encoder | None, tell: Tell
) -> tuple[list[tuple[Halves, Pair]], list[Failure]]:
    pairs, failures = list(todo.known), list(todo.failures)
    for done, outcome in enumerate(engine.map(work, todo.checks), start=1):
        check, result = outcome.item, outcome.result
        if result:
            measures = dict(result.measures)
            small = result.squashed
            measures[CLIP] = semantic.similarity(encoder, *small) if encoder and small else None
            pair = record(ledger, check, measures, encoder.name if encoder else "")
            pairs.append((check.halves, pair))
        elif outcome.failure:
            failures.append(outcome.failure)
            with ledger.transaction():
                ledger.remove(Task, station=STATION, item=check.name, state="failed")
                ledger.fail(check.id, STATION, outcome.failure)
        failed = len(failures) - len(todo.failures)
        tell(Progress("measuring", done, len(todo.checks), failed, "pairs"))
    return sorted(pairs, key=lambda one: one[0].label), failures


def _judged(
    ledger: Ledger,
    pairs: Sequence[tuple[Halves, Pair]],
    decided: Mapping[str, Ruling],
    limits: verdict.Thresholds,
    of_folders: bool,
) -> list[report.Checked]:
    persons = {one.pair_id: one.ruling for one in ledger.all(Verdict, judge="person")}
    checked = []
    with ledger.transaction():
        _forget_rules(ledger, of_folders)
        for halves, pair in pairs:
            judgement = verdict.judge(pair.measures, halves.concept, limits)
            words = tuple(reason.text for reason in judgement.reasons)
            points = score.score(pair.measures, halves.concept, limits)
            ledger.put(pair, Verdict(pair.id, "rule", judgement.ruling, words, score=points))
            person = decided.get(halves.label)
            if person:
                ledger.put(Verdict(pair.id, "person", person, ()))
            person = person or persons.get(pair.id)
            checked.append(report.Checked(halves, pair, judgement, person))
    return checked


def _forget_rules(ledger: Ledger, of_folders: bool) -> None:
    """Take back the rule's verdicts on the pairs of folders, or of twins: they are given anew.

    A pair whose twin is gone or was made again thus has none and counts nowhere.
    """
    for pair in ledger.all(Pair):
        if (pair.twin_id == "") == of_folders:
            ledger.remove(Verdict, pair_id=pair.id, judge="rule")
