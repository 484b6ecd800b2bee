"""The same module in several files, found whatever each file calls it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from curate.errors import LorasDiffer
from curate.merge import natives
from curate.merge.lora import Module, Shape


@dataclass(frozen=True, slots=True)
class Aligned:
    """One module and what each file has of it, in the files' order; None where it has nothing."""

    key: str
    name: str
    sides: tuple[Module | None, ...]
    shape: Shape | None

    @property
    def shared(self) -> bool:
        """Whether the first two files both have it."""
        return None not in self.sides[:2]


def align(loras: Sequence[tuple[Path, Mapping[str, Module]]]) -> list[Aligned]:
    """The modules of all files, in the order of the first, then what only later ones have.

    Raises:
        LorasDiffer: the first two share no module, one keeps fused what the other splits, or a
            module's sizes or kinds differ; the module is named.
    """
    first, second = loras[0], loras[1]
    _check_splits(first, second)
    if not first[1].keys() & second[1].keys():
        raise LorasDiffer(
            f"{first[0].name} and {second[0].name} share no module: one has "
            f"{next(iter(first[1].values())).name}, the other "
            f"{next(iter(second[1].values())).name}.",
            remedy="Give two LoRAs that were trained on the same model.",
        )
    keys = dict.fromkeys(key for _, modules in loras for key in modules)
    return [_aligned(key, loras) for key in keys]


def _aligned(key: str, loras: Sequence[tuple[Path, Mapping[str, Module]]]) -> Aligned:
    sides = tuple(modules.get(key) for _, modules in loras)
    present = [(path, side) for (path, _), side in zip(loras, sides, strict=True) if side]
    path, model = present[0]
    shape = model.shape
    for other_path, other in present[1:]:
        if (model.kind == "whole") != (other.kind == "whole"):
            whole, low = (path, other_path) if model.kind == "whole" else (other_path, path)
            raise LorasDiffer(
                f"{model.name} is a full difference in {whole.name} and low-rank in {low.name}.",
                remedy="Leave it out with --exclude, or extract both the same way.",
            )
        if shape and other.shape:
            shape = _common(model.name, (path, shape), (other_path, other.shape))
    return Aligned(key, model.name, sides, shape)


def _common(name: str, one: tuple[Path, Shape], two: tuple[Path, Shape]) -> Shape:
    (path, a), (other, b) = one, two
    kernels = {shape.kernel for shape in (a, b) if shape.kernel is not None}
    if (a.rows, a.columns) != (b.rows, b.columns) or len(kernels) > 1:
        raise LorasDiffer(
            f"{name} is {_size(a)} in {path.name} and {_size(b)} in {other.name}.",
            remedy="They were trained on models of different sizes; give two of the same model.",
        )
    return a if a.kernel is not None else b


def _size(shape: Shape) -> str:
    kernel = "×".join(map(str, shape.kernel)) if shape.kernel else ""
    return f"{shape.rows} × {shape.columns}" + (f" (kernel {kernel})" if kernel else "")


def _check_splits(
    one: tuple[Path, Mapping[str, Module]], two: tuple[Path, Mapping[str, Module]]
) -> None:
    for (path, modules), (other, others) in ((one, two), (two, one)):
        for key, module in modules.items():
            whole = natives.fused_as(key)
            if whole is not None and whole in others:
                raise LorasDiffer(
                    f"{path.name} has {module.name} on its own, {other.name} has it within "
                    f"{others[whole].name}.",
                    remedy="Convert one of them first: fused and split projections have no "
                    "common low-rank form.",
                )
