"""A pair as the page's script reads it: both halves, the verdict's reasons, what was measured."""

from __future__ import annotations

import base64
import json
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from curate.errors import CurateError
from curate.figures import Figures
from curate.pairs.checked import Checked
from curate.pairs.legend import minus

Picture: TypeAlias = Callable[[str], str]
"""An image file in, its address out, fit to stand in an attribute."""

_EMBEDDED_PX = 1024
_EMBEDDED_QUALITY = 85

_is_plain = re.compile(r"[\w.~-]+", re.ASCII).fullmatch
_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def written(checked: Sequence[Checked], picture: Picture) -> Iterator[str]:
    """Each pair as an object of JSON, a comma and a new line between them.

    Args:
        checked: the pairs.
        picture: `links` or `embedded`.
    """
    lead = ""
    for one in checked:
        halves = one.halves
        line = (
            f'{lead}{{"name":{_as_json(halves.label)},"ruling":"{one.ruling}",'
            f'"frame":"{picture(halves.frame_file)}","twin":"{picture(halves.twin_file)}",'
            f'"reasons":{_reasons(one)},"measures":{_measures(one.pair.measures)}}}'
        )
        yield line.replace("<", "\\u003c")  # nothing in it may end the script
        lead = ",\n"


def _measures(measures: Mapping[str, float | None]) -> str:
    """As they stand in the ledger, but for what is no number in JSON."""
    if type(measures) is Figures and not ("N" in measures.text or "I" in measures.text):
        return measures.text
    sure = {k: None if v is None or not math.isfinite(v) else v for k, v in measures.items()}
    return json.dumps(sure, sort_keys=True, ensure_ascii=False)


def _reasons(one: Checked) -> str:
    """Of each its ruling, its badge and its text; a person's ruling first."""
    reasons = [[r.ruling, r.badge, minus(r.text)] for r in one.judgement.reasons]
    if one.person:
        reasons.insert(0, ["person", "", f"a person ruled {one.person}"])
    return _as_json(reasons) if reasons else "[]"


def links(folder: Path) -> Picture:
    """Addresses of images as a page in `folder` writes them: relative, so all can be moved."""

    @cache
    def way(parent: str) -> str:
        try:
            return quote(Path(os.path.relpath(parent or ".", folder)).as_posix())
        except ValueError:  # another drive on Windows
            return Path(parent).resolve().as_uri()

    @lru_cache(1)  # both halves of a pair have one name
    def quoted(name: str) -> str:
        return name if _is_plain(name) else quote(name)

    def link(image: str) -> str:
        parent, _, name = image.rpartition("/")
        if not parent or os.sep in name:
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
