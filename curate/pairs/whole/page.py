"""The purity of a set as a section of the page: a plot of each axis, drawn as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from curate.pairs.legend import minus
from curate.pairs.purity import Drift, Values
from curate.pairs.whole.compare import Compared
from curate.pairs.whole.run import Whole

_WIDTH, _HEIGHT, _BASE = 480, 56, 44
_BINS = 48
_HUES = {"pass": "keep", "fail": "reject", "too few shots to tell": "look"}

_STYLE = """<style>
.purity { margin: 1rem 1.5rem; overflow-x: auto; }
.purity h2 { font-size: 1.05rem; }
.purity td, .purity th { vertical-align: middle; padding-right: 1rem; }
.purity td:last-child { min-width: 18rem; }
.purity svg { display: block; width: 30rem; max-width: 40vw; height: auto; }
.purity .band { fill: var(--keep); opacity: .16; } .purity .zero { stroke: currentColor; }
.purity .bars { fill: currentColor; opacity: .35; }
.purity .span { stroke: var(--hue); stroke-width: 4; } .purity .mean { fill: var(--hue); }
.purity .found { color: var(--hue); font-weight: 600; white-space: nowrap; }
.purity text { fill: currentColor; font-size: 9px; opacity: .75; }
</style>"""


def section(wholes: Sequence[Whole]) -> str:
    """HTML of all the sets; empty if there is none."""
    if not wholes:
        return ""
    return _STYLE + "".join(_whole(one) for one in wholes)


def comparison(compared: Sequence[Compared]) -> str:
    """HTML of what the sets are like with either dense half; empty if there are no controls."""
    return "".join(
        f"<div class=purity><h2>Frame or control as the dense half of {escape(one.name)}: "
        f"{one.pairs} pairs</h2><p>The control is the frame after the same graph with the "
        "instruction to change nothing: it carries the model's own traces. Choose with "
        "<code>curate pair-check --dense-half</code>.</p><table><tr><th>axis<th>frame<th>finding"
        f"<th>control<th>finding{''.join(_rivals(one))}</table></div>\n"
        for one in compared
    )


def _rivals(one: Compared) -> list[str]:
    return [
        f"<tr><td>{escape(pair[0].axis.label)}"
        + "".join(
            f"<td>{escape(minus(drift.axis.written(drift.mean)))}<td>{drift.finding}"
            for drift in pair
        )
        for pair in zip(one.drifts["frame"], one.drifts["control"], strict=False)
    ]


def _whole(whole: Whole) -> str:
    shots = f"{len(whole.labels)} kept pairs out of {whole.shots} shots"
    if whole.shotless:
        shots += f" ({whole.shotless} of no known shot, each counted as one)"
    if whole.spare:
        shots += f"; {whole.spare} more kept, of frames that another twin counts of"
    rows = "".join(_row(drift) for drift in whole.drifts)
    return (
        f"<div class=purity><h2>Purity of the set {escape(whole.name)}: {shots}</h2>"
        "<p>What differs in the mean, twin against frame, is learned with the concept. Band: the "
        "margin; bar: where the true mean lies, with 95 % confidence, frames of one shot counted "
        "as alike; grey: the pairs.</p>"
        "<table><tr><th>axis<th>pairs and mean<th>mean<th>finding<th>what it means"
        f"{rows}</table></div>\n"
    )


def _row(drift: Drift) -> str:
    return (
        f"<tr class={_HUES[drift.finding]}><td>{escape(drift.axis.label)}<td>{plot(drift)}"
        f"<td>{escape(minus(drift.axis.written(drift.mean)))}<td class=found>{drift.finding}"
        f"<td>{escape(minus(drift.words))}"
    )


def plot(drift: Drift) -> str:
    """One axis as SVG: histogram of the pairs, margin, interval and mean."""
    values = _along(drift)
    least = 0.0 if len(drift.axis.of) > 1 else -1.0
    # np.quantile, which gives the same, loads masked arrays for it
    ranks = np.multiply((0.02, 0.98), len(values) - 1)
    ends = [2 * drift.margin, *np.abs(np.interp(ranks, np.arange(len(values)), np.sort(values)))]
    ends += [abs(end) for end in (drift.low, drift.high) if np.isfinite(end)]
    reach = float(max(ends)) * 1.05

    def x(value: float) -> float:
        share = (value / reach - least) / (1 - least)
        return min(max(share, 0.0), 1.0) * _WIDTH

    counts, edges = np.histogram(
        np.clip(values, least * reach, reach), _BINS, (least * reach, reach)
    )
    tall = (_BASE - 16) / max(int(counts.max()), 1)
    bars = "".join(
        f"M{x(a):.1f},{_BASE}V{_BASE - count * tall:.1f}H{x(b):.1f}V{_BASE}z"
        for count, a, b in zip(counts, edges[:-1], edges[1:], strict=True)
        if count
    )
    left, right = x(max(-drift.margin, least * reach)), x(drift.margin)
    low, high, mean = x(drift.low), x(drift.high), x(drift.mean)
    ticks = "".join(
        f'<text x="{x(v):.1f}" y="{_HEIGHT - 2}" text-anchor="{anchor}">'
        f"{escape(minus(drift.axis.written(v)))}</text>"
        for v, anchor in ((least * reach, "start"), (drift.margin, "middle"), (reach, "end"))
    )
    title = minus(f"{drift.axis.label}: {drift.finding}, {drift.axis.written(drift.mean)}")
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">'
        f'<rect class="band" x="{left:.1f}" y="0" width="{right - left:.1f}" height="{_BASE}"/>'
        f'<path class="bars" d="{bars}"/>'
        f'<path class="zero" d="M{x(0):.1f},0V{_BASE}M0,{_BASE}H{_WIDTH}"/>'
        f'<path class="span" d="M{low:.1f},8H{high:.1f}"/>'
        f'<circle class="mean" cx="{mean:.1f}" cy="8" r="5"/>{ticks}</svg>'
    )


def _along(drift: Drift) -> Values:
    """The pairs' values, of several measures along the direction of their mean, shape (pairs,)."""
    return np.asarray(drift.values @ drift.direction, np.float64)
