"""What the measures of a LoRA's cells say: does the concept follow, does anything else move."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, TypeAlias

from curate.grid import strengths as strengthening
from curate.grid.statistics import Trend, trend
from curate.records import Concept

Cells: TypeAlias = Sequence[Mapping[float, Mapping[str, float | None]]]
"""A LoRA's rows: strength -> measures, for the cells that there are."""

_FLAT_SHARE = 0.02  # a concept whose median moves by less than this of itself does not follow
_NOISE_BEYOND = 4.0  # strengths at which sliders are known to break into noise


@dataclass(frozen=True, slots=True)
class Axis:
    """Something that is measured: over `most` of the distance to strength 0, or under `least`.

    The limits are what an eye notices side by side: a colour difference of 2.3 in CIELAB (Mahy and
    others 1994), 6 px of 1024. They were not set on real sliders.
    """

    key: str
    title: str
    unit: str = ""
    most: float | None = None
    least: float | None = None
    concept: Concept | None = None
    low: str = ""
    high: str = ""

    def is_passed(self, value: float, zero: float) -> bool:
        """Whether a value is beyond a limit, given that at strength 0."""
        if self.most is not None and abs(value - zero) > self.most:
            return True
        return self.least is not None and value < self.least


AXES = (
    Axis("density", "Density", "bits/px", concept="density"),
    Axis("lightness", "Brightness, ΔL", "", 3.0, None, "light", "darker", "brighter"),
    Axis("green_red", "Green to red, Δa", "", 2.3, None, None, "a green cast", "a red cast"),
    Axis("blue_yellow", "Blue to yellow, Δb", "", 2.3, None, None, "a blue cast", "a yellow cast"),
    Axis("delta_e", "Colour, ΔE"),
    Axis("shift_px", "Displacement", "px of 1024", 6.0, None, None, "", "out of place"),
    Axis("ssim_low", "Composition, SSIM", "", None, 0.7, None, "another composition"),
    Axis("noise", "Noise", "levels", 1.5, None, None, "smoother", "noise"),
    Axis("clip_similarity", "CLIP similarity", "", None, 0.7, None, "another subject"),
    Axis("lite_similarity", "Image similarity"),
)


@dataclass(frozen=True, slots=True)
class Point:
    """A measure at one strength: the median, the least and the most over the rows."""

    strength: float
    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Finding:
    """What is said of one LoRA.

    `concept` is the trend of the medians of the measure `concept_key`, `monotone_rows` of `rows`
    never turn back. `usable` is the range of strengths around 0 in which the concept follows and
    nothing else is beyond its limit, None where the concept does not follow; `ends` says what
    bounds it, below and above, "" where nothing does.
    """

    label: str
    rows: int
    points: dict[str, tuple[Point, ...]]
    concept_key: str
    concept: Trend | None
    monotone_rows: int
    usable: tuple[float, float] | None
    ends: tuple[str, str]
    warnings: tuple[str, ...]


def of(label: str, cells: Cells, concept: Concept) -> Finding:
    """The finding on the LoRA of that label from its rows."""
    cells = [row for row in cells if any(row[strength] for strength in row if strength)]
    points = {axis.key: _points(axis.key, cells) for axis in AXES}
    key = next((axis.key for axis in AXES if axis.concept == concept), "")
    line = points.get(key, ())
    found = trend([p.strength for p in line], [p.middle for p in line])
    follows = not key or (found is not None and _moves(line))
    direction = (found.slope > 0) - (found.slope < 0) if found else 0
    others = [axis for axis in AXES if axis.key != key]
    below, under = _walk(points, others, line, direction, -1)
    above, over = _walk(points, others, line, direction, 1)
    return Finding(
        label=label,
        rows=len(cells),
        points={name: every for name, every in points.items() if every},
        concept_key=key,
        concept=found,
        monotone_rows=sum(_is_monotone(row, key) for row in cells),
        usable=(below, above) if follows and below < above else None,
        ends=(under, over),
        warnings=tuple(_warnings(points, others)),
    )


def _points(key: str, cells: Cells) -> tuple[Point, ...]:
    strengths = sorted({strength for row in cells for strength in row})
    points = []
    for strength in strengths:
        values = [
            value
            for row in cells
            if strength in row and (value := row[strength].get(key)) is not None
        ]
        if values:
            points.append(Point(strength, median(values), min(values), max(values)))
    return tuple(points)


def _moves(line: Sequence[Point]) -> bool:
    middles = [point.middle for point in line]
    size = max(map(abs, middles), default=0.0)
    return size > 0 and max(middles) - min(middles) > _FLAT_SHARE * size


def _is_monotone(row: Mapping[float, Mapping[str, float | None]], key: str) -> bool:
    known = [(s, v) for s in sorted(row) if (v := row[s].get(key)) is not None]
    found = trend([s for s, _ in known], [v for _, v in known])
    return found is not None and found.is_monotone


def _walk(
    points: Mapping[str, Sequence[Point]],
    others: Sequence[Axis],
    line: Sequence[Point],
    direction: int,
    side: Literal[-1, 1],
) -> tuple[float, str]:
    """How far one may go from 0 on one side, and what ends it there."""
    strengths = sorted({p.strength for every in points.values() for p in every}, key=abs)
    middles = {point.strength: point.middle for point in line}
    reached = 0.0
    for strength in (s for s in strengths if s * side > 0):
        if reason := _passed(points, others, strength):
            return reached, f"{reason} at {strengthening.said(strength)}"
        if direction and {strength, reached} <= middles.keys():
            step = (middles[strength] - middles[reached]) * direction * side
            if step <= 0:
                return reached, f"the concept turns back at {strengthening.said(strength)}"
        reached = strength
    return reached, ""


def _passed(points: Mapping[str, Sequence[Point]], others: Sequence[Axis], strength: float) -> str:
    reasons = [
        _name(axis, point.middle, zero)
        for axis in others
        for zero in [_zero(points[axis.key])]
        for point in points[axis.key]
        if point.strength == strength and axis.is_passed(point.middle, zero)
    ]
    return " and ".join(dict.fromkeys(reasons))


def _warnings(points: Mapping[str, Sequence[Point]], others: Sequence[Axis]) -> list[str]:
    """A sentence for each fault and side: where it begins, how large it becomes."""
    said = []
    for axis, side in itertools.product(others, (-1, 1)):
        zero = _zero(points[axis.key])
        beyond = sorted(
            (
                point
                for point in points[axis.key]
                if point.strength * side > 0 and axis.is_passed(point.middle, zero)
            ),
            key=lambda point: abs(point.strength),
        )
        if not beyond:
            continue
        worst = max(beyond, key=lambda point: abs(point.middle - zero))
        limit = f"limit {axis.most:g}" if axis.most is not None else f"at least {axis.least:g}"
        words = f"{_name(axis, worst.middle, zero)} from strength "
        words += strengthening.said(beyond[0].strength)
        value = worst.middle - zero if axis.most is not None else worst.middle
        unit = f" {axis.unit}" if axis.unit else ""
        sign = "+" if axis.most is not None else ""
        words += f": {axis.title} {value:{sign}.2f}{unit} at {strengthening.said(worst.strength)}"
        late = axis.key == "noise" and abs(beyond[0].strength) > _NOISE_BEYOND
        known = ", as sliders do beyond ±4" if late else ""
        said.append(f"{words[0].upper()}{words[1:]} ({limit}){known}.")
    return said


def _zero(points: Sequence[Point]) -> float:
    return next((point.middle for point in points if point.strength == 0), 0.0)


def _name(axis: Axis, value: float, zero: float) -> str:
    return (axis.high if value > zero else axis.low) or axis.high or axis.low or axis.title
