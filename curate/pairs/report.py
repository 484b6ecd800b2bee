"""The page that shows pairs, with what was measured and ruled: one HTML file."""

from __future__ import annotations

import base64
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import TypeAlias
from urllib.parse import quote

from curate import files, images
from curate.errors import CurateError
from curate.pairs import legend
from curate.pairs.halves import Halves
from curate.pairs.legend import Number
from curate.pairs.repair.record import Repair
from curate.pairs.verdict import LIMITS, Judgement, Thresholds
from curate.records import Pair, Ruling

Picture: TypeAlias = Callable[[Path, Path], str]
"""An image file and the page's folder in, the image's address out."""

RULINGS: tuple[Ruling, ...] = ("keep", "look", "reject")

_TILE_SHARE = 1 / 16
_EMBEDDED_PX = 1024
_EMBEDDED_QUALITY = 85


@dataclass(frozen=True, slots=True)
class Checked:
    """A pair with what the rule says of it and what a person ruled, if one did.

    With a `repair` in force, halves and measures are those after it.
    """

    halves: Halves
    pair: Pair
    judgement: Judgement
    person: Ruling | None
    repair: Repair | None = None

    @property
    def ruling(self) -> Ruling:
        """A person's ruling if there is one, else the rule's."""
        return self.person or self.judgement.ruling

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, in words; what the rule said stays readable under a person's ruling."""
        rule = tuple(reason.text for reason in self.judgement.reasons)
        if self.repair and self.repair.reason:
            rule += (f"not repaired: {self.repair.reason}",)
        if self.person is None:
            return rule
        return (f"a person ruled {self.person}", *(f"the rule: {text}" for text in rule))


def write(
    page: Path,
    checked: Sequence[Checked],
    limits: Thresholds,
    *,
    sections: Sequence[str] = (),
    is_alone: bool = False,
) -> None:
    """Write the page.

    Args:
        page: the file; its links to the images are relative, so the workspace can be moved.
        checked: the pairs.
        limits: the thresholds behind their verdicts.
        sections: HTML of what else is to be shown, such as the whole set's measures.
        is_alone: put the images into the file, as JPEG of at most 1024 px, so that it can be sent.

    Raises:
        DiskFull, NotWritable: as `files.appearing`.
    """
    counts = Counter(one.ruling for one in checked)
    badges = Counter(badge for one in checked for badge in _badges(one))
    numbers = legend.of(key for one in checked for key in one.pair.measures)
    picture = embedded if is_alone else link
    files.write_text(
        page,
        Template(_packed("report.html")).substitute(
            total=len(checked),
            style=_packed("review/page/look.css") + _packed("report.css"),
            script=_packed("report.js"),
            filters="".join(_filter(ruling, counts[ruling]) for ruling in RULINGS),
            reasons="".join(
                f'<option value="{escape(badge)}">{escape(badge)} ({count})</option>'
                for badge, count in badges.most_common()
            ),
            measures="".join(
                f'<option value="{escape(n.key)}">by {escape(n.label)}</option>' for n in numbers
            ),
            notices="".join(f"<p class=notice>{escape(text)}</p>" for text in _notices(checked)),
            cards="".join(_card(one, page.parent, numbers, picture) for one in checked),
            sections="".join(f"<section>{section}</section>" for section in sections),
            limits="".join(_limit(key, value) for key, value in limits.items()),
        ),
    )


def _packed(name: str) -> str:
    return resources.files("curate.pairs").joinpath(name).read_text(encoding="utf-8")


def _badges(one: Checked) -> list[str]:
    return list(dict.fromkeys(reason.badge for reason in one.judgement.reasons))


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
        notices.append(f"Image similarity was measured with {', '.join(encoders)}.")
    return notices


def _filter(ruling: Ruling, count: int) -> str:
    return (
        f'<label class="{ruling}"><input type=checkbox value="{ruling}" checked> '
        f"{ruling} <b>{count}</b></label>"
    )


def _card(one: Checked, folder: Path, numbers: Sequence[Number], picture: Picture) -> str:
    badges = [f"<li class={r.ruling}>{escape(r.text)}" for r in one.judgement.reasons]
    if one.person:
        badges.insert(0, f"<li class=person>a person ruled {one.person}")
    values = [(number, one.pair.measures.get(number.key)) for number in numbers]
    shown = "".join(f"<div><dt>{escape(n.label)}<dd>{_number(n, v)}</div>" for n, v in values)
    facts = {
        "name": one.halves.label,
        "badges": _badges(one),
        "measures": {n.key: round(v, 5) for n, v in values if v is not None},
    }
    return (
        f'<article class="{one.ruling}" data-verdict="{one.ruling}" '
        f'data-facts="{escape(json.dumps(facts, ensure_ascii=False))}">'
        f"<header><h2>{escape(one.halves.label)}</h2><span class=verdict>{one.ruling}</span>"
        f"</header><div class=halves>{_half(one, 'frame', folder, picture)}"
        f"{_half(one, 'twin', folder, picture, _tile(one))}</div>"
        f"<ul>{''.join(badges)}</ul><dl>{shown}</dl></article>\n"
    )


def _half(one: Checked, what: str, folder: Path, picture: Picture, over: str = "") -> str:
    image: Path = getattr(one.halves, what)
    link, alt = escape(picture(image, folder)), escape(f"{what} of {one.halves.label}")
    size = "".join(
        f' {side}="{one.pair.measures.get(f"{side}_px") or 0:.0f}"' for side in ("width", "height")
    )
    target = "" if link.startswith("data:") else f' href="{link}"'
    return f'<a{target}><img src="{link}" alt="{alt}"{size} loading=lazy>{over}</a>'


def embedded(image: Path, folder: Path) -> str:  # noqa: ARG001 - as `link`
    try:
        pixels = images.read(image)
    except CurateError:
        return "data:,"
    height, width = pixels.shape[:2]
    factor = _EMBEDDED_PX / max(width, height)
    if factor < 1:
        pixels = images.resize(pixels, round(width * factor), round(height * factor))
    data = base64.b64encode(images.encode_jpeg(pixels, _EMBEDDED_QUALITY)).decode()
    return f"data:image/jpeg;base64,{data}"


def link(image: Path, folder: Path) -> str:
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


def _number(number: Number, value: float | None) -> str:
    return "<em>not measured</em>" if value is None else escape(number.text(value))


def _limit(key: str, value: float) -> str:
    limit = next((one for one in LIMITS if one.key == key), None)
    side = f"{limit.side} → {limit.ruling}" if limit else "a condition of others"
    badge = limit.badge if limit else ""
    concepts = ", ".join(sorted(limit.concepts)) if limit else ""
    return f"<tr><td><code>{key}</code><td>{value:g}<td>{side}<td>{badge}<td>{concepts}"
