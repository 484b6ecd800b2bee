"""The modules of all files side by side, and which of them are chosen by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from curate.merge import align, lora, select
from curate.merge.align import Aligned
from curate.merge.files import TensorFile
from curate.merge.lora import Module
from curate.merge.settings import Settings
from curate.merge.solving import Sources


@dataclass(frozen=True, slots=True)
class Found:
    """`chosen` is the part of `all` that is to be merged; `left_out` counts the rest by reason."""

    sources: Sources
    loras: list[dict[str, Module]]
    all: list[Aligned]
    chosen: list[Aligned]
    left_out: Counter[str]


def side_by_side(opened: Sequence[TensorFile], weights: Sequence[float], asked: Settings) -> Found:
    """Read the files' headers, match their modules, choose.

    Raises:
        LoraUnreadable: a file holds what cannot be subtracted.
        LorasDiffer: the files do not belong together.
        NoModuleChosen: a pattern matches nothing, or nothing is left.
    """
    loras = [lora.modules(file) for file in opened]
    everything = align.align([(file.path, one) for file, one in zip(opened, loras, strict=True)])
    wanted = select.chosen(
        [one.name for one in everything],
        targets=asked.targets,
        blocks=asked.blocks,
        exclude=asked.exclude,
    )
    by_name = [one for one in everything if one.name in wanted]
    chosen = [one for one in by_name if one.shared or not asked.common_only]
    left_out = Counter(
        {"not targeted": len(everything) - len(by_name), "one-sided": len(by_name) - len(chosen)}
    )
    return Found(Sources(opened, weights, asked.ignore_alpha), loras, everything, chosen, left_out)
