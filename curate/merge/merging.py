"""Files in, the slider LoRA out: one merge from its first byte to its last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, tee
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

Whole = Mapping[str, tuple[Aligned, Mapping[str, solving.Full]]]
"""The modules that hold full differences, and these by role."""


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
    asked, dtype = job.settings, _dtype(job.settings, found.loras[0])
    low = [one for one in found.chosen if one.shape]
    device = devices.choose(asked.device, work_flop=solving.flop(low), workers=asked.workers)
    whole = _whole(found)
    coming = _solved(low, found.sources, device, _eager(asked, dtype), tell)
    if asked.waits_for_figures:
        solved = choosing.strong_enough(list(coming), asked)
        choosing.check_difference(solved, whole, asked)
        ranks = choosing.ranks_of(solved, asked, dtype)
        multiplier = choosing.multiplier(solved, ranks, asked)
        pairs = _made(solved, ranks, found.sources, device, Wanted(0, multiplier, dtype))
    else:  # the file is written while the modules are solved
        solved = []
        ranks, multiplier = {one.key: max(asked.ranks) for one in low}, asked.alpha
        pairs = _as_solved(coming, solved, whole, asked)
    found.left_out["too weak"] = len(low) - len(ranks)
    _write(job, found, ranks, pairs, _scaled(whole, multiplier), dtype)
    reports = report.modules(solved, ranks)
    totals = report.totals(reports, solved)
    return Merged(
        tuple(_written(rank, path, solved, ranks) for rank, path in job.outputs().items()),
        reports,
        totals,
        multiplier,
        {reason: count for reason, count in found.left_out.items() if count},
        sum(not one.shared for one in found.chosen),
        sum(one.solution.by_householder for one in solved),
        device.name,
        (*_notices(job, found, solved, whole), *report.warnings(reports, totals)),
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
) -> Iterator[Solved]:
    done = 0
    work = partial(solving.solve, sources=sources, device=device, wanted=wanted)
    for batch in solving.in_threads(work, solving.batches(low), device.lanes):
        yield from batch
        done += len(batch)
        tell(Progress("merge", done, len(low), unit="modules"))


def _as_solved(
    coming: Iterable[Solved], solved: list[Solved], whole: Whole, asked: Settings
) -> Iterator[Pair]:
    """The factors of each module, which is added to `solved`; refused if all are nothing."""
    for one in coming:
        solved.append(one)
        assert one.factors is not None
        yield one.factors
    choosing.check_difference(solved, whole, asked)


def _made(
    solved: Sequence[Solved],
    ranks: Mapping[str, int],
    sources: Sources,
    device: Device,
    wanted: Wanted,
) -> Iterator[Pair]:
    def made(one: Solved) -> Pair:
        again = Wanted(ranks[one.aligned.key], wanted.multiplier, wanted.dtype)
        return one.factors or solving.make(one, sources, device, again)

    return solving.in_threads(made, solved, device.lanes)


def _finite(modules: Iterable[tuple[Aligned, int]], pairs: Iterable[Pair]) -> Iterator[Pair]:
    for (one, _), pair in zip(modules, pairs, strict=True):
        if not all(np.isfinite(matrix).all() for matrix in pair):
            raise LorasDiffer(
                f"The difference in {one.name} is too large for float16.",
                remedy="Give --dtype bfloat16 or float32, or a smaller --alpha.",
            )
        yield pair


def _whole(found: Found) -> Whole:
    parts = {one.key: (one, solving.whole(one, found.sources)) for one in found.chosen}
    return {key: pair for key, pair in parts.items() if pair[1]}


def _scaled(whole: Whole, multiplier: float) -> Whole:
    return {
        key: (one, {role: values * multiplier for role, values in parts.items()})
        for key, (one, parts) in whole.items()
    }


def _zeros(modules: Iterable[Aligned]) -> Iterator[Pair]:
    for one in modules:
        assert one.shape is not None
        yield (
            np.zeros((one.shape.rows, 0), np.float16),
            np.zeros((0, one.shape.columns), np.float16),
        )


def _write(
    job: Job,
    found: Found,
    ranks: Mapping[str, int],
    pairs: Iterator[Pair],
    whole: Whole,
    dtype: str,
) -> None:
    spelling = Spelling(found.loras[0].values(), job.settings.format)
    made = [one for one in found.all if one.key in ranks]
    empty = [one for one in found.all if one.shape and one.key not in ranks]
    if job.settings.non_target == "drop":
        empty = []
    widest = max(ranks.values(), default=1)
    outputs = job.outputs()
    for (asked, path), own in zip(outputs.items(), tee(pairs, len(outputs)), strict=True):
        modules = [(one, asked or ranks[one.key]) for one in made]
        if dtype == "F16":
            own = _finite(modules, own)
        modules += [(one, asked or widest) for one in empty]
        slots, values = tensors(modules, chain(own, _zeros(empty)), whole, spelling, dtype)
        known = {rank for _, rank in modules}
        rank = known.pop() if len(known) == 1 else None
        notes = partial(_metadata, found, path.stem, rank)
        files.write(path, slots, values, notes(job.unhashed()), final=partial(notes, job))


def _metadata(found: Found, title: str, rank: int | None, job: Job) -> dict[str, str]:
    return describe.metadata(
        found.sources.files[0],
        title=title,
        rank=rank,
        task=job.id,
        inputs=list(zip(job.inputs, job.hashes, job.weights, strict=True)),
        options=job.settings.described(),
        is_wan=any(one.name.startswith("blocks.") for one in found.all),
    )


def _written(asked: int, path: Path, solved: Sequence[Solved], ranks: Mapping[str, int]) -> Written:
    own = [asked or ranks[one.aligned.key] for one in solved]
    kept = report.kept_energy(solved, own)
    return Written(path, max(own, default=0), path.stat().st_size / 1e6, kept)


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
