"""RGB uint8 images in and out of files: the only image codec calls."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from curate import files
from curate.errors import ImageMissing, ImageUnreadable

RGB: TypeAlias = NDArray[np.uint8]
"""Pixels: uint8, shape (height, width, 3), sRGB."""

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp"})

_PNG_COMPRESSION = 1  # level 6 takes four times as long for a tenth less
_PERCEPTUAL = b"\0"


def read(path: Path) -> RGB:
    """The pixels of an image file; alpha and EXIF rotation are dropped as ComfyUI drops alpha.

    Raises:
        ImageMissing: there is no such file.
        ImageUnreadable: truncated or not an image.
    """
    try:
        return decode(path.read_bytes())
    except FileNotFoundError as error:
        raise ImageMissing(path) from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageUnreadable(path, _reason(error)) from error


def decode(data: bytes) -> RGB:
    """The pixels of an encoded image, shape (height, width, 3).

    Raises:
        OSError, SyntaxError, ValueError: the bytes are truncated or no image.
    """
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def size(path: Path) -> tuple[int, int]:
    """Width and height of an image file, read from its header.

    Raises:
        ImageMissing: there is no such file.
        ImageUnreadable: not an image.
    """
    try:
        with Image.open(path) as image:
            return image.size
    except FileNotFoundError as error:
        raise ImageMissing(path) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageUnreadable(path, _reason(error)) from error


def encode_png(pixels: RGB) -> bytes:
    """An 8-bit PNG tagged sRGB; the same pixels give the same bytes."""
    tags = PngImagePlugin.PngInfo()
    tags.add(b"sRGB", _PERCEPTUAL)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png", compress_level=_PNG_COMPRESSION, pnginfo=tags)
    return buffer.getvalue()


def encode_jpeg(pixels: RGB, quality: int = 75) -> bytes:
    """A JPEG with 4:2:0 chroma, or of one channel if `pixels` has the shape (height, width)."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "jpeg", quality=quality)
    return buffer.getvalue()


def write(path: Path, pixels: RGB) -> None:
    """Write a PNG, whole or not at all.

    Raises:
        DiskFull, NotWritable: as `files.appearing`.
    """
    files.write_bytes(path, encode_png(pixels))


def resize(
    pixels: RGB, width: int, height: int, box: tuple[float, float, float, float] | None = None
) -> RGB:
    """Lanczos resampling with Pillow, which is what ComfyUI's "lanczos" calls.

    `box` is the part to resample: left, top, right, bottom, in pixels and their fractions.
    """
    image = Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS, box=box)
    return np.asarray(image)


def listed(folder: Path) -> list[Path]:
    """The image files directly in `folder`, by name; unfinished ones are left out."""
    return sorted(entry for entry in _entries(folder) if entry.suffix.lower() in SUFFIXES)


def _entries(folder: Path) -> Iterable[Path]:
    try:
        return [entry for entry in folder.iterdir() if entry.is_file()]
    except OSError as error:
        raise ImageUnreadable(folder, _reason(error)) from error


def _reason(error: BaseException) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "it is not an image"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error).rstrip(".") or type(error).__name__
