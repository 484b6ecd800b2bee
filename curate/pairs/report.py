"""The page that shows pairs side by side, with what was measured and ruled: static HTML."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from urllib.parse import quote

from curate import files
from curate.pairs.halves import Halves
from curate.pairs.verdict import LIMITS, Judgement, Thresholds
from curate.records import Pair, Ruling

RULINGS: tuple[Ruling, ...] = ("keep", "look", "reject")

_NUMBERS = (
    ("shift_px", "shift", "{:.2f} px"),
    ("scale", "scale", "{:.4f}"),
    ("rotation_deg", "rotation", "{:z.2f}°"),
    ("ssim", "SSIM", "{:.3f}"),
    ("gradient_ncc", "edges", "{:.2f}"),
    ("lightness_shift", "ΔL", "{:+z.1f}"),
    ("a_shift", "Δa", "{:+z.1f}"),
    ("b_shift", "Δb", "{:+z.1f}"),
    ("chroma_slope", "saturation", "{:.2f}×"),
    ("contrast_ratio", "contrast", "{:.2f}×"),
    ("tile_residual", "worst tile", "{:.0f} Lab"),
    ("detail_ratio", "detail left", "{:.2f}"),
    ("density_frame", "frame", "{:.2f} bits/px"),
    ("density_twin", "twin", "{:.2f} bits/px"),
    ("clip_similarity", "CLIP", "{:.2f}"),
)
_TILE_SHARE = 1 / 16


@dataclass(frozen=True, slots=True)
class Checked:
    """A pair with what the rule says of it and what a person ruled, if one did."""

    halves: Halves
    pair: Pair
    judgement: Judgement
    person: Ruling | None

    @property
    def ruling(self) -> Ruling:
        """A person's ruling if there is one, else the rule's."""
        return self.person or self.judgement.ruling

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, in words; what the rule said stays readable under a person's ruling."""
        rule = tuple(reason.text for reason in self.judgement.reasons)
        if self.person is None:
            return rule
        return (f"a person ruled {self.person}", *(f"the rule: {text}" for text in rule))


def write(page: Path, checked: Sequence[Checked], limits: Thresholds) -> None:
    """Write the page; its links to the images are relative, so the workspace can be moved."""
    template = resources.files("curate.pairs").joinpath("report.html").read_text(encoding="utf-8")
    counts = Counter(one.ruling for one in checked)
    files.write_text(
        page,
        Template(template).substitute(
            total=len(checked),
            filters="".join(_filter(ruling, counts[ruling]) for ruling in RULINGS),
            notices="".join(f"<p class=notice>{escape(text)}</p>" for text in _notices(checked)),
            cards="".join(_card(one, page.parent) for one in checked),
            limits="".join(_limit(key, value) for key, value in limits.items()),
        ),
    )


def _notices(checked: Sequence[Checked]) -> list[str]:
    makers = sorted({one.halves.made_by for one in checked if "preview" in one.halves.made_by})
    notices = [f"Twins of {maker}." for maker in makers]
    without = sum(one.pair.encoder == "" for one in checked)
    encoders = sorted({one.pair.encoder for one in checked} - {""})
    if without:
        notices.append(
            f"CLIP image similarity: not measured on {without} of {len(checked)} pairs. "
            "Give weights with curate pair-check --clip DIR."
        )
    if encoders:
        notices.append(f"CLIP image similarity was measured with {', '.join(encoders)}.")
    return notices


def _filter(ruling: Ruling, count: int) -> str:
    return (
        f'<label class="{ruling}"><input type=checkbox value="{ruling}" checked> '
        f"{ruling} <b>{count}</b></label>"
    )


def _card(one: Checked, folder: Path) -> str:
    badges = [f"<li class={r.ruling}>{escape(r.text)}" for r in one.judgement.reasons]
    if one.person:
        badges.insert(0, f"<li class=person>a person ruled {one.person}")
    numbers = "".join(
        f"<div><dt>{label}<dd>{_number(one.pair.measures.get(key), form)}</div>"
        for key, label, form in _NUMBERS
    )
    name = escape(one.halves.label)
    return (
        f'<article class="{one.ruling}" data-verdict="{one.ruling}">'
        f"<header><h2>{name}</h2><span class=verdict>{one.ruling}</span></header>"
        f"<div class=halves>{_half(one, one.halves.frame, 'frame', folder, '')}"
        f"{_half(one, one.halves.twin, 'twin', folder, _tile(one))}</div>"
        f"<ul>{''.join(badges)}</ul><dl>{numbers}</dl></article>\n"
    )


def _half(one: Checked, image: Path, what: str, folder: Path, over: str) -> str:
    link, alt = escape(_link(image, folder)), escape(f"{what} of {one.halves.label}")
    size = "".join(
        f' {side}="{one.pair.measures.get(f"{side}_px") or 0:.0f}"' for side in ("width", "height")
    )
    return f'<a href="{link}"><img src="{link}" alt="{alt}"{size} loading=lazy>{over}</a>'


def _link(image: Path, folder: Path) -> str:
    try:
        return quote(Path(os.path.relpath(image, folder)).as_posix())
    except ValueError:  # another drive on Windows
        return image.resolve().as_uri()


def _tile(one: Checked) -> str:
    """A box around the worst tile, where it is a reason."""
    x, y = one.pair.measures.get("tile_x"), one.pair.measures.get("tile_y")
    if x is None or y is None or "content" not in {r.badge for r in one.judgement.reasons}:
        return ""
    style = f"left:{x * 100:.2f}%;top:{y * 100:.2f}%;width:{_TILE_SHARE * 100:.2f}%"
    return f'<i class=tile style="{style}" title="the place that changed most"></i>'


def _number(value: float | None, form: str) -> str:
    return "<em>not measured</em>" if value is None else form.format(value)


def _limit(key: str, value: float) -> str:
    limit = next((one for one in LIMITS if one.key == key), None)
    side = f"{limit.side} → {limit.ruling}" if limit else "a condition of others"
    badge = limit.badge if limit else ""
    concepts = ", ".join(sorted(limit.concepts)) if limit else ""
    return f"<tr><td><code>{key}</code><td>{value:g}<td>{side}<td>{badge}<td>{concepts}"
