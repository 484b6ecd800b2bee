"""Station 4: the kept pairs as two folders and two dataset files that Musubi trains on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curate import engine, files, identity, images
from curate.dataset import folders, musubi
from curate.dataset.folders import Placing
from curate.dataset.musubi import HALVES, Bucket
from curate.errors import BadSetting, Failure, NothingYet, nearest
from curate.events import Notice, Progress, Tell, silent
from curate.ledger import Ledger
from curate.records import Pair, Task

STATION = "dataset"
VERSION = "dataset/1"
FOLDERS = "folders"
"""The name of pairs that no instruction made: those of two plain folders."""

_WHOLE = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What the dataset holds; with `dry_run`, what it would hold."""

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
    *,
    resolution: int = 192,
    prompt: str | None = None,
    cache: Path | None = None,
    tell: Tell = silent,
    dry_run: bool = False,
) -> Report:
    """Put the kept pairs into dataset/dense and dataset/sparse, and describe them to Musubi.

    Args:
        ledger: of the workspace.
        resolution: the side of a square with the area to train at.
        prompt: whose pairs, if several instructions have some; "folders" for plain folders.
        cache: where Musubi shall keep its caches; by default dataset/cache.
        tell: hears of progress.
        dry_run: write nothing.

    Raises:
        NothingYet: no pair is kept.
        BadSetting: no such prompt or several, a resolution or cache that Musubi cannot use.
    """
    folder = _folder(ledger)
    caches = tuple(musubi.usable_cache((cache or folder / "cache") / half) for half in HALVES)
    musubi.usable_resolution(resolution)
    chosen, kept = _kept(ledger, prompt)
    todo, gone = plan(ledger, kept)
    if dry_run:
        names = tuple(pair.name for pair in kept)
        written = tuple(placing.name for placing in todo)
        return Report(names, written, tuple(gone), folder, (), 0, (), (), ())
    failures = _placed(ledger, todo, tell)
    failed = [failure.item for failure in failures]
    removed = _remove(ledger, [*gone, *failed])
    placed = sorted({pair.name for pair in kept} - set(failed))
    emptied = _describe(ledger, caches, resolution, chosen) if placed else 0
    notes = tuple(folders.foreign(folder, set(placed)))
    for note in notes:
        tell(Notice(note))
    return Report(
        tuple(placed),
        tuple(sorted({placing.name for placing in todo} & set(placed))),
        tuple(removed),
        folder,
        _bucket_counts([folder / "dense" / f"{name}.png" for name in placed], resolution),
        emptied,
        tuple(
            command
            for half in HALVES
            for command in musubi.commands(
                half, folder / f"{half}.toml", ledger.workspace / "loras"
            )
        ),
        notes,
        tuple(failures),
    )


def plan(ledger: Ledger, kept: Sequence[Pair]) -> tuple[list[Placing], list[str]]:
    """The pairs to write and the names to take out; only reads."""
    checked = {
        str(task.settings["pair"]): (str(task.settings["frame"]), str(task.settings["twin"]))
        for task in ledger.all(Task, station="pair-check", state="done")
    }
    done = {task.id: task.settings for task in ledger.all(Task, station=STATION, state="done")}
    placings = [_placing(ledger, pair, checked.get(pair.id, ("", ""))) for pair in kept]
    todo = [
        placing
        for placing in placings
        if placing.id not in done
        or done[placing.id]["sizes"] != folders.sizes_of(_folder(ledger), placing.name)
    ]
    return todo, sorted(_written(ledger) - {pair.name for pair in kept})


def work(placing: Placing) -> None:
    """Put a pair into place."""
    folders.put(placing)


def record(ledger: Ledger, placing: Placing) -> None:
    """Write down a pair that is in place; the dataset as a whole is to be described anew."""
    sizes = folders.sizes_of(_folder(ledger), placing.name)
    with ledger.transaction():
        ledger.remove(Task, station=STATION, item=_WHOLE)
        ledger.remove(Task, station=STATION, item=placing.name)
        ledger.finish(placing.id, STATION, placing.name, sizes=sizes)


def _kept(ledger: Ledger, prompt: str | None) -> tuple[str, list[Pair]]:
    """An instruction, and its pairs that the rule or a person keeps, by name."""
    rulings = ledger.rulings()
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
    chosen = _chosen(prompt, {prompts[pair.twin_id] for pair in kept})
    of_chosen = (pair for pair in kept if prompts[pair.twin_id] == chosen)
    return chosen, sorted(of_chosen, key=lambda pair: pair.name)


def _chosen(prompt: str | None, known: set[str]) -> str:
    if prompt is None and len(known) == 1:
        return next(iter(known))
    if prompt is None:
        raise BadSetting(
            f"Pairs of several instructions are kept: {', '.join(sorted(known))}.",
            remedy="A slider has one concept: choose with --prompt NAME.",
        )
    name = prompt.removesuffix(".txt")
    if name not in known:
        raise BadSetting(f"No pair of {name!r} is kept.", remedy=nearest(name, known))
    return name


def _placing(ledger: Ledger, pair: Pair, hashes: tuple[str, str]) -> Placing:
    dense, sparse = folders.halves(_folder(ledger))
    return Placing(
        id=identity.of_task(VERSION, name=pair.name, hashes=hashes),
        name=pair.name,
        sources=(ledger.path(pair.frame_path), ledger.path(pair.twin_path)),
        hashes=hashes,
        targets=(dense / f"{pair.name}.png", sparse / f"{pair.name}.png"),
    )


def _placed(ledger: Ledger, todo: Sequence[Placing], tell: Tell) -> list[Failure]:
    failures = []
    folders.sweep(_folder(ledger))
    for done, outcome in enumerate(engine.map(work, todo), start=1):
        if outcome.failure:
            failures.append(outcome.failure)
            with ledger.transaction():
                ledger.remove(Task, station=STATION, item=outcome.item.name, state="failed")
                ledger.fail(outcome.item.id, STATION, outcome.failure)
        else:
            record(ledger, outcome.item)
        tell(Progress("placing", done, len(todo), len(failures), "pairs"))
    return sorted(failures, key=lambda failure: failure.item)


def _remove(ledger: Ledger, names: Sequence[str]) -> list[str]:
    """Take pairs out that this station put in; nobody else's files are touched."""
    ours = [name for name in names if name in _written(ledger)]
    for name in ours:
        for file in folders.files_of(_folder(ledger), name):
            file.unlink(missing_ok=True)
        with ledger.transaction():
            ledger.remove(Task, station=STATION, item=_WHOLE)
            ledger.remove(Task, station=STATION, item=name, state="done")
    return ours


def _describe(ledger: Ledger, caches: Sequence[Path], resolution: int, prompt: str) -> int:
    """Write both dataset files; empty the caches if they are of other images or another size.

    Musubi trains on every cache it finds, whether the image is still there or not, and their
    names do not tell the resolution. Returns how many were deleted.
    """
    settings: dict[str, object] = {
        "prompt": prompt,
        "resolution": resolution,
        "caches": [ledger.relative(cache) for cache in caches],
    }
    last = ledger.get(Task, station=STATION, item=_WHOLE)
    fresh = last is not None and last.settings == settings
    stale = [] if fresh else [file for cache in caches for file in musubi.caches(cache)]
    for file in stale:
        file.unlink()
    for images_folder, cache in zip(folders.halves(_folder(ledger)), caches, strict=True):
        folders.make(cache)
        text = musubi.dataset_toml(images_folder, cache, resolution)
        files.write_text(images_folder.with_suffix(".toml"), text)
    with ledger.transaction():
        ledger.finish(identity.of_task(VERSION, whole=True), STATION, _WHOLE, **settings)
    return len(stale)


def _bucket_counts(sources: Sequence[Path], resolution: int) -> tuple[tuple[Bucket, int], ...]:
    counts = Counter(musubi.bucket(*images.size(file), resolution) for file in sources)
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0].width)))


def _written(ledger: Ledger) -> set[str]:
    names = {task.item for task in ledger.all(Task, station=STATION, state="done")}
    return names - {_WHOLE}


def _folder(ledger: Ledger) -> Path:
    return ledger.workspace / "dataset"
