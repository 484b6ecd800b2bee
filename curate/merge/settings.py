"""What a merge is asked to do."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from curate.errors import BadSetting

Format = Literal["musubi", "comfy"]
DeviceWish = Literal["auto", "cpu", "cuda", "mps"]
NonTarget = Literal["drop", "zero"]
NormOf = Literal["mean-before", "mean-after", "total-before", "total-after"]
DType = Literal["float32", "bfloat16", "float16", "same"]

STORED = {"float32": "F32", "bfloat16": "BF16", "float16": "F16"}
"""The dtypes' names in a safetensors header."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Every choice that changes the output, and `device` and `workers`, which do not.

    Attributes:
        ranks: the ranks to write, one file each; one of `ranks`, `energy`, `size_mb` decides.
        energy: keep this share, in (0, 1], of the squared norm.
        size_mb: the output's largest size, in 10^6 bytes.
        mixed_ranks: a rank for each module instead of one for all, with `energy` or `size_mb`.
        alpha: multiplies the result.
        target_norm: the norm that `norm_of` names shall be this; decides the multiplier instead.
        added: further LoRAs, each with its weight.
        threshold, percentile, top: leave out targeted modules by the norm of their difference,
            as it is before truncation and multiplication.
    """

    ranks: tuple[int, ...] = (4,)
    energy: float | None = None
    size_mb: float | None = None
    mixed_ranks: bool = False
    alpha: float = 1.0
    target_norm: float | None = None
    norm_of: NormOf = "mean-after"
    added: tuple[tuple[Path, float], ...] = ()
    targets: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    threshold: float | None = None
    percentile: float | None = None
    top: int | None = None
    non_target: NonTarget = "drop"
    common_only: bool = False
    ignore_alpha: bool = False
    allow_zero: bool = False
    dtype: DType = "same"
    format: Format | None = None
    device: DeviceWish = "auto"
    workers: int | None = None

    def described(self) -> dict[str, object]:
        """What changes the output and is not at its default, as plain values for JSON."""
        told: dict[str, object] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name in ("device", "workers", "added") or value == field.default:
                continue
            told[field.name] = list(value) if isinstance(value, tuple) else value
        return {"ranks": list(self.ranks), **told} if self.by_rank else told

    @property
    def waits_for_figures(self) -> bool:
        """Whether the modules, their ranks or the multiplier follow from what all of them hold."""
        by_norm = (self.target_norm, self.threshold, self.percentile, self.top)
        return not self.by_rank or any(value is not None for value in by_norm)

    @property
    def by_rank(self) -> bool:
        """Whether the rank is given rather than found."""
        return self.energy is None and self.size_mb is None


def checked(settings: Settings) -> Settings:
    """The settings, if they make sense together.

    Raises:
        BadSetting: a value out of its range, or two that exclude each other.
    """
    for holds, message, remedy in _rules(settings):
        if not holds:
            raise BadSetting(message, remedy=remedy)
    return settings


def _rules(asked: Settings) -> list[tuple[bool, str, str]]:
    numbers = [asked.alpha, *(weight for _, weight in asked.added)]
    return [
        (bool(asked.ranks) and min(asked.ranks) >= 1, "A rank is at least 1.", "Give --rank 4."),
        (len(set(asked.ranks)) == len(asked.ranks), "A rank stands twice in --ranks.", "Drop one."),
        (
            asked.energy is None or asked.size_mb is None,
            "--energy and --size-mb both decide the rank.",
            "Give one of them.",
        ),
        (asked.energy is None or 0 < asked.energy <= 1, "--energy is a share.", "Give 0.95, say."),
        (
            asked.size_mb is None or asked.size_mb > 0,
            "--size-mb must be positive.",
            "Give 60, say.",
        ),
        (
            not (asked.mixed_ranks and asked.by_rank),
            "--mixed-ranks needs something to choose the ranks by.",
            "Add --energy 0.95 or --size-mb 60.",
        ),
        (
            not (asked.mixed_ranks and asked.non_target == "zero"),
            "--non-target zero keeps one rank everywhere, --mixed-ranks does not.",
            "Give one of them.",
        ),
        (all(abs(n) < float("inf") for n in numbers), "A weight is not finite.", "Give a number."),
        (asked.alpha != 0, "--alpha 0 would leave nothing.", "Give the strength, such as 1."),
        (
            asked.target_norm is None or 0 < asked.target_norm < float("inf"),
            "--target-norm must be positive.",
            "Give the norm that the result shall have.",
        ),
        (
            asked.percentile is None or 0 <= asked.percentile < 100,
            "--percentile lies in 0 to 100.",
            "25 leaves out the weakest quarter.",
        ),
        (asked.top is None or asked.top >= 1, "--top is at least 1.", "Give --top 100, say."),
        (asked.workers is None or asked.workers >= 1, "A merge needs a worker.", "Leave it out."),
    ]
