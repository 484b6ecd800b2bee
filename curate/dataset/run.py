"""Station 4: the kept pairs as two folders and the files that Musubi trains on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from curate import heap, identity
from curate.dataset import (
    buckets,
    captions,
    choice,
    folders,
    musubi,
    order,
    presets,
    script,
    whole,
)
from curate.dataset.buckets import Bucket
from curate.dataset.captions import Captions, Scheme
from curate.dataset.check import check as check
from curate.dataset.clips import clips as clips
from curate.dataset.folders import Placing
from curate.dataset.musubi import HALVES
from curate.dataset.presets import Training
from curate.dataset.settings import Settings as Settings
from curate.dataset.share.run import hub as hub
from curate.dataset.share.run import pack as pack
from curate.dataset.share.run import unpack as unpack
from curate.dataset.steps import Trainer as Trainer
from curate.dataset.training import TrainReport as TrainReport
from curate.dataset.training import train as train
from curate.dataset.whole import Whole
from curate.errors import Failure, NothingYet
from curate.events import Notice, Progress, Tell, silent
from curate.ledger import Ledger
from curate.records import Pair, Task

STATION = "dataset"
VERSION = "dataset/3"
FOLDERS = "folders"
"""The name of pairs that no instruction made: those of two plain folders."""

_WHOLE = ""
_NEVER = {"frame": "", "twin": "", "stamps": [[], []]}


@dataclass(frozen=True, slots=True)
class Report:
    """What the dataset holds; with `dry_run`, what it would."""

    pairs: tuple[str, ...]
    written: tuple[str, ...]
    removed: tuple[str, ...]
    folder: Path
    buckets: tuple[tuple[Bucket, int], ...]
    emptied_caches: int
    commands: tuple[str, ...]
    notes: tuple[str, ...]
    failures: tuple[Failure, ...]


def dataset(
    ledger: Ledger,
    settings: Settings | None = None,
    *,
    prompt: str | None = None,
    tell: Tell = silent,
    dry_run: bool = False,
) -> Report:
    """Put the kept pairs into dataset/dense and dataset/sparse, and describe them to Musubi.

    Args:
        ledger: of the workspace.
        settings: how it is written.
        prompt: whose pairs, if several instructions have some; "folders" for plain folders.
        tell: hears of progress.
        dry_run: write nothing.

    Raises:
        NothingYet: no pair is kept.
        BadSetting: no such prompt or several, a setting that Musubi cannot use.
    """
    asked = settings or Settings()
    folder = _folder(ledger)
    musubi.usable_cache(asked.cache or folder / "cache")
    buckets.usable(asked.resolution)
    scheme = captions.scheme(asked.captions)
    training = presets.training(asked.preset, asked.model, asked.changes)
    chosen, kept = _kept(ledger, prompt)
    halves = {p.name: (ledger.path(p.frame_path), ledger.path(p.twin_path)) for p in kept}
    said, unsaid = captions.of(halves, scheme)
    todo, gone = plan(ledger, [pair for pair in kept if pair.name in said], asked)
    fresh = {placing.name for placing in todo}
    if dry_run:
        names = tuple(pair.name for pair in kept)
        written = tuple(sorted(fresh | folders.uncaptioned(folder, said, but=fresh)))
        return Report(names, written, tuple(gone), folder, (), 0, (), (), unsaid)
    before = _tasks(ledger)
    failures = (*unsaid, *_placed(ledger, todo, said, tell))
    failed = [failure.item for failure in failures]
    removed = _remove(ledger, before, [*gone, *failed])
    placed = {name: said[name] for name in sorted(_tasks(ledger)) if name in said}
    anew = folders.uncaptioned(folder, placed, but=fresh)
    for name in anew:
        folders.caption(folders.places(folder, name), placed[name])
    counts = buckets.counts(_sizes(ledger, placed), asked.resolution)
    notes = (*folders.foreign(folder, placed), *buckets.lonely(counts))
    for note in notes:
        tell(Notice(note))
    described = _whole(ledger, asked, scheme, training, placed)
    every, emptied = whole.described(described, counts[0][0]) if placed else ([], 0)
    if placed:
        _finish(ledger, chosen, asked)
    return Report(
        tuple(placed),
        tuple(sorted(fresh & placed.keys() | anew)),
        tuple(removed),
        folder,
        counts,
        emptied,
        script.lines(every),
        notes,
        failures,
    )


def plan(
    ledger: Ledger, kept: Sequence[Pair], settings: Settings
) -> tuple[list[Placing], list[str]]:
    """The pairs to write, by name, and the names to take out; only reads."""
    checked = {
        str(task.settings["pair"]): task.settings
        for task in ledger.each(Task, station="pair-check", state="done")
    }
    done = _tasks(ledger)
    resolution = None if settings.keep_size else settings.resolution
    placings = [_placing(ledger, pair, checked.get(pair.id, _NEVER), resolution) for pair in kept]
    todo = [
        placing
        for placing in placings
        if placing.name not in done
        or done[placing.name].id != placing.id
        or done[placing.name].settings["sizes"] != folders.sizes_of(_folder(ledger), placing.name)
    ]
    return todo, sorted(done.keys() - {pair.name for pair in kept})


def work(placing: Placing) -> tuple[int, int]:
    """Bring both halves of a pair to their size; width and height before."""
    heap.keep()
    return folders.prepare(placing)


def record(ledger: Ledger, placing: Placing, size: tuple[int, int], last: Task | None) -> None:
    """Write down a pair that is in place, instead of the `last` one of its name."""
    sizes = folders.sizes_of(_folder(ledger), placing.name)
    with ledger.transaction():
        if last:
            ledger.remove(Task, id=last.id)
        ledger.finish(
            placing.id, STATION, placing.name, sizes=sizes, pair=placing.pair_id, size=list(size)
        )


def _kept(ledger: Ledger, prompt: str | None) -> tuple[str, list[Pair]]:
    """An instruction, and its pairs that are kept, by name: the best twin of each frame."""
    rulings = ledger.chosen()
    prompts = {twin.id: twin.prompt for twin in ledger.current_twins()} | {"": FOLDERS}
    judged = [p for p in ledger.all(Pair) if p.id in rulings and p.twin_id in prompts]
    if not judged:
        raise NothingYet("pairs", ledger.workspace, "curate pair-check")
    kept = [pair for pair in judged if rulings[pair.id] == "keep"]
    if not kept:
        counts = Counter(rulings[pair.id] for pair in judged)
        raise NothingYet(
            f"kept pairs ({counts['look']} to look at, {counts['reject']} rejected)",
            ledger.workspace,
            "curate pair-check --keep NAME",
        )
    chosen = choice.prompt(prompt, {prompts[pair.twin_id] for pair in kept})
    of_chosen = (pair for pair in kept if prompts[pair.twin_id] == chosen)
    return chosen, sorted(of_chosen, key=lambda pair: pair.name)


def _placing(
    ledger: Ledger, pair: Pair, checked: Mapping[str, object], resolution: int | None
) -> Placing:
    folder = _folder(ledger)
    hashes = str(checked["frame"]), str(checked["twin"])
    return Placing(
        id=identity.of_task(VERSION, name=pair.name, hashes=hashes, resolution=resolution),
        name=pair.name,
        pair_id=pair.id,
        sources=(ledger.path(pair.frame_path), ledger.path(pair.twin_path)),
        hashes=hashes,
        stamps=tuple(map(tuple, cast("list[list[int]]", checked["stamps"]))),
        resolution=resolution,
        stages=folders.stages(folder, pair.name),
        targets=folders.places(folder, pair.name),
    )


def _placed(
    ledger: Ledger, todo: Sequence[Placing], said: dict[str, Captions], tell: Tell
) -> list[Failure]:
    """Put pairs into place in the order of `todo`, as soon as those before them are."""
    failures = []
    folders.sweep(_folder(ledger))
    for target in folders.halves(_folder(ledger)):
        folders.make(target)
    before, failed_before = _tasks(ledger), _tasks(ledger, "failed")
    for done, outcome in enumerate(order.kept(work, todo), start=1):
        placing, failure = outcome.item, outcome.failure
        if old := failed_before.get(placing.name):
            with ledger.transaction():
                ledger.remove(Task, id=old.id)
        if failure:
            failures.append(failure)
            with ledger.transaction():
                ledger.fail(placing.id, STATION, failure)
        elif outcome.result:
            folders.put(placing, said[placing.name])
            record(ledger, placing, outcome.result, before.get(placing.name))
        tell(Progress("placing", done, len(todo), len(failures), "pairs"))
    folders.sweep(_folder(ledger))
    return failures


def _remove(ledger: Ledger, before: Mapping[str, Task], names: Sequence[str]) -> list[str]:
    """Take pairs out that this station put in; nobody else's files are touched."""
    ours = sorted(set(names) & before.keys())
    for name in ours:
        folders.take_out(_folder(ledger), name)
        with ledger.transaction():
            ledger.remove(Task, id=before[name].id, state="done")
    return ours


def _whole(
    ledger: Ledger,
    asked: Settings,
    scheme: Scheme,
    training: Training,
    placed: Mapping[str, Captions],
) -> Whole:
    folder, tasks = _folder(ledger), _tasks(ledger)
    cache = asked.cache or folder / "cache"
    return Whole(
        folder,
        ledger.workspace / "loras",
        tuple(cache / half for half in HALVES),
        asked.resolution,
        asked.keep_size,
        scheme,
        placed,
        {name: tasks[name].id for name in placed},
        training,
        asked.trainer,
    )


def _finish(ledger: Ledger, prompt: str, asked: Settings) -> None:
    """Write down what the dataset as a whole is of."""
    with ledger.transaction():
        ledger.finish(
            identity.of_task(VERSION, whole=True),
            STATION,
            _WHOLE,
            prompt=prompt,
            resolution=asked.resolution,
            keep_size=asked.keep_size,
            captions=list(asked.captions),
            preset=asked.preset,
            model=asked.model,
            changes=list(asked.changes),
        )


def _sizes(ledger: Ledger, names: Iterable[str]) -> list[tuple[int, int]]:
    """Width and height of each pair before it was brought to its size."""
    tasks = _tasks(ledger)
    return [cast("tuple[int, int]", tasks[name].settings["size"]) for name in names]


def _tasks(ledger: Ledger, state: str = "done") -> dict[str, Task]:
    """The pairs' tasks in a state, by name."""
    tasks = ledger.all(Task, station=STATION, state=state)
    return {task.item: task for task in tasks if task.item != _WHOLE}


def _folder(ledger: Ledger) -> Path:
    return ledger.workspace / "dataset"
