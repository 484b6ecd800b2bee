"""The size at which Musubi trains an image, and what of the image falls into it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from curate.errors import BadSetting

_STEP_PX = 16

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of the image; edges, not pixel centres."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """The size Musubi trains an image at, and how many of its resized pixels are cropped away."""

    width: int
    height: int
    crop_px: int


def bucket(width: int, height: int, resolution: int) -> Bucket:
    """The bucket of an image of `width` × `height` for an area of `resolution`² pixels.

    Musubi's rule: sides in steps of 16, the area at most `resolution`², the nearest aspect ratio;
    the image is resized to cover the bucket, the rest is cropped around the centre.
    """
    aspect = width / height
    w, h = min(_buckets(resolution), key=lambda size: (abs(size[0] / size[1] - aspect), size))
    scale = max(w / width, h / height)
    return Bucket(w, h, round(width * scale) - w + round(height * scale) - h)


def covered(width: int, height: int, into: Bucket) -> Box:
    """The centred part of an image of `width` × `height` that has the bucket's aspect ratio."""
    scale = min(width / into.width, height / into.height)
    left, top = (width - into.width * scale) / 2, (height - into.height * scale) / 2
    return left, top, width - left, height - top


Counts = tuple[tuple[Bucket, int], ...]
"""How many images fall into each bucket, the fullest first."""


def counts(sizes: Iterable[tuple[int, int]], resolution: int) -> Counts:
    """Count images of these widths and heights by bucket."""
    found = Counter(bucket(width, height, resolution) for width, height in sizes)
    return tuple(sorted(found.items(), key=lambda item: (-item[1], item[0].width)))


def lonely(found: Counts) -> list[str]:
    """A warning for each size at which a single image is trained among others."""
    sizes = Counter[tuple[int, int]]()
    for one, count in found:
        sizes[one.width, one.height] += count
    return [
        f"Only one image is trained at {width}×{height}: its shape is learned with it."
        for (width, height), count in sizes.items()
        if count == 1 and len(sizes) > 1
    ]


def usable(resolution: int) -> int:
    """`resolution`, if it has buckets.

    Raises:
        BadSetting: it is under 32.
    """
    if resolution < 2 * _STEP_PX:
        raise BadSetting(
            f"A resolution of {resolution} is too small to train at.",
            remedy="Give --resolution 192 or more.",
        )
    return resolution


@lru_cache
def _buckets(resolution: int) -> Sequence[tuple[int, int]]:
    area, side = resolution**2, math.isqrt(resolution**2)
    widths = range(max(side // 2 // _STEP_PX, 1) * _STEP_PX, side + _STEP_PX, _STEP_PX)
    sizes = [(width, area // width // _STEP_PX * _STEP_PX) for width in widths]
    return sorted({size for w, h in sizes if h for size in ((w, h), (h, w))})
