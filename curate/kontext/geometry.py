"""The crop and size that the model sees, computed here, so that both halves share them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

import numpy as np

from curate import images
from curate.errors import BadSetting
from curate.images import RGB

VERSION = "kontext/1"
"""Part of a task's id: another geometry makes another twin."""

_PORTRAIT = (
    (672, 1568),
    (688, 1504),
    (720, 1456),
    (752, 1392),
    (800, 1328),
    (832, 1248),
    (880, 1184),
    (944, 1104),
)
SIZES = (*_PORTRAIT, (1024, 1024), *((height, width) for width, height in reversed(_PORTRAIT)))
"""Widths and heights the model was trained on (comfy_extras/nodes_flux.py), all multiples of 16."""

STEP_PX = 16
"""Latents of FLUX, Qwen-Image and Wan are 8 px wide, in patches of 2; Musubi's buckets step so."""

_MOST_PX = 16384  # ComfyUI's MAX_RESOLUTION

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""

_Word: TypeAlias = Literal["kontext", "multiple-of-16"]

Target: TypeAlias = _Word | tuple[int, int]
"""What frames are brought to: one of Kontext's sizes, their own size cropped, or one size."""


def target(text: str) -> Target:
    """What `--size` asks for.

    Raises:
        BadSetting: neither a known word nor WIDTHxHEIGHT in multiples of 16.
    """
    for word in get_args(_Word):
        if text == word:
            return word  # type: ignore[no-any-return] # get_args knows no Literal
    if said := re.fullmatch(r"(\d+)[x×](\d+)", text):
        width, height = int(said[1]), int(said[2])
        if all(0 < side <= _MOST_PX and side % STEP_PX == 0 for side in (width, height)):
            return width, height
    raise BadSetting(
        f"Frames cannot be brought to the size {text!r}.",
        remedy="Write --size kontext, multiple-of-16, or two multiples of 16 such as 1024x576.",
    )


@lru_cache(maxsize=1024)
def fit(width: int, height: int, to: Target = "kontext") -> tuple[Box, tuple[int, int]]:
    """The centre crop and the size for an image: for "kontext" those of FluxKontextImageScale.

    Args:
        width: of the image, in px.
        height: likewise.
        to: one of Kontext's sizes, the one nearest in shape; the image's own size, cropped to
            multiples of 16 and not resized; or one size for all.

    Returns:
        The box to cut out of the image, and the width and height to resize it to.
    """
    if to == "multiple-of-16":
        return _cropped(width, height)
    ratio = width / height
    size = _nearest(ratio) if to == "kontext" else to
    wanted = size[0] / size[1]
    x = y = 0
    if ratio > wanted:
        x = round((width - width * (wanted / ratio)) / 2)
    elif ratio < wanted:
        y = round((height - height * (ratio / wanted)) / 2)
    return (x, y, width - x, height - y), size


def _nearest(ratio: float) -> tuple[int, int]:
    return min(SIZES, key=lambda size: abs(ratio - size[0] / size[1]))


def _cropped(width: int, height: int) -> tuple[Box, tuple[int, int]]:
    """The largest multiples of 16 in the middle; an image smaller than that keeps its side."""
    size = width // STEP_PX * STEP_PX or width, height // STEP_PX * STEP_PX or height
    x, y = (width - size[0]) // 2, (height - size[1]) // 2
    return (x, y, x + size[0], y + size[1]), size


def seen(pixels: RGB, box: Box, size: tuple[int, int]) -> RGB:
    """The image that the model sees: `box` of `pixels`, resampled with Lanczos to `size`.

    Args:
        pixels: uint8, shape (height, width, 3).
        box: left, top, right, bottom, inside the image.
        size: width and height.
    """
    left, top, right, bottom = box
    cut = np.ascontiguousarray(pixels[top:bottom, left:right])
    return cut if cut.shape[1::-1] == size else images.resize(cut, *size)
