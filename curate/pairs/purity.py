"""The whole set: what else than the concept differs systematically between the halves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from curate.errors import BadSetting, nearest
from curate.pairs import clustered
from curate.pairs.columns import columns
from curate.records import Concept

Finding: TypeAlias = Literal["pass", "fail", "too few shots to tell"]
Measures: TypeAlias = Mapping[str, float | None]
Values: TypeAlias = NDArray[np.float64]

_ALL: frozenset[Concept] = frozenset({"density", "light", "none"})
_DENSITY: frozenset[Concept] = frozenset({"density"})


@dataclass(frozen=True, slots=True)
class Axis:
    """Something that should be equal in both halves on average, twin against frame.

    `margin` is the difference that does no harm; of a logarithm (`is_share`) where ratios are
    compared. `more` and `less` say what the twin is on either side of it. `of` names the measures;
    where there are several, it is the length of their mean that counts.
    """

    key: str
    label: str
    of: tuple[str, ...]
    margin: float
    unit: str
    more: str
    less: str
    concepts: frozenset[Concept] = _ALL
    is_share: bool = False

    def written(self, value: float, *, signed: bool = True) -> str:
        shown = math.expm1(value) * 100 if self.is_share else value
        sign = "+" if signed and len(self.of) == 1 else ""
        return f"{shown:{sign}z.2f}{self.unit}"


AXES = (
    Axis("colour", "colour, ΔE", ("lightness_shift", "a_shift", "b_shift"), 0.5, "",
         "differs in colour", "", _DENSITY),
    Axis("lightness", "lightness, ΔL", ("lightness_shift",), 0.5, "",
         "brighter", "darker", _DENSITY),
    Axis("a", "green to red, Δa", ("a_shift",), 0.5, "", "redder", "greener", _DENSITY),
    Axis("b", "blue to yellow, Δb", ("b_shift",), 0.5, "", "yellower", "bluer", _DENSITY),
    Axis("saturation", "saturation", ("chroma_slope",), 0.05, " %",
         "more saturated", "greyer", _DENSITY, is_share=True),
    Axis("contrast", "contrast", ("contrast_ratio",), 0.03, " %",
         "harsher", "flatter", _DENSITY, is_share=True),
    Axis("shift_x", "shift x", ("shift_x_px",), 0.5, " px", "further right", "further left"),
    Axis("shift_y", "shift y", ("shift_y_px",), 0.5, " px", "lower", "higher"),
    Axis("scale_x", "scale x", ("scale_x",), 0.002, " %", "wider", "narrower", is_share=True),
    Axis("scale_y", "scale y", ("scale_y",), 0.002, " %", "taller", "shorter", is_share=True),
    Axis("sharpness", "sharpness of outlines", ("sharpness",), 0.05, " %",
         "sharper", "softer", is_share=True),
)  # fmt: skip
"""Margins are starting values: half a unit of CIELAB, half a pixel at 1024 px, .2 % of zoom."""

PREFIX = "purity_"
MARGINS: Mapping[str, float] = {axis.key: axis.margin for axis in AXES}


@dataclass(frozen=True, slots=True)
class Drift:
    """What an axis shows: the mean over pairs with its 95 % interval, and what follows.

    `values` are the pairs' own, shape (pairs,) or (pairs, measures); `rows` tells which pairs.
    """

    axis: Axis
    margin: float
    mean: float
    low: float
    high: float
    finding: Finding
    pairs: int
    shots: int
    values: Values
    rows: NDArray[np.intp]
    direction: Values

    @property
    def words(self) -> str:
        """What it means, and what to do, for people."""
        return _words(self)


def margins(settings: Iterable[str]) -> dict[str, float]:
    """The margins with purity_AXIS=VALUE settings over them.

    Raises:
        BadSetting: no such axis, or a value that is no number above 0.
    """
    chosen = dict(MARGINS)
    for setting in settings:
        key, _, text = setting.partition("=")
        axis = key.removeprefix(PREFIX)
        if axis not in chosen:
            known = [PREFIX + name for name in chosen]
            raise BadSetting(f"There is no margin {key!r}.", remedy=nearest(key, known))
        try:
            chosen[axis] = float(text)
        except ValueError:
            chosen[axis] = math.nan
        if not 0 < chosen[axis] < math.inf:
            raise BadSetting(
                f"--set {setting} gives no margin.",
                remedy=f"Write --set {key}={MARGINS[axis]:g}.",
            )
    return chosen


def purity(
    measures: Sequence[Measures],
    shots: Sequence[object],
    concept: Concept,
    allowed: Mapping[str, float] = MARGINS,
) -> list[Drift]:
    """What differs systematically between the halves of these pairs, axis by axis.

    A LoRA learns whatever differs in the mean, so the mean is judged, and by equivalence: its
    95 % interval lies inside the margin (pass), outside (fail), or neither (more shots are needed).
    A test against zero would fire on every harmless drift of a large set.

    Args:
        measures: of each pair, as `measure` gives them.
        shots: of each pair, what tells its shot from others.
        concept: what may differ; its axes are left out.
        allowed: margins by the axis's key.

    Returns:
        One for each axis that at least one pair has a value on.
    """
    known: dict[object, int] = {}
    numbers = np.array([known.setdefault(shot, len(known)) for shot in shots], np.intp)
    found = []
    axes = [axis for axis in AXES if concept in axis.concepts]
    for axis, table in zip(axes, values(axes, measures), strict=True):
        if len(table):
            rows = np.flatnonzero(np.isfinite(table).all(axis=1))
            if len(rows):
                found.append(_drift(axis, table[rows], numbers[rows], rows, allowed[axis.key]))
    return found


def values(axes: Sequence[Axis], measures: Sequence[Measures]) -> list[Values]:
    """Of each axis, shape (pairs, measures of the axis); NaN where one was not had."""
    names = list(dict.fromkeys(name for axis in axes for name in axis.of))
    table = dict(zip(names, columns(measures, names), strict=True))
    found = []
    for axis in axes:
        raw = np.stack([table[name] for name in axis.of], axis=1)
        if axis.is_share:
            with np.errstate(invalid="ignore"):
                raw = np.log(np.where(raw > 0, raw, math.nan))
        found.append(raw)
    return found


def _drift(
    axis: Axis, values: Values, shots: NDArray[np.intp], rows: NDArray[np.intp], margin: float
) -> Drift:
    at = clustered.mean(values, shots)
    middle, low, high, direction = _interval(at)
    finding: Finding = "too few shots to tell"
    if at.reach is not None:
        if -margin <= low and high <= margin:
            finding = "pass"
        elif low > margin or high < -margin:
            finding = "fail"
    return Drift(
        axis, margin, middle, low, high, finding, len(values), at.clusters, values, rows, direction
    )


def _interval(at: clustered.Mean) -> tuple[float, float, float, Values]:
    """The mean, the ends of its interval and its direction; of several measures, of its length.

    The squared length of a noisy mean is too large by the variance across it, which is taken off.
    Upwards the widest direction counts: the interval is inside only if it is so in all of them.
    """
    if len(at.mean) == 1:
        middle, error = float(at.mean[0]), math.sqrt(float(at.covariance[0, 0]))
        reach = math.inf if at.reach is None else at.reach * error
        return middle, middle - reach, middle + reach, np.ones(1)
    length = float(np.linalg.norm(at.mean))
    direction = at.mean / length if length > 0 else np.eye(len(at.mean))[0]
    along = float(direction @ at.covariance @ direction)
    across = float(np.trace(at.covariance)) - along
    middle = math.sqrt(max(length**2 - across, 0.0))
    if at.reach is None:
        return middle, 0.0, math.inf, direction
    widest = math.sqrt(max(float(np.linalg.eigvalsh(at.covariance)[-1]), 0.0))
    low = max(middle - at.reach * math.sqrt(max(along, 0.0)), 0.0)
    return middle, low, length + at.reach * widest, direction


def _words(drift: Drift) -> str:
    axis, written = drift.axis, drift.axis.written
    if drift.finding == "pass":
        return "as good as equal"
    span = "unknown" if math.isinf(drift.high) else f"{written(drift.low)} to {written(drift.high)}"
    margin = f"{written(drift.margin, signed=False)}"
    if drift.finding != "fail":
        return (
            f"{written(drift.mean)}, the truth may be {span}, the margin is {margin}: "
            f"{drift.shots} shots are too few to tell; add pairs from other shots"
        )
    what = axis.more if drift.mean > 0 else axis.less
    if len(axis.of) > 1:
        l_, a, b = (float(v) for v in drift.direction * drift.mean)
        what += f" by {drift.mean:.2f} ({l_:+z.2f} L, {a:+z.2f} a, {b:+z.2f} b)"
    else:
        what = f"{what} by {written(drift.mean).lstrip('+-')}"
    return (
        f"twins: {what} on average ({span}; margin {margin}). The slider would learn it. {_REMEDY}"
    )


_REMEDY = (
    "Repair what is flagged (--repair), make twins anew with other words or another seed, "
    "or see --drop-to-balance"
)
