"""What of the pairs is measured already, what is measured now, what is written down of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from curate import engine, identity
from curate.errors import CurateError, Failure
from curate.events import Progress, Tell
from curate.figures import head
from curate.ledger import Ledger
from curate.measures import VERSION, Measures, semantic
from curate.pairs.checks import Check, Plan, work
from curate.pairs.halves import Halves, Measuring, measuring, stamp_of
from curate.records import Pair, Task

STATION = "pair-check"

_NEEDS = engine.Needs(memory_mb=400)  # 233 for a pair of 4K


def planned(
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
    done: dict[tuple[object, ...], list[Measuring]] = defaultdict(list)
    for task in ledger.columns(Task, "id", "settings", station=STATION, state="done"):
        settings = task[1]
        if settings.get("version") == VERSION and settings.get("pair") in pairs:
            done[settings["group"], settings["frame_path"], settings["twin_path"]].append(task)
    known, checks, failures, renewed = [], [], [], []
    for one in halves:
        files = ledger.relative(one.frame_file), ledger.relative(one.twin_file)
        try:
            last = measuring(done.get((one.group, *files), ()), one)
            if last is None:
                checks.append(Check.of(one))
                continue
        except CurateError as error:
            failures.append(Failure.of(one.label, error))
            continue
        task_id, settings = last
        pair = pairs[settings["pair"]]
        if (pair.twin_id, pair.concept) != (one.twin_id, one.concept):
            pair = replace(pair, twin_id=one.twin_id, concept=one.concept)
            renewed.append(pair)
        elif not head(pair.measures):
            renewed.append(pair)
        if encoder is None or _is_embedded(pair, one, encoder):
            known.append((one, pair))
        else:
            checks.append(Check(task_id, one, settings["frame"], settings["twin"], pair=pair))
    return Plan(tuple(known), tuple(checks), tuple(failures), tuple(renewed))


def _is_embedded(pair: Pair, one: Halves, encoder: str) -> bool:
    """Whether the pair has the similarity by this encoder, with the captions that it has now."""
    if encoder == semantic.AUTO:
        return bool(pair.encoder) and pair.encoder.endswith(semantic.named("", one.captions))
    return pair.encoder == semantic.named(encoder, one.captions)


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


def measured(
    ledger: Ledger, todo: Plan, encoder: semantic.Encoder | None, tell: Tell
) -> tuple[list[tuple[Halves, Pair]], list[Failure]]:
    pairs, failures = list(todo.known), list(todo.failures)
    side = encoder.side_px if encoder else 0
    waiting: list[tuple[Halves, Pair, semantic.Squashed]] = []
    if todo.renewed:
        with ledger.transaction():
            ledger.put(*todo.renewed)
    checks = (replace(check, side_px=side) for check in todo.checks)
    for done, outcome in enumerate(engine.map(work, checks, needs=_NEEDS), start=1):
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
    found = semantic.similarities(
        encoder,
        [squashed for _, _, squashed in waiting],
        [halves.captions for halves, _, _ in waiting],
    )
    pairs = [
        (halves, _with(pair, similar, semantic.named(encoder.name, halves.captions)))
        for (halves, pair, _), similar in zip(waiting, found, strict=True)
    ]
    with ledger.transaction():
        ledger.put(*(pair for _, pair in pairs))
    return pairs


def _with(pair: Pair, similar: Measures, encoder: str) -> Pair:
    """The pair with an encoder's measures; what another encoder or caption said is gone."""
    own = {key: value for key, value in pair.measures.items() if key not in semantic.MEASURES}
    return replace(pair, encoder=encoder, measures=own | {semantic.CLIP: None} | similar)
