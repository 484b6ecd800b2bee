"""The merged modules as tensors of a file, in the spelling that was asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.errors import LorasDiffer
from curate.merge import names
from curate.merge.align import Aligned
from curate.merge.lora import Module, Shape
from curate.merge.settings import Format
from curate.merge.solving import Pair

Tensors = list[tuple[str, NDArray[Any], str]]
"""(name, values, dtype as safetensors names it)."""

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
    made: Mapping[str, tuple[Aligned, Pair, int]],
    whole: Mapping[str, tuple[Aligned, Mapping[str, NDArray[np.float64]]]],
    spelling: Spelling,
    dtype: str,
) -> Tensors:
    """What the file holds: alphas first (their 4 bytes stay aligned), then factors, then diffs.

    Args:
        made: module -> its factors and the rank to write them at, padded with zeros up to it.
        whole: module -> its full differences by role.
        spelling: of the names.
        dtype: of all but the alphas.
    """
    alphas: Tensors = []
    rest: Tensors = []
    for aligned, (up, down), rank in made.values():
        stem, style, with_alpha = spelling.stem(aligned)
        up, down = _shaped(_padded(up, rank, 1), _padded(down, rank, 0), aligned.shape)
        ending_down, ending_up = names.PAIRS[style]
        dot = "" if ending_down.startswith("_") else "."
        rest.append((f"{stem}{dot}{ending_down}", down, dtype))
        rest.append((f"{stem}{dot}{ending_up}", up, dtype))
        if with_alpha:
            alphas.append((f"{stem}.alpha", np.array(rank, np.float32), _ALPHA))
    for aligned, parts in whole.values():
        stem = spelling.stem(aligned)[0]
        rest.extend((f"{stem}.{role}", values, dtype) for role, values in parts.items())
    return alphas + rest


def _padded(matrix: NDArray[Any], rank: int, axis: int) -> NDArray[Any]:
    have = matrix.shape[axis]
    if have >= rank:
        return matrix[:, :rank] if axis else matrix[:rank]
    missing = [(0, 0), (0, 0)]
    missing[axis] = (0, rank - have)
    return np.pad(matrix, missing)


def _shaped(
    up: NDArray[Any], down: NDArray[Any], shape: Shape | None
) -> tuple[NDArray[Any], NDArray[Any]]:
    if shape is None or not shape.kernel:
        return up, down
    rows, rank = up.shape
    inputs = shape.columns // math.prod(shape.kernel)
    ones = (1,) * len(shape.kernel)
    return up.reshape(rows, rank, *ones), down.reshape(rank, inputs, *shape.kernel)
