"""The merged modules as tensors of a file, in the spelling that was asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.errors import LorasDiffer
from curate.merge import names
from curate.merge.align import Aligned
from curate.merge.files import Slot
from curate.merge.lora import Module
from curate.merge.settings import Format
from curate.merge.solving import Full, Pair

_ALPHA = "F32"  # bfloat16 cannot hold a rank of 257


class Spelling:
    """Names for modules: the first file's own, or one of the two formats for all."""

    def __init__(self, first: Iterable[Module], fmt: Format | None) -> None:
        some = next(iter(first))
        self._format = fmt
        self._prefix = names.prefix(some.stem)
        self._style = some.style

    def stem(self, aligned: Aligned) -> tuple[str, int, bool]:
        """A module's stem, its pair of endings, and whether an alpha is written.

        Raises:
            LorasDiffer: only another file has the module and the wanted name is not known.
        """
        own = aligned.sides[0]
        if self._format is None and own:
            return own.stem, own.style, _says_alpha(own)
        if self._format is None:
            side = next(side for side in aligned.sides if side)
            if names.prefix(side.stem) == self._prefix and side.style == self._style:
                return side.stem, side.style, _says_alpha(side)
        fmt: Format = self._format or ("comfy" if "." in self._prefix else "musubi")
        stem = names.spelled(aligned.key, fmt)
        if stem is None:
            raise LorasDiffer(
                f"The name of {aligned.name} in the {fmt} spelling is not known.",
                remedy=f"Leave --format out, or add --exclude '{aligned.name}'.",
            )
        return stem, (1 if fmt == "comfy" else 0), fmt == "musubi"


def _says_alpha(module: Module) -> bool:
    # loaders of lora_A/lora_B files expect alpha / rank = 1 and no alpha
    return "alpha" in module.tensors or not names.PAIRS[module.style][0].startswith("lora_A")


def tensors(
    modules: Sequence[tuple[Aligned, int]],
    pairs: Iterable[Pair],
    whole: Mapping[str, tuple[Aligned, Mapping[str, Full]]],
    spelling: Spelling,
    dtype: str,
) -> tuple[list[Slot], Iterator[NDArray[Any]]]:
    """What the file holds: alphas first (their 4 bytes stay aligned), then factors, then diffs.

    Args:
        modules: each with the rank to write its factors at.
        pairs: the factors of each, padded with zeros up to the rank; asked for one by one.
        whole: module -> its full differences by role.
        spelling: of the names.
        dtype: of all but the alphas.
    """
    alphas, factors, diffs, ranks = [], [], [], []
    for aligned, rank in modules:
        stem, style, with_alpha = spelling.stem(aligned)
        dot = "" if names.PAIRS[style][0].startswith("_") else "."
        for ending, shape in zip(names.PAIRS[style], _shapes(aligned, rank), strict=True):
            factors.append(Slot(f"{stem}{dot}{ending}", shape, dtype))
        if with_alpha:
            alphas.append(Slot(f"{stem}.alpha", (), _ALPHA))
            ranks.append(np.array(rank, np.float32))
    for aligned, parts in whole.values():
        stem = spelling.stem(aligned)[0]
        diffs += [Slot(f"{stem}.{role}", part.shape, dtype) for role, part in parts.items()]
    values = chain(
        ranks,
        (matrix for one, pair in zip(modules, pairs, strict=True) for matrix in _fit(*one, pair)),
        (part for _, parts in whole.values() for part in parts.values()),
    )
    return [*alphas, *factors, *diffs], values


def _shapes(aligned: Aligned, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of `lora_down` and of `lora_up`."""
    assert aligned.shape is not None
    kernel = aligned.shape.kernel or ()
    inputs = aligned.shape.columns // math.prod(kernel)
    return (rank, inputs, *kernel), (aligned.shape.rows, rank, *(1 for _ in kernel))


def _fit(aligned: Aligned, rank: int, pair: Pair) -> tuple[NDArray[Any], NDArray[Any]]:
    down, up = _shapes(aligned, rank)
    return _padded(pair[1], rank, 0).reshape(down), _padded(pair[0], rank, 1).reshape(up)


def _padded(matrix: NDArray[Any], rank: int, axis: int) -> NDArray[Any]:
    have = matrix.shape[axis]
    if have >= rank:
        return matrix[:, :rank] if axis else matrix[:rank]
    missing = [(0, 0), (0, 0)]
    missing[axis] = (0, rank - have)
    return np.pad(matrix, missing)
