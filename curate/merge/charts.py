"""Figures drawn as SVG: a heatmap of blocks × projections, curves, small bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from curate.merge import natives

_CELL_W, _CELL_H, _LEFT, _TOP, _ROW_LABEL = 46, 13, 64, 34, 10
_GROUPS = ("self_attn", "cross_attn", "img", "txt")
_STOPS = ((247, 244, 236), (240, 196, 120), (214, 96, 77), (110, 28, 76), (38, 10, 46))


def heatmap(values: Mapping[str, float], *, title: str, unit: str = "", top: float = 0.0) -> str:
    """A table of coloured cells, a row a block, a column a projection; one below another by kind.

    Args:
        values: by module name; negative ones count as 0. Modules outside of blocks are left out.
        title: above it.
        unit: follows the number in a cell's tooltip.
        top: the value of the darkest colour; 0 means the largest value.
    """
    top = top or max(values.values(), default=0.0) or 1.0
    kinds: dict[str, dict[tuple[int, str], float]] = {}
    for name, value in values.items():
        if place := natives.place(name):
            kinds.setdefault(place[0], {})[place[1], place[2]] = value
    drawn = [_one_heatmap(kind, cells, top, unit) for kind, cells in kinds.items()]
    legend = _legend(top, unit)
    return f"<figure><figcaption>{escape(title)}</figcaption>{legend}{''.join(drawn)}</figure>"


def curve(shares: Sequence[float], *, chosen: int, title: str) -> str:
    """The kept share of energy by rank, with a mark at the chosen one; shares in [0, 1]."""
    width, height, left, bottom = 420, 200, 40, 24
    steps = max(len(shares) - 1, 1)

    def at(rank: int, share: float) -> tuple[float, float]:
        return left + (rank - 1) / steps * (width - left - 10), height * (1 - share) + 8

    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(r, s) for r, s in enumerate(shares, 1)))
    grid = "".join(
        f'<line x1="{left}" x2="{width - 10}" y1="{at(1, s)[1]:.1f}" y2="{at(1, s)[1]:.1f}" '
        f'class="grid"/><text x="{left - 5}" y="{at(1, s)[1] + 4:.1f}" class="end">{s:.0%}</text>'
        for s in (0, 0.25, 0.5, 0.75, 1)
    )
    ticks = "".join(
        f'<text x="{at(r, 0)[0]:.1f}" y="{height + bottom}" class="mid">{r}</text>'
        for r in _ticks(len(shares))
    )
    mark = ""
    if shares and 1 <= chosen <= len(shares):
        x, y = at(chosen, shares[chosen - 1])
        mark = (
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="8" y2="{height + 8}" class="mark"/>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" class="dot"/>'
            f'<text x="{x + 8:.1f}" y="{y + 16:.1f}">rank {chosen}: '
            f"{shares[chosen - 1]:.1%}</text>"
        )
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f'<svg width="{width}" height="{height + bottom + 8}" role="img">{grid}{ticks}'
        f'<polyline points="{points}" class="line"/>{mark}</svg></figure>'
    )


def bars(values: Sequence[float], kept: int) -> str:
    """A tiny bar chart of a spectrum, the kept values dark; the largest fills the height."""
    shown, step, height = values[:32], 4, 18
    unit = height / (max(values, default=0.0) or 1.0)
    lines = [f"M{i * step + 1.5} {height}v-{value * unit:.1f}" for i, value in enumerate(shown)]
    drawn = "".join(
        f'<path class="{name}" d="{"".join(part)}"/>'
        for name, part in (("on", lines[:kept]), ("off", lines[kept:]))
        if part
    )
    return f'<svg width="{max(len(shown), 1) * step}" height="{height}">{drawn}</svg>'


def _one_heatmap(kind: str, cells: Mapping[tuple[int, str], float], top: float, unit: str) -> str:
    indices = sorted({index for index, _ in cells})
    projections = sorted({projection for _, projection in cells}, key=_order)
    width = _LEFT + _CELL_W * len(projections) + 10
    height = _TOP + _CELL_H * len(indices) + 6
    heads = "".join(
        f'<text x="{_LEFT + (i + 0.5) * _CELL_W:.0f}" y="{_TOP - 18 if i % 2 else _TOP - 5}" '
        f'class="mid small">{escape(_short(projection))}</text>'
        for i, projection in enumerate(projections)
    )
    rows = []
    for row, index in enumerate(indices):
        y = _TOP + row * _CELL_H
        rows.append(f'<text x="{_LEFT - 6}" y="{y + _ROW_LABEL}" class="end small">{index}</text>')
        for column, projection in enumerate(projections):
            value = cells.get((index, projection))
            fill = _colour(value / top) if value is not None else "none"
            told = "not there" if value is None else f"{value:.4g}{unit}"
            rows.append(
                f'<rect x="{_LEFT + column * _CELL_W}" y="{y}" width="{_CELL_W - 1}" '
                f'height="{_CELL_H - 1}" fill="{fill}"><title>{kind}.{index}.{escape(projection)}: '
                f"{told}</title></rect>"
            )
    label = f'<text x="4" y="{_TOP - 5}" class="small">{escape(kind)}</text>'
    return f'<svg width="{width}" height="{height}" role="img">{label}{heads}{"".join(rows)}</svg>'


def _legend(top: float, unit: str) -> str:
    steps = 40
    cells = "".join(
        f'<rect x="{i * 4}" y="0" width="4" height="10" fill="{_colour(i / (steps - 1))}"/>'
        for i in range(steps)
    )
    return (
        f'<div class="legend">0 <svg width="{steps * 4}" height="10">{cells}</svg> '
        f"{top:.3g}{escape(unit)}</div>"
    )


def _colour(share: float) -> str:
    place = min(max(share, 0.0), 1.0) * (len(_STOPS) - 1)
    low = min(int(place), len(_STOPS) - 2)
    part = place - low
    mixed = (round(a + (b - a) * part) for a, b in zip(_STOPS[low], _STOPS[low + 1], strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _order(projection: str) -> tuple[int, int, str]:
    group = next((i for i, word in enumerate(_GROUPS) if projection.startswith(word)), len(_GROUPS))
    return group, "qkvo".find(projection.rpartition(".")[2][0]), projection


def _short(projection: str) -> str:
    return projection.replace("cross_attn", "cross").replace("self_attn", "self")


def _ticks(count: int) -> list[int]:
    step = max(1, round(count / 8))
    return sorted({1, *range(step, count + 1, step)})
