"""What can be read off one LoRA, and off two side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.merge import device as devices
from curate.merge import factors, models, names, natives, report, solving
from curate.merge.align import Aligned
from curate.merge.files import TensorFile
from curate.merge.found import side_by_side
from curate.merge.lora import Module, modules
from curate.merge.report import ModuleReport, Totals
from curate.merge.settings import Settings
from curate.merge.solving import Sources

_RANK = 4


@dataclass(frozen=True, slots=True)
class ModuleFigures:
    """One module of a file; `alpha` is None where none is given, `norm` counts the scale."""

    name: str
    kind: str
    rank: int
    alpha: float | None
    norm: float


@dataclass(frozen=True, slots=True)
class Inspected:
    """One file; `blocks` holds the norm of each numbered block, such as "blocks.7"."""

    path: Path
    model: str
    spelling: str
    ranks: Mapping[int, int]
    alphas: Mapping[str, int]
    dtypes: Mapping[str, int]
    kinds: Mapping[str, int]
    norm: float
    blocks: Mapping[str, float]
    modules: tuple[ModuleFigures, ...]
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Angles:
    """The principal angles between the spaces a module writes to, and reads from; in degrees."""

    name: str
    writes: tuple[float, ...]
    reads: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """Two files; `cancellation` is 1 − |A − B|² / (|A|² + |B|²): 0 unrelated, 1 the same."""

    totals: Totals
    cancellation: float
    only_first: int
    only_second: int
    modules: tuple[ModuleReport, ...]
    angles: tuple[Angles, ...]


def look(path: Path) -> Inspected:
    """Everything about one file.

    Raises:
        LoraUnreadable: it is damaged or not understood.
    """
    with TensorFile(path) as file:
        found = modules(file)
        figures = tuple(_figures(file, module) for module in found.values())
        return Inspected(
            path,
            models.guess(found.values()),
            _spelling(found),
            Counter(one.rank for one in figures),
            Counter("none" if one.alpha is None else f"{one.alpha:g}" for one in figures),
            Counter(module.dtype for module in found.values()),
            Counter(module.kind for module in found.values()),
            float(np.sqrt(sum(one.norm**2 for one in figures))),
            _by_block(figures),
            figures,
            file.metadata,
        )


def compare(first: Path, second: Path) -> Compared:
    """How two files differ, module by module; `kept_energy` is what rank 4 would keep.

    Raises:
        LoraUnreadable: one is damaged or not understood.
        LorasDiffer: they are of different models.
    """
    with ExitStack() as stack:
        opened = [stack.enter_context(TensorFile(path)) for path in (first, second)]
        found = side_by_side(opened, (1.0, -1.0), Settings())
        low = [one for one in found.all if one.shape]
        device = devices.choose("auto", work_flop=solving.flop(low))
        work = partial(solving.solve, sources=found.sources, device=device, wanted=None)
        batches = solving.in_threads(work, solving.batches(low), device.lanes)
        solved = [one for batch in batches for one in batch]
        shared = [one for one in low if one.shared]
        angles = partial(_angles, sources=found.sources)
        between = tuple(solving.in_threads(angles, shared, device.lanes))
    reports = report.modules(solved, {one.aligned.key: _RANK for one in solved})
    totals = report.totals(reports, solved)
    both = totals.norm_a**2 + totals.norm_b**2
    return Compared(
        totals,
        1 - totals.norm_d**2 / both if both else 0.0,
        sum(one.sides[1] is None for one in found.all),
        sum(one.sides[0] is None for one in found.all),
        reports,
        between,
    )


def _figures(file: TensorFile, module: Module) -> ModuleFigures:
    alpha = None
    if "alpha" in module.tensors:
        alpha = float(file.read(module.tensors["alpha"]).reshape(()))
    if module.shape is None:
        parts = [file.read(name) for role, name in module.tensors.items() if role != "alpha"]
        size = sum(float(np.sum(np.square(part, dtype=np.float64))) for part in parts)
        return ModuleFigures(module.name, module.kind, 0, alpha, float(np.sqrt(size)))
    part = factors.load(file, module)
    up, down = (matrix.astype(np.float64) for matrix in (part.up, part.down))
    square = float(np.sum((up.T @ up) * (down @ down.T)))  # |BA|² = tr(B'B AA')
    norm = abs(part.scale) * float(np.sqrt(max(square, 0.0)))
    rank = factors.rank(file, module) or module.shape.rank
    return ModuleFigures(module.name, module.kind, rank, alpha, norm)


def _angles(one: Aligned, sources: Sources) -> Angles:
    spaces = []
    for file, side in zip(sources.files, one.sides, strict=True):
        assert side is not None
        part = factors.load(file, side)
        spaces.append([_orthonormal(part.up), _orthonormal(part.down.T)])
    writes, reads = (_between(a, b) for a, b in zip(*spaces, strict=True))
    return Angles(one.name, writes, reads)


def _orthonormal(matrix: NDArray[np.floating]) -> NDArray[np.float64]:
    q, singular, _ = np.linalg.svd(matrix.astype(np.float64), full_matrices=False)
    kept = singular > singular[0] * len(singular) * np.finfo(np.float64).eps
    return np.asarray(q[:, kept])


def _between(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[float, ...]:
    # cosines lose small angles; the sines of what is left of b outside of a do not
    overlap = a.T @ b
    cosines = np.linalg.svd(overlap, compute_uv=False)
    sines = np.linalg.svd(b - a @ overlap, compute_uv=False)[::-1][: len(cosines)]
    return tuple(float(x) for x in np.degrees(np.arctan2(sines, cosines)))


def _by_block(figures: Sequence[ModuleFigures]) -> dict[str, float]:
    squares: dict[str, float] = {}
    for one in figures:
        if place := natives.place(one.name):
            block = f"{place[0]}.{place[1]}"
            squares[block] = squares.get(block, 0.0) + one.norm**2
    return {block: float(np.sqrt(square)) for block, square in squares.items()}


def _spelling(found: Mapping[str, Module]) -> str:
    said = Counter(
        f"{names.prefix(one.stem) or 'no prefix'} … "
        + ("/".join(names.PAIRS[one.style]) if one.kind == "lora" else one.kind)
        for one in found.values()
    )
    return ", ".join(said)
