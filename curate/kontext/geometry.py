"""The crop and size that FLUX.1 Kontext sees, computed here, so that both halves share them."""

from __future__ import annotations

import numpy as np

from curate import images
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

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""


def fit(width: int, height: int) -> tuple[Box, tuple[int, int]]:
    """The centre crop and the size that ComfyUI's FluxKontextImageScale gives an image.

    Args:
        width: of the image, in px.
        height: likewise.

    Returns:
        The box to cut out of the image, and the width and height to resize it to.
    """
    ratio = width / height
    to_width, to_height = min(SIZES, key=lambda size: abs(ratio - size[0] / size[1]))
    wanted = to_width / to_height
    x = y = 0
    if ratio > wanted:
        x = round((width - width * (wanted / ratio)) / 2)
    elif ratio < wanted:
        y = round((height - height * (ratio / wanted)) / 2)
    return (x, y, width - x, height - y), (to_width, to_height)


def seen(pixels: RGB, box: Box, size: tuple[int, int]) -> RGB:
    """The image that the model sees: `box` of `pixels`, resampled with Lanczos to `size`.

    Args:
        pixels: uint8, shape (height, width, 3).
        box: left, top, right, bottom, inside the image.
        size: width and height.
    """
    left, top, right, bottom = box
    return images.resize(np.ascontiguousarray(pixels[top:bottom, left:right]), *size)
