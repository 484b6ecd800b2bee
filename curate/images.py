"""RGB uint8 images in and out of files: the only image codec calls."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from curate import files, png
from curate.errors import ImageMissing, ImageUnreadable
from curate.png import is_plain_png as is_plain_png

RGB: TypeAlias = NDArray[np.uint8]
"""Pixels: uint8, shape (height, width, 3), sRGB."""

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp"})

_JPEG_QUALITY = 95
_ICC_MADE_AT = slice(24, 36)


def read(path: Path) -> RGB:
    """The pixels of an image file; alpha and EXIF rotation are dropped as ComfyUI drops alpha.

    Raises:
        ImageMissing: there is no such file.
        ImageUnreadable: truncated or not an image.
    """
    try:
        return read_from(path, path.read_bytes())
    except FileNotFoundError as error:
        raise ImageMissing(path) from error
    except OSError as error:
        raise ImageUnreadable(path, _reason(error)) from error


def read_from(path: Path, data: bytes) -> RGB:
    """The same from the bytes of the file, which were read before.

    Raises:
        ImageUnreadable: as `read`.
    """
    try:
        return decode(data)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageUnreadable(path, _reason(error)) from error


def decode(data: bytes) -> RGB:
    """The pixels of an encoded image, shape (height, width, 3).

    Raises:
        OSError, SyntaxError, ValueError: the bytes are truncated or no image.
    """
    pixels = png.decode(data)
    if pixels is None and is_plain_png(data):
        pixels = _decode_fast(data)
    if pixels is not None:
        return pixels
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def _decode_fast(data: bytes) -> RGB | None:
    """What Pillow makes of a plain PNG, in two thirds of the time; None if it is not for FFmpeg.

    FFmpeg's decoder passes over damage in silence, so the checksums are looked at before. Rows that
    the writer itself left out, under right checksums, are black.
    """
    if not png.is_intact(data):
        return None
    import av

    try:
        (frame,) = av.CodecContext.create("png", "r").decode(av.Packet(data))
    except (av.FFmpegError, ValueError):
        return None
    return np.asarray(frame.to_ndarray(), np.uint8) if frame.format.name == "rgb24" else None


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
    return png.encode(pixels)


def encode_jpeg(pixels: RGB, quality: int = 75) -> bytes:
    """A JPEG with 4:2:0 chroma, or of one channel if `pixels` has the shape (height, width)."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "jpeg", quality=quality)
    return buffer.getvalue()


def encode_webp(pixels: RGB) -> bytes:
    """A WebP without loss, tagged sRGB; a third smaller than the PNG, in little more time."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(
        buffer, "webp", lossless=True, quality=0, method=0, icc_profile=_srgb()
    )
    return buffer.getvalue()


def write(path: Path, pixels: RGB) -> None:
    """Write an image, whole or not at all: WebP or JPEG if it is called so, else PNG.

    The JPEG has quality 95 and chroma at full size; all three are tagged sRGB.

    Raises:
        DiskFull, NotWritable: as `files.appearing`.
    """
    suffix = path.suffix.lower()
    if suffix == ".webp":
        data = encode_webp(pixels)
    elif suffix == ".jpg":
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(
            buffer, "jpeg", quality=_JPEG_QUALITY, subsampling=0, icc_profile=_srgb()
        )
        data = buffer.getvalue()
    else:
        data = encode_png(pixels)
    files.write_bytes(path, data)


@cache
def _srgb() -> bytes:
    """An ICC profile of sRGB, always the same bytes: without the time it was made at."""
    from PIL import ImageCms

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_ICC_MADE_AT] = bytes(12)
    return bytes(profile)


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
