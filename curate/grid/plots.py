"""Measures over strength, drawn as SVG: the concept should climb, the rest stay flat."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

from curate.grid import strengths as strengthening
from curate.grid.findings import AXES, Axis, Finding, Point

COLOURS = ("#0b6fd6", "#d1495b", "#2a9d63", "#b8860b", "#7b4fc9", "#00838f", "#8d6e63", "#5f6b7a")
"""Of the LoRAs, in their order; from the ninth on they come again."""

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 330, 190, 48, 10, 12, 26
_TICKS = 5
_FLAT_SPANS = {"ssim_low": 0.2, "clip_similarity": 0.2, "lite_similarity": 0.2, "density": 0.1}
_LEAST_SPAN = 2.0  # so that a line that hardly moves looks flat


Place = Callable[[float], float]


def drawn(findings: Sequence[Finding]) -> str:
    """A plot for each measure that there is, the concept's first."""
    keys = {key for finding in findings for key in finding.points}
    concept = findings[0].concept_key if findings else ""
    axes = sorted((axis for axis in AXES if axis.key in keys), key=lambda a: a.key != concept)
    return "".join(_plot(axis, findings, is_concept=axis.key == concept) for axis in axes)


def _plot(axis: Axis, findings: Sequence[Finding], *, is_concept: bool) -> str:
    lines = [finding.points.get(axis.key, ()) for finding in findings]
    points = [point for line in lines for point in line]
    zero = next((point.middle for point in points if point.strength == 0), 0.0)
    bounds = [] if is_concept else _bounds(axis, zero)
    low, high = _range(axis, points, bounds)
    strengths = sorted({point.strength for point in points})
    least, most = strengths[0], strengths[-1]

    def x(strength: float) -> float:
        share = (strength - least) / ((most - least) or 1)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    parts = [_scale(y, low, high), _strengths(x, strengths)]
    if len(findings) == 1 and findings[0].usable:
        left, right = (x(min(max(end, least), most)) for end in findings[0].usable)
        size = f'width="{right - left:.1f}" height="{_HEIGHT - _TOP - _BOTTOM}"'
        parts.insert(0, f'<rect class="usable" x="{left:.1f}" y="{_TOP}" {size}/>')
    ends = _LEFT, _WIDTH - _RIGHT
    parts += [_line("limit", ends[0], y(b), ends[1], y(b)) for b in bounds if low <= b <= high]
    for number, line in enumerate(lines):
        parts.append(_curve(x, y, line, COLOURS[number % len(COLOURS)], band=len(lines) == 1))
    parts.append(f'<line class="here" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}" hidden=""/>')
    places = " ".join(f"{strength:g}:{x(strength):.1f}" for strength in strengths)
    unit = f" ({escape(axis.unit)})" if axis.unit else ""
    mark = ' class="concept"' if is_concept else ""
    return (
        f'<figure{mark} data-axis="{axis.key}"><figcaption>{escape(axis.title)}{unit}'
        f"{' · the concept' if is_concept else ''}</figcaption>"
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(axis.title)} '
        f'over strength" data-places="{places}">{"".join(parts)}</svg></figure>'
    )


def _bounds(axis: Axis, zero: float) -> list[float]:
    ends = [zero - axis.most, zero + axis.most] if axis.most is not None else []
    return ends + ([axis.least] if axis.least is not None else [])


def _range(axis: Axis, points: Sequence[Point], bounds: Sequence[float]) -> tuple[float, float]:
    values = [value for point in points for value in (point.low, point.high)]
    low, high = min(values), max(values)
    least = _FLAT_SPANS.get(axis.key, _LEAST_SPAN)
    middle = (low + high) / 2
    if high - low < least:
        low, high = middle - least / 2, middle + least / 2
    near = [bound for bound in bounds if low - (high - low) < bound < high + (high - low)]
    low, high = min([low, *near]), max([high, *near])
    pad = (high - low) * 0.06
    return low - pad, high + pad


def _scale(y: Place, low: float, high: float) -> str:
    """Lines at round values: 1, 2 or 5 times a power of ten apart."""
    power = 10.0 ** math.floor(math.log10((high - low) / _TICKS))
    step = next(
        power * times for times in (1, 2, 5, 10) if (high - low) / (power * times) <= _TICKS
    )
    digits = max(-math.floor(math.log10(step) + 1e-9), 0)
    numbers = range(math.ceil(low / step), math.floor(high / step) + 1)
    values = [step * number + 0.0 for number in numbers]
    return "".join(
        _line("grid", _LEFT, y(value), _WIDTH - _RIGHT, y(value))
        + f'<text class="end" x="{_LEFT - 6}" y="{y(value) + 4:.1f}">{value:.{digits}f}</text>'
        for value in values
    )


def _strengths(x: Place, strengths: Sequence[float]) -> str:
    step = -(-len(strengths) // 9)
    return "".join(
        f'<text class="mid" x="{x(strength):.1f}" y="{_HEIGHT - 8}">'
        f"{strengthening.said(strength)}</text>"
        for number, strength in enumerate(strengths)
        if number % step == 0
    )


def _curve(x: Place, y: Place, line: Sequence[Point], colour: str, *, band: bool) -> str:
    if not line:
        return ""
    middle = " ".join(f"{x(p.strength):.1f},{y(p.middle):.1f}" for p in line)
    over = [f"{x(p.strength):.1f},{y(p.high):.1f}" for p in line]
    under = [f"{x(p.strength):.1f},{y(p.low):.1f}" for p in reversed(line)]
    area = f'<polygon fill="{colour}" points="{" ".join(over + under)}" class="band"/>'
    dots = "".join(
        f'<circle cx="{x(p.strength):.1f}" cy="{y(p.middle):.1f}" r="3" fill="{colour}"><title>'
        f"{strengthening.said(p.strength)}: {p.middle:.3g} ({p.low:.3g} to {p.high:.3g})"
        "</title></circle>"
        for p in line
    )
    curve = f'<polyline points="{middle}" stroke="{colour}" class="curve"/>'
    return (area if band else "") + curve + dots


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
