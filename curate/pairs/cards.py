"""A pair as a card of the page: both halves, the verdict's reasons, what was measured."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from html import escape
from itertools import repeat
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.pairs.checked import Checked
from curate.pairs.columns import columns
from curate.pairs.legend import NOT_MEASURED, Number, minus

Picture: TypeAlias = Callable[[str], str]
"""An image file in, its address out, fit to stand in an attribute."""

_TILE_SHARE = 1 / 16
_EMBEDDED_PX = 1024
_EMBEDDED_QUALITY = 85


def written(
    checked: Sequence[Checked], numbers: Sequence[Number], picture: Picture
) -> Iterator[str]:
    """Each pair as HTML.

    Args:
        checked: the pairs.
        numbers: the measures to show, in this order.
        picture: `links` or `embedded`.
    """
    table = columns([one.pair.measures for one in checked], [number.key for number in numbers])
    rows = zip(*map(_rows, numbers, table), strict=True)
    for one, row in zip(checked, rows if numbers else repeat(()), strict=False):
        measures, name = one.pair.measures, escape(one.halves.label)
        size = _size(measures.get("width_px"), measures.get("height_px"))
        halves = (
            _half(picture(one.halves.frame_file), f"frame of {name}", size, ""),
            _half(picture(one.halves.twin_file), f"twin of {name}", size, _tile(one)),
        )
        yield (
            f'<article class="{one.ruling}" data-verdict="{one.ruling}"><header><h2>{name}</h2>'
            f"<span class=verdict>{one.ruling}</span></header>"
            f"<div class=halves>{''.join(halves)}</div>"
            f"<ul>{_reasons(one)}</ul><dl>{''.join(row)}</dl></article>\n"
        )


def _rows(number: Number, values: NDArray[np.float64]) -> list[str]:
    """A measure's row for each pair; a column at a time is five times as fast as pair by pair."""
    lead = f"<div><dt>{escape(number.label)}<dd>"
    return number.texts(
        values,
        lambda text: f"{lead}{text.replace('-', '−')}</div>",
        f"{lead}<em>{NOT_MEASURED}</em></div>",
    )


def links(folder: Path) -> Picture:
    """Addresses of images as a page in `folder` writes them: relative, so all can be moved."""

    @cache
    def way(parent: str) -> str:
        try:
            return quote(Path(os.path.relpath(parent or ".", folder)).as_posix())
        except ValueError:  # another drive on Windows
            return Path(parent).resolve().as_uri()

    quoted = lru_cache(1)(quote)  # both halves of a pair have one name

    def link(image: str) -> str:
        parent, name = os.path.split(image)
        return f"{way(parent)}/{quoted(name)}"

    return link


def embedded(image: str) -> str:
    """The image itself as JPEG of at most 1024 px, so that the page can be sent."""
    from curate import images  # links need no pixels

    try:
        pixels = images.read(Path(image))
    except CurateError:
        return "data:,"
    height, width = pixels.shape[:2]
    factor = _EMBEDDED_PX / max(width, height)
    if factor < 1:
        pixels = images.resize(pixels, round(width * factor), round(height * factor))
    data = base64.b64encode(images.encode_jpeg(pixels, _EMBEDDED_QUALITY)).decode()
    return f"data:image/jpeg;base64,{data}"


@cache
def _size(width: float | None, height: float | None) -> str:
    return f'width="{width or 0:.0f}" height="{height or 0:.0f}"'


def _half(address: str, alt: str, size: str, over: str) -> str:
    target = "" if address.startswith("data:") else f' href="{address}"'
    return f'<a{target}><img src="{address}" alt="{alt}" {size} loading=lazy>{over}</a>'


def _reasons(one: Checked) -> str:
    badges = [
        f'<li class={r.ruling} data-badge="{escape(r.badge)}">{escape(minus(r.text))}'
        for r in one.judgement.reasons
    ]
    if one.person:
        badges.insert(0, f"<li class=person>a person ruled {one.person}")
    return "".join(badges)


def _tile(one: Checked) -> str:
    """A box around the worst tile, where it is a reason."""
    if "content" not in {reason.badge for reason in one.judgement.reasons}:
        return ""
    x, y = one.pair.measures.get("tile_x"), one.pair.measures.get("tile_y")
    if x is None or y is None:
        return ""
    style = f"left:{x * 100:.2f}%;top:{y * 100:.2f}%;width:{_TILE_SHARE * 100:.2f}%"
    return f'<i class=tile style="{style}" title="the place that changed most"></i>'
