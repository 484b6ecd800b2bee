"""Both halves of a pair in one small picture, made when first asked for and kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from curate import files, identity, images
from curate.errors import PlaceError
from curate.pairs.halves import stamp_of

WIDTH_PX = 320
"""Of each half; the frame is on the left, the twin on the right."""

_QUALITY = 82
_VERSION = "thumb/1"


def thumb(frame: Path, twin: Path, cache: Path) -> bytes:
    """A JPEG of both halves side by side, from `cache` if it is there and the files are unchanged.

    Raises:
        ImageMissing, ImageUnreadable: a half cannot be read.
    """
    stamps = [[str(half), *stamp_of(half)] for half in (frame, twin)]
    key = identity.of_task(_VERSION, halves=stamps, width=WIDTH_PX)
    kept = cache / key[:2] / f"{key}.jpg"
    try:
        return kept.read_bytes()
    except OSError:
        data = images.encode_jpeg(_beside(images.read(frame), images.read(twin)), _QUALITY)
    try:
        files.write_bytes(kept, data)
    except PlaceError:  # it is only a cache
        return data
    return data


def _beside(frame: images.RGB, twin: images.RGB) -> images.RGB:
    height, width = frame.shape[:2]
    small = max(round(height * WIDTH_PX / width), 1)
    halves = [images.resize(half, WIDTH_PX, small) for half in (frame, twin)]
    return np.hstack(halves)
