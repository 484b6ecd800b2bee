"""Files in, the slider LoRA out: one merge from its first byte to its last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from curate.errors import LorasDiffer
from curate.events import Progress, Tell
from curate.merge import choosing, describe, files, report, solving
from curate.merge import device as devices
from curate.merge.align import Aligned
from curate.merge.device import Device
from curate.merge.found import Found
from curate.merge.job import Job
from curate.merge.lora import Module
from curate.merge.report import ModuleReport, Totals
from curate.merge.settings import STORED, Settings
from curate.merge.solving import Pair, Solved, Sources, Wanted
from curate.merge.spelling import Spelling, tensors

Made = dict[str, tuple[Aligned, Pair, int]]


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was made, its largest rank, its size in 10^6 bytes, the energy it keeps."""

    path: Path
    rank: int
    size_mb: float
    kept_energy: float


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did; `left_out` counts modules by reason, `notices` are sentences."""

    written: tuple[Written, ...]
    modules: tuple[ModuleReport, ...]
    totals: Totals
    multiplier: float
    left_out: Mapping[str, int]
    one_sided: int
    by_householder: int
    device: str
    notices: tuple[str, ...]


def merge(job: Job, found: Found, tell: Tell) -> Merged:
    """Do a merge of the modules found and write its file or files.

    Raises:
        LoraUnreadable: a file is damaged or holds what cannot be subtracted.
        LorasDiffer: the files do not belong together, or there is no difference.
        NoModuleChosen: nothing is left to do.
    """
    dtype = _dtype(job.settings, found.loras[0])
    low = [one for one in found.chosen if one.shape]
    device = devices.choose(
        job.settings.device, work_flop=solving.flop(low), workers=job.settings.workers
    )
    solved = _solved(low, found.sources, device, _eager(job.settings, dtype), tell)
    strong = choosing.strong_enough(solved, job.settings)
    found.left_out["too weak"] = len(solved) - len(strong)
    whole = _whole(found)
    if not whole:
        choosing.check_difference(strong, job.settings)
    ranks = choosing.ranks_of(strong, job.settings, dtype)
    multiplier = choosing.multiplier(strong, ranks, job.settings)
    made = _made(strong, ranks, found.sources, device, Wanted(0, multiplier, dtype))
    scaled = {
        key: (one, {role: values * multiplier for role, values in parts.items()})
        for key, (one, parts) in whole.items()
    }
    if job.settings.non_target == "zero":
        made |= _zeros(found.all, made, dtype)
    with ThreadPoolExecutor(1) as beside:
        writing = beside.submit(_write, job, found, made, scaled, strong, dtype)
        notices = _notices(job, found, strong, whole)
        reports = report.modules(strong, ranks)
        totals = report.totals(reports, strong)
        written = writing.result()
    return Merged(
        written,
        reports,
        totals,
        multiplier,
        {reason: count for reason, count in found.left_out.items() if count},
        sum(not one.shared for one in found.chosen),
        sum(one.solution.by_householder for one in strong),
        device.name,
        (*notices, *report.warnings(reports, totals)),
    )


def _dtype(asked: Settings, modules: Mapping[str, Module]) -> str:
    if asked.dtype != "same":
        return STORED[asked.dtype]
    own = next(iter(modules.values())).dtype
    # loaders do not take LoRAs in 8 or 64 bits
    return {"F8_E4M3": "BF16", "F8_E5M2": "BF16", "F64": "F32"}.get(own, own)


def _eager(asked: Settings, dtype: str) -> Wanted | None:
    if asked.by_rank and asked.target_norm is None:
        return Wanted(max(asked.ranks), asked.alpha, dtype)
    return None


def _solved(
    low: Sequence[Aligned], sources: Sources, device: Device, wanted: Wanted | None, tell: Tell
) -> list[Solved]:
    work = partial(solving.solve, sources=sources, device=device, wanted=wanted)
    solved: list[Solved] = []
    for batch in solving.in_threads(work, solving.batches(low), device.lanes):
        solved += batch
        tell(Progress("merge", len(solved), len(low), unit="modules"))
    return solved


def _made(
    solved: Sequence[Solved],
    ranks: Mapping[str, int],
    sources: Sources,
    device: Device,
    wanted: Wanted,
) -> Made:
    def made(one: Solved) -> Pair:
        rank = ranks[one.aligned.key]
        again = Wanted(rank, wanted.multiplier, wanted.dtype)
        return one.factors or solving.make(one, sources, device, again)

    pairs = solving.in_threads(made, solved, device.lanes)
    found: Made = {}
    for one, pair in zip(solved, pairs, strict=True):
        if wanted.dtype == "F16" and not all(np.isfinite(matrix).all() for matrix in pair):
            raise LorasDiffer(
                f"The difference in {one.aligned.name} is too large for {wanted.dtype}.",
                remedy="Give --dtype bfloat16 or float32, or a smaller --alpha.",
            )
        found[one.aligned.key] = (one.aligned, pair, ranks[one.aligned.key])
    return found


def _whole(found: Found) -> dict[str, tuple[Aligned, dict[str, solving.Full]]]:
    parts = {one.key: (one, solving.whole(one, found.sources)) for one in found.chosen}
    return {key: pair for key, pair in parts.items() if pair[1]}


def _zeros(everything: Sequence[Aligned], made: Made, dtype: str) -> Made:
    rank = max((rank for _, _, rank in made.values()), default=1)
    kind = np.float16 if dtype == "F16" else np.float32
    return {
        one.key: (
            one,
            (np.zeros((one.shape.rows, 0), kind), np.zeros((0, one.shape.columns), kind)),
            rank,
        )
        for one in everything
        if one.shape and one.key not in made
    }


def _write(
    job: Job,
    found: Found,
    made: Made,
    whole: Mapping[str, tuple[Aligned, Mapping[str, solving.Full]]],
    solved: Sequence[Solved],
    dtype: str,
) -> tuple[Written, ...]:
    first = found.sources.files[0]
    spelling = Spelling(found.loras[0].values(), job.settings.format)
    is_wan = any(one.name.startswith("blocks.") for one in found.all)
    written = []
    for asked, path in job.outputs().items():
        at = {key: (one, pair, asked or rank) for key, (one, pair, rank) in made.items()}
        ranks = {rank for _, _, rank in at.values()}
        notes = describe.metadata(
            first,
            title=path.stem,
            rank=ranks.pop() if len(ranks) == 1 else None,
            task=job.id,
            inputs=list(zip(job.inputs, job.hashes, job.weights, strict=True)),
            options=job.settings.described(),
            is_wan=is_wan,
        )
        files.write(path, tensors(at, whole, spelling, dtype), notes)
        kept = report.kept_energy(solved, [at[one.aligned.key][2] for one in solved])
        rank = max((rank for _, _, rank in at.values()), default=0)
        written.append(Written(path, rank, path.stat().st_size / 1e6, kept))
    return tuple(written)


def _notices(
    job: Job, found: Found, solved: Sequence[Solved], whole: Mapping[str, object]
) -> list[str]:
    said = []
    if job.settings.ignore_alpha:
        pairs = zip(found.sources.files, found.loras, strict=True)
        said += [text for file, modules in pairs if (text := describe.about_alpha(file, modules))]
    possible = max((int(np.count_nonzero(one.solution.singular)) for one in solved), default=0)
    if job.settings.by_rank and solved and max(job.settings.ranks) > possible:
        said.append(
            f"The difference has rank {possible} at most; the rest of rank "
            f"{max(job.settings.ranks)} is zeros."
        )
    if job.settings.mixed_ranks:
        said.append(
            "The ranks differ between modules: ComfyUI, Musubi Tuner and WanVideoWrapper read "
            "that right; diffusers takes one rank for all and applies others at a wrong strength."
        )
    if whole:
        said.append(f"{len(whole)} modules also hold full differences; they are written whole.")
    return said
