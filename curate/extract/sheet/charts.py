"""A film at a glance: its colours through time, its frames among them, their densities."""

from __future__ import annotations

import numpy as np

from curate.extract import glimpse
from curate.extract.figures import TONES, Figures, Floats
from curate.images import RGB

_COLUMNS = 1200
_BARS = 28
_WIDE, _HIGH, _GAP = 560, 120, 2


def colours(figures: Figures, *, full: bool) -> RGB:
    """The film from left to right, each column the picture of one moment squeezed to a line.

    Returns:
        uint8, shape (18, columns, 3).
    """
    pts = figures.pts
    moments = np.linspace(pts[0], pts[-1], min(_COLUMNS, len(pts)))
    tones = figures.tones[np.searchsorted(pts, moments)]
    wide, high = TONES
    luma, *chroma = np.split(tones, [wide * high, wide * high * 5 // 4], axis=1)
    lines = [luma.reshape(-1, high, wide).mean(axis=2).T]
    for plane in chroma:
        halves = plane.reshape(-1, high // 2, wide // 2).mean(axis=2).T
        lines.append(np.repeat(halves, 2, axis=0))
    return glimpse.to_rgb(*(line.astype(np.float32) for line in lines), full=full)


def histogram(film: Floats, chosen: Floats) -> str:
    """An SVG: how dense the film's pictures are, and over them the frames that were taken.

    Both are shares of their own number, so that a few frames can be told from a whole film.
    """
    top = max(float(film.max(initial=0)), float(chosen.max(initial=0)), 1e-3)
    edges = np.linspace(0, top * 1.0001, _BARS + 1)
    shares = [np.histogram(values, edges)[0] / max(1, len(values)) for values in (film, chosen)]
    scale = _HIGH / max(1e-6, max(float(share.max(initial=0)) for share in shares))
    step = _WIDE / _BARS
    bars = []
    for name, share, number in zip(("all", "chosen"), shares, (film, chosen), strict=True):
        inset = _GAP if name == "all" else step / 3
        for place, part in enumerate(share.tolist()):
            if part:
                tall = max(1.0, part * scale)
                title = f"{edges[place]:.3f} to {edges[place + 1]:.3f}: {part:.0%} of {len(number)}"
                bars.append(
                    f'<rect class={name} x="{place * step + inset / 2:.1f}" y="{_HIGH - tall:.1f}" '
                    f'width="{step - inset:.1f}" height="{tall:.1f}"><title>{title}</title></rect>'
                )
    marks = "".join(
        f'<text x="{share * _WIDE:.0f}" y="{_HIGH + 14}" text-anchor="{anchor}">'
        f"{share * top:.2f}</text>"
        for share, anchor in ((0, "start"), (0.5, "middle"), (1, "end"))
    )
    return (
        f'<svg viewBox="0 0 {_WIDE} {_HIGH + 18}" role=img aria-label="Densities">'
        f"<line x1=0 x2={_WIDE} y1={_HIGH} y2={_HIGH} />{''.join(bars)}{marks}</svg>"
    )
