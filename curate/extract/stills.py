"""Chosen moments of a film, as image files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from curate import identity, images
from curate.extract import colour, film
from curate.extract.density import density, sharpness
from curate.extract.film import Source
from curate.extract.letterbox import Crop
from curate.images import RGB

_THUMBNAIL_PX, _THUMBNAIL_QUALITY = 400, 72


@dataclass(frozen=True, slots=True)
class Batch:
    """Moments (PTS, ascending), the file that each becomes and what it shows inside its bars."""

    source: Source
    moments: tuple[int, ...]
    files: tuple[Path, ...]
    crops: tuple[Crop, ...]

    @property
    def name(self) -> str:
        return self.source.path.name


@dataclass(frozen=True, slots=True)
class Still:
    """A frame that was written; `pixels_id` hashes its pixels, `thumbnail` is a small JPEG."""

    moment: int
    file: Path
    pixels_id: str
    width: int
    height: int
    density: float
    sharpness: float
    thumbnail: bytes


def write(batch: Batch) -> list[Still]:
    """Write the frames of a batch; one that cannot be decoded soundly is left out.

    Raises:
        DiskFull, NotWritable: a file cannot be written.
        FilmUnreadable: the film cannot be opened any more.
    """
    targets = dict(zip(batch.moments, zip(batch.files, batch.crops, strict=True), strict=True))
    stills = []
    for frame in film.at(batch.source, list(batch.moments)):
        assert frame.pts is not None
        stored = (frame.width, frame.height)
        file, crop = targets[frame.pts]
        pixels = cropped(colour.to_rgb(frame, batch.source), crop, stored)
        images.write(file, pixels)
        stills.append(
            Still(
                moment=frame.pts,
                file=file,
                pixels_id=identity.of_bytes(pixels.data),
                width=pixels.shape[1],
                height=pixels.shape[0],
                density=round(density(pixels), 5),
                sharpness=round(sharpness(pixels), 3),
                thumbnail=thumbnail(pixels),
            )
        )
    return stills


def thumbnail(pixels: RGB) -> bytes:
    """A JPEG at most 400 px wide."""
    height, width = pixels.shape[:2]
    if width > _THUMBNAIL_PX:
        size = (_THUMBNAIL_PX, max(1, round(height * _THUMBNAIL_PX / width)))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    return images.encode_jpeg(pixels, _THUMBNAIL_QUALITY)


def cropped(pixels: RGB, crop: Crop, stored: tuple[int, int]) -> RGB:
    """`pixels` inside the bars; `stored` is the (width, height) that `crop` was measured at."""
    height, width = pixels.shape[:2]
    if (crop.left, crop.top, crop.right, crop.bottom) == (0, 0, *stored):
        return pixels
    if (width < height) != (stored[0] < stored[1]):  # turned upright: the bars were not measured
        return pixels
    across, down = width / stored[0], height / stored[1]
    left, right = round(crop.left * across), round(crop.right * across)
    top, bottom = round(crop.top * down), round(crop.bottom * down)
    return pixels[top:bottom, left:right].copy()
