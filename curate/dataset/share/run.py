"""What the ledger says of a dataset's pairs, told to others."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from curate import __version__, engine, lines
from curate.dataset.share import archive as archives
from curate.dataset.share import card, contents
from curate.dataset.share import hub as hubs
from curate.dataset.share.facts import Fact
from curate.dataset.share.hub import Push
from curate.errors import Failure, NothingYet, NotWritable, PushFailed, WorkspaceUnusable
from curate.ledger import Ledger
from curate.records import Film, Frame, Lora, Pair, Task, Twin, Verdict

STATION = "dataset"
FOLDER = "hub"
PARQUET = "hub-parquet"
JUDGING = "limits"
"""The task under which the thresholds of the last judging stand in the ledger."""
DENSE_HALF = "dense-half"
"""The task under which it stands whether frames or their controls are the dense half."""


@dataclass(frozen=True, slots=True)
class Hub:
    """A dataset that others can load; `url` where it was uploaded to, else empty."""

    pairs: tuple[str, ...]
    folder: Path
    parquet: Path | None
    url: str
    failures: tuple[Failure, ...]


def hub(
    ledger: Ledger,
    licence: str | None,
    *,
    parquet: bool = False,
    push: str | None = None,
    public: bool = False,
    quiet: bool = False,
    dry_run: bool = False,
) -> Hub:
    """Write the dataset's pairs at full size as a folder for the Hub, and upload it if asked.

    Args:
        ledger: of the workspace, in which `curate dataset` has run.
        licence: in the Hub's spelling.
        parquet: also write one Parquet file.
        push: USER/NAME on the Hub.
        public: let everybody see what is pushed.
        quiet: show no progress of the upload.
        dry_run: write and upload nothing.

    Raises:
        NothingYet: there is no dataset.
        BadSetting: no licence, no USER/NAME, no token.
        ImageMissing, ImageUnreadable, DiskFull, NotWritable: see `hub.write`.
    """
    said = hubs.usable_licence(licence)
    name = None if push is None else hubs.usable_name(push)
    told = facts(ledger)
    names = tuple(fact.name for fact in told)
    folder = ledger.workspace / "dataset" / FOLDER
    if dry_run:
        return Hub(names, folder, None, "", ())
    hubs.write(
        folder, told, card.card(told, said, _limits(ledger), __version__, _dense_half(ledger))
    )
    table = hubs.parquet(folder, folder.with_name(PARQUET)) if parquet else None
    if name is None:
        return Hub(names, folder, table, "", ())
    outcome = next(engine.map(hubs.push, [Push(folder, name, public, quiet)]))
    if outcome.failure:
        return Hub(names, folder, table, "", (_in_words(name, outcome.failure),))
    return Hub(names, folder, table, str(outcome.result), ())


def _in_words(name: str, failure: Failure) -> Failure:
    """A failed upload; what only a library below huggingface_hub knew of is told as one too."""
    lost = PushFailed(name, failure.message.rstrip("."))
    return failure if failure.remedy == lost.remedy else Failure.of(name, lost)


def _limits(ledger: Ledger) -> dict[str, float]:
    """The thresholds by which the rule judged last; none where only people did."""
    judging = ledger.get(Task, station=JUDGING)
    held = judging.settings if judging else {}
    return {key: float(value) for key, value in held.items() if isinstance(value, int | float)}


def _dense_half(ledger: Ledger) -> str:
    chosen = ledger.get(Task, station=DENSE_HALF)
    return str(chosen.settings.get("half", "frame")) if chosen else "frame"


def facts(ledger: Ledger) -> list[Fact]:
    """What is known of each pair in the dataset, by name.

    Raises:
        NothingYet: there is none.
    """
    tasks = [task for task in ledger.all(Task, station=STATION, state="done") if task.item]
    if not tasks:
        raise NothingYet("pairs in a dataset", ledger.workspace, "curate dataset")
    pairs = {pair.id: pair for pair in ledger.all(Pair)}
    twins = {twin.id: twin for twin in ledger.all(Twin)}
    frames = {frame.id: frame for frame in ledger.all(Frame)}
    films = {film.id: film for film in ledger.all(Film)}
    verdicts: dict[str, Verdict] = {}
    for verdict in sorted(ledger.all(Verdict), key=lambda one: one.judge, reverse=True):
        verdicts[verdict.pair_id] = verdict  # a person's comes last
    told = []
    for task in sorted(tasks, key=lambda task: task.item):
        pair = pairs[str(task.settings["pair"])]
        twin = twins.get(pair.twin_id)
        frame = frames.get(twin.frame_id) if twin else None
        film = films.get(frame.film_id) if frame else None
        told.append(_fact(ledger, pair, twin, frame, film, verdicts.get(pair.id)))
    return told


def _fact(
    ledger: Ledger,
    pair: Pair,
    twin: Twin | None,
    frame: Frame | None,
    film: Film | None,
    verdict: Verdict | None,
) -> Fact:
    return Fact(
        name=pair.name,
        film=film.name if film else "",
        time_s=frame.time_s if frame else None,
        prompt=twin.prompt if twin else "",
        concept=pair.concept,
        instruction=twin.instruction if twin else "",
        backend=twin.backend if twin else "",
        made_by=twin.made_by if twin else "",
        seed=twin.seed if twin else None,
        verdict=verdict.ruling if verdict else "keep",
        judge=verdict.judge if verdict else "rule",
        reasons=verdict.reasons if verdict else (),
        measures=dict(pair.measures),
        frame=ledger.path(pair.frame_path),
        twin=ledger.path(pair.twin_path),
    )


@dataclass(frozen=True, slots=True)
class Packed:
    """An archive, or a workspace from one: how many files and bytes, and how to merge again."""

    archive: Path
    workspace: Path
    files: int
    size_mb: float
    merge: str
    failures: tuple[Failure, ...] = ()


def pack(ledger: Ledger, archive: Path, *, dry_run: bool = False) -> Packed:
    """Write everything that the LoRA was made of into one archive.

    Args:
        ledger: of the workspace, in which `curate dataset` has run.
        archive: the file to write.
        dry_run: write nothing.

    Raises:
        NothingYet: there is no dataset.
        ImageUnreadable, DiskFull, NotWritable: see `archive.write`.
    """
    told = facts(ledger)
    names = {fact.name for fact in told}
    tasks = [t for t in ledger.all(Task, station=STATION, state="done") if t.item in names]
    ids = {str(task.settings["pair"]) for task in tasks}
    of = {pair.twin_id for pair in ledger.all(Pair) if pair.id in ids}
    twins = [twin for twin in ledger.all(Twin) if twin.id in of]
    by_id = {frame.id: ledger.path(frame.path) for frame in ledger.all(Frame)}
    frames = [by_id[twin.frame_id] for twin in twins if twin.frame_id in by_id]
    halves = [path for fact in told for path in (fact.frame, fact.twin)]
    controls = [ledger.path(twin.control_path) for twin in twins if twin.control_path]
    inside = contents.of(ledger.workspace, sorted(names), [*frames, *halves, *controls])
    loras = [lora for lora in ledger.each(Lora) if lora.path in inside]
    merge = contents.merge(loras, ledger.all(Task, station="merge", state="done"))
    with tempfile.TemporaryDirectory() as folder:
        dumped = Path(folder) / contents.LEDGER
        lines.dump(ledger, dumped)
        inside[contents.LEDGER] = contents.ledger_lines(dumped, inside.keys(), ids)
    if not dry_run:
        archives.write(archive, inside, contents.about(twins, merge))
    size = sum(len(c) if isinstance(c, bytes) else c.stat().st_size for c in inside.values())
    command = contents.command(merge) if merge else ""
    return Packed(archive, ledger.workspace, len(inside), size / 1e6, command)


def unpack(archive: Path, workspace: Path) -> Packed:
    """Restore a workspace from an archive, whole or not at all.

    Raises:
        ArchiveUnusable: it is damaged or unsafe.
        WorkspaceUnusable: there is something in the folder.
        BadInput: its ledger cannot be read.
    """
    if workspace.exists() and (not workspace.is_dir() or any(workspace.iterdir())):
        raise WorkspaceUnusable(
            workspace, "something is there already", "Name another folder with `curate -w DIR`."
        )
    folder = workspace.absolute().with_name(f".{workspace.absolute().name}.unpacking")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        manifest = archives.extract(archive, folder)
        contents.settle(folder, workspace.absolute())
        with Ledger(folder) as ledger:
            lines.load(ledger, folder / contents.LEDGER)
        (folder / contents.LEDGER).unlink()
        if workspace.is_dir():
            workspace.rmdir()
        folder.rename(workspace)
    except OSError as error:
        raise NotWritable(workspace, error.strerror or str(error)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    size, merge = archive.stat().st_size / 1e6, manifest.get("merge") or {}
    return Packed(archive, workspace, len(manifest["files"]), size, str(merge.get("command", "")))
