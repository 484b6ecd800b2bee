"""Where a workspace stands: done, failed and waiting at each station, and what to type next."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curate import ledger as ledgers
from curate.dataset import steps
from curate.ledger import Ledger
from curate.records import Cell, Film, Frame, Lora, Pair, Ruling, Task, Twin


@dataclass(frozen=True, slots=True)
class Standing:
    """One station: how many items, and what they are."""

    station: str
    done: int
    failed: int
    waiting: int
    note: str


@dataclass(frozen=True, slots=True)
class Failed:
    """An item that failed and has not been done since."""

    station: str
    item: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Step:
    """What to type next, empty when nothing is left, and why."""

    command: str
    why: str


@dataclass(frozen=True, slots=True)
class Status:
    """A workspace at a glance."""

    workspace: Path
    stations: tuple[Standing, ...]
    failed: tuple[Failed, ...]
    next_step: Step


_FIRST = Step("curate extract film.mkv", "No film has been read.")
_FOLDERS = "folders"  # the instruction of pairs that came from two plain folders


@dataclass(frozen=True, slots=True)
class _Work:
    """What of the ledger still counts: its frame is chosen, its files are in place."""

    films: list[Film]
    frames: list[Frame]
    gone: set[str]
    twins: list[Twin]
    pairs: list[Pair]
    rulings: dict[str, Ruling]
    kept: dict[str, set[str]]
    dataset_of: str

    def unmade(self) -> dict[str, int]:
        """How many frames have no twin, by instruction."""
        made = defaultdict(set)
        for twin in self.twins:
            made[twin.prompt].add(twin.frame_id)
        return {prompt: len(self.frames) - len(ids) for prompt, ids in made.items()}

    def unplaced(self, placed: set[str]) -> int:
        """How many kept pairs are missing in the dataset, of the instruction that it is of."""
        if self.dataset_of in self.kept:
            return len(self.kept[self.dataset_of] - placed)
        return max((len(names) for names in self.kept.values()), default=0)


def of(workspace: Path) -> Status:
    """How far the work in `workspace` is; an absent workspace has nothing done and is not made."""
    if not ledgers.exists(workspace):
        return Status(workspace, (), (), _FIRST)
    with Ledger(workspace) as ledger:
        failed = _failed(ledger)
        work = _work(ledger)
        stations = _stations(ledger, work, Counter(failure.station for failure in failed))
        return Status(workspace, stations, failed, _next(ledger, work, stations, failed))


def _failed(ledger: Ledger) -> tuple[Failed, ...]:
    failed = ledger.all(Task, state="failed")
    left = {(task.station, task.item) for task in failed}
    if left:
        left.difference_update((t.station, t.item) for t in ledger.each(Task, state="done"))
    return tuple(
        Failed(task.station, task.item, task.reason, task.remedy)
        for task in failed
        if (task.station, task.item) in left
    )


def _work(ledger: Ledger) -> _Work:
    frames = ledger.all(Frame)
    twins = [
        twin
        for twin in ledger.current_twins()
        if ledger.path(twin.frame_path).exists() and ledger.path(twin.twin_path).exists()
    ]
    prompts = {twin.id: twin.prompt for twin in twins} | {"": _FOLDERS}
    rulings, chosen = ledger.rulings(), ledger.chosen()
    pairs = [p for p in ledger.all(Pair) if p.twin_id in prompts and p.id in rulings]
    kept: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        if chosen.get(pair.id) == "keep":
            kept[prompts[pair.twin_id]].add(pair.name)
    whole = ledger.get(Task, station="dataset", item="")
    return _Work(
        films=ledger.all(Film),
        frames=frames,
        gone={frame.film_id for frame in frames if not ledger.path(frame.path).exists()},
        twins=twins,
        pairs=pairs,
        rulings=rulings,
        kept=kept,
        dataset_of=str(whole.settings.get("prompt", "")) if whole else "",
    )


def _stations(ledger: Ledger, work: _Work, failed: Counter[str]) -> tuple[Standing, ...]:
    counts = Counter(work.rulings[pair.id] for pair in work.pairs)
    placed = {file.stem for file in (ledger.workspace / "dataset" / "dense").glob("*.png")}
    sliders = [lora for lora in ledger.all(Lora) if ledger.path(lora.path).exists()]
    unmade = work.unmade() or {"": len(work.frames)}
    unmeasured = {twin.id for twin in work.twins} - {pair.twin_id for pair in work.pairs}
    judged = f"{counts['keep']} keep, {counts['look']} look, {counts['reject']} reject"
    done = {
        "extract": (len(work.films) - len(work.gone), len(work.gone)),
        "kontext": (len(work.twins), sum(unmade.values())),
        "pair-check": (len(work.pairs), len(unmeasured)),
        "dataset": (len(work.kept.get(work.dataset_of, set()) & placed), work.unplaced(placed)),
        "merge": (len(sliders), 0),
        "grid": (sum(ledger.path(cell.path).exists() for cell in ledger.all(Cell)), 0),
    }
    notes = (
        f"films, {len(work.frames)} frames",
        "twins",
        f"pairs: {judged}",
        "pairs",
        "slider LoRAs",
        "cells",
    )
    return tuple(
        Standing(station, count, failed[station], waiting, note)
        for (station, (count, waiting)), note in zip(done.items(), notes, strict=True)
    )


def _next(
    ledger: Ledger, work: _Work, stations: tuple[Standing, ...], failed: Sequence[Failed]
) -> Step:
    _, kontext, pairs, dataset, merge, grid = stations
    if not work.films and not work.pairs:
        return _FIRST
    for film in work.films:
        if film.id in work.gone:
            return Step(f'curate extract "{film.path}"', "Frames of this film are missing.")
    if work.frames and (kontext.waiting or not kontext.done):
        return Step(_kontext(work), "Frames wait for their twins.")
    if pairs.waiting or not pairs.done:
        return Step("curate pair-check", "Twins wait to be checked.")
    if dataset.waiting:
        names = sorted(work.kept)
        choice = "" if len(names) == 1 else f" --prompt {work.dataset_of or names[0]}"
        return Step(f"curate dataset{choice}", "Kept pairs are not in the dataset yet.")
    if not dataset.done:
        return Step("curate review", "No pair was kept; decide the doubtful ones.")
    if home := steps.written_for(ledger.workspace):
        why = f"The dataset names {home}, where it is no longer: its files are to be written again."
        return Step("curate dataset", why)
    if not merge.done and not _has_halves(ledger.workspace / "loras"):
        return Step("curate train --musubi DIR", "Both halves wait to be trained.")
    if not merge.done:
        return Step("curate merge", "Two LoRAs are there to subtract.")
    if failed:
        return Step("", "All that could be done is done; what failed stands above.")
    if not grid.done:
        return Step("curate grid", "The slider waits to be seen at each strength.")
    return Step("", "Everything is done; the grid says at which strengths the slider can be used.")


def _has_halves(folder: Path) -> bool:
    return all(any(folder.glob(f"*{half}*.safetensors")) for half in ("dense", "sparse"))


def _kontext(work: _Work) -> str:
    """The command that makes the missing twins as the others of their instruction were made."""
    prompt = next((prompt for prompt, count in work.unmade().items() if count), "simplify")
    backends = {twin.backend for twin in work.twins if twin.prompt == prompt}
    other = f" --backend {min(backends)}" if len(backends) == 1 and "comfy" not in backends else ""
    return f"curate kontext --prompt {prompt}{other}"
