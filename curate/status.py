"""Where a workspace stands: done, failed and waiting at each station, and what to type next."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from curate import ledger as ledgers
from curate.ledger import Ledger
from curate.records import Film, Frame, Lora, Pair, Ruling, Task, Twin, Verdict


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


def of(workspace: Path) -> Status:
    """How far the work in `workspace` is; an absent workspace has nothing done and is not made."""
    if not ledgers.exists(workspace):
        return Status(workspace, (), (), _FIRST)
    with Ledger(workspace) as ledger:
        failed = _failed(ledger)
        stations = _stations(ledger, Counter(failure.station for failure in failed))
        return Status(workspace, stations, failed, _next(ledger, stations))


def _failed(ledger: Ledger) -> tuple[Failed, ...]:
    finished = {(task.station, task.item) for task in ledger.all(Task, state="done")}
    return tuple(
        Failed(task.station, task.item, task.reason, task.remedy)
        for task in ledger.all(Task, state="failed")
        if (task.station, task.item) not in finished
    )


def _stations(ledger: Ledger, failed: Counter[str]) -> tuple[Standing, ...]:
    films, frames = ledger.all(Film), ledger.all(Frame)
    frame_ids = {frame.id for frame in frames}
    twins = [twin for twin in ledger.all(Twin) if twin.frame_id in frame_ids]
    twin_ids = {twin.id for twin in twins}
    pairs = [pair for pair in ledger.all(Pair) if pair.twin_id in twin_ids]
    rulings = _rulings(ledger, pairs)
    counts = Counter(rulings.values())
    kept = {pair.name for pair in pairs if rulings.get(pair.id) == "keep"}
    placed = {file.stem for file in (ledger.workspace / "dataset" / "dense").glob("*.png")}
    sliders = [lora for lora in ledger.all(Lora) if ledger.path(lora.path).exists()]

    waiting_frames = len(frame_ids - {twin.frame_id for twin in twins})
    unmeasured = len(twin_ids - {pair.twin_id for pair in pairs})
    judged = f"{counts['keep']} keep, {counts['look']} look, {counts['reject']} reject"
    return (
        Standing("extract", len(films), failed["extract"], 0, f"films, {len(frames)} frames"),
        Standing("kontext", len(twins), failed["kontext"], waiting_frames, "twins"),
        Standing("pair-check", len(pairs), failed["pair-check"], unmeasured, f"pairs: {judged}"),
        Standing("dataset", len(kept & placed), failed["dataset"], len(kept - placed), "pairs"),
        Standing("merge", len(sliders), failed["merge"], 0, "slider LoRAs"),
    )


def _rulings(ledger: Ledger, pairs: list[Pair]) -> dict[str, Ruling]:
    known = {pair.id for pair in pairs}
    judged = [v for v in ledger.all(Verdict) if v.pair_id in known]
    rule = {v.pair_id: v.ruling for v in judged if v.judge == "rule"}
    return rule | {v.pair_id: v.ruling for v in judged if v.judge == "person"}


def _next(ledger: Ledger, stations: tuple[Standing, ...]) -> Step:
    extract, kontext, pairs, dataset, merge = stations
    if not extract.done:
        return _FIRST
    if kontext.waiting or not kontext.done:
        return Step("curate kontext --prompt simplify.txt", "Frames wait for their twins.")
    if pairs.waiting or not pairs.done:
        return Step("curate pair-check", "Twins wait to be checked.")
    if dataset.waiting:
        return Step("curate dataset", "Kept pairs are not in the dataset yet.")
    if not dataset.done:
        return Step("curate pair-check --keep NAME", "No pair was kept; decide the doubtful ones.")
    if not any((ledger.workspace / "loras").glob("*.safetensors")):
        return Step("curate merge", "First train both halves with Musubi Tuner, into loras/.")
    if not merge.done:
        return Step("curate merge", "Two LoRAs are there to subtract.")
    return Step("", "Everything is done; load the slider in ComfyUI at strengths -3 to 3.")
