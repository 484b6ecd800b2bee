"""A pair as a card of the page: both halves, the verdict's reasons, what was measured."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from curate import images
from curate.errors import CurateError
from curate.pairs.checked import Checked
from curate.pairs.legend import NOT_MEASURED, Number, minus

Picture: TypeAlias = Callable[[Path], str]
"""An image file in, its address out, fit to stand in an attribute."""

_TILE_SHARE = 1 / 16
_EMBEDDED_PX = 1024
_EMBEDDED_QUALITY = 85


def card(numbers: Sequence[Number], picture: Picture) -> Callable[[Checked], str]:
    """What writes a pair as HTML; ten thousand of them take it half a second.

    Args:
        numbers: the measures to show, in this order.
        picture: `links` or `embedded`.
    """
    labels = [escape(number.label).replace("%", "%%") for number in numbers]
    rows = "".join(f"<div><dt>{label}<dd>%s</div>" for label in labels)
    keys = [number.key for number in numbers]
    forms = [number.form for number in numbers]
    whole = "\n".join(forms).format  # all at once: a third of the time of one after the other
    empty = f"<em>{NOT_MEASURED}</em>"

    def written(one: Checked) -> str:
        measures, name = one.pair.measures, escape(one.halves.label)
        values = [measures.get(key) for key in keys]
        if None in values:
            pairs = zip(forms, values, strict=True)
            text = "\n".join(empty if v is None else form.format(v) for form, v in pairs)
        else:
            text = whole(*values)
        shown = rows % tuple(text.replace("-", "−").split("\n"))
        size = f'width="{measures.get("width_px") or 0:.0f}" '
        size += f'height="{measures.get("height_px") or 0:.0f}"'
        halves = (
            _half(picture(one.halves.frame), f"frame of {name}", size, ""),
            _half(picture(one.halves.twin), f"twin of {name}", size, _tile(one)),
        )
        return (
            f'<article class="{one.ruling}" data-verdict="{one.ruling}"><header><h2>{name}</h2>'
            f"<span class=verdict>{one.ruling}</span></header>"
            f"<div class=halves>{''.join(halves)}</div>"
            f"<ul>{_reasons(one)}</ul><dl>{shown}</dl></article>\n"
        )

    return written


def links(folder: Path) -> Picture:
    """Addresses of images as a page in `folder` writes them: relative, so all can be moved."""

    @cache
    def way(parent: str) -> str:
        try:
            return quote(Path(os.path.relpath(parent or ".", folder)).as_posix())
        except ValueError:  # another drive on Windows
            return Path(parent).resolve().as_uri()

    def link(image: Path) -> str:
        parent, name = os.path.split(image)
        return f"{way(parent)}/{quote(name)}"

    return link


def embedded(image: Path) -> str:
    """The image itself as JPEG of at most 1024 px, so that the page can be sent."""
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
