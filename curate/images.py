"""RGB uint8 images in and out of files: the only image codec calls."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable
from functools import cache
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
_JPEG_QUALITY = 95
_ICC_MADE_AT = slice(24, 36)
_PNG = b"\x89PNG\r\n\x1a\n"
_KIND = slice(24, 29)
_AROUND = 12  # of a chunk: its length, its kind and its checksum
_FROM_ABOVE = 2
_RGB_8_BIT = b"\x08\x02\0\0\0"  # depth, colour; then the only methods there are; not interlaced


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


def read_checked(path: Path, data: bytes) -> RGB:
    """As `read`, in two thirds of the time, where `data` in the file were decoded before.

    FFmpeg's decoder of PNG is faster than Pillow's, but passes over some damage in silence. It is
    used for 8-bit RGB without transparency, where both give the same pixels.

    Raises:
        ImageMissing, ImageUnreadable: as `read`.
    """
    if not is_plain_png(data):
        return read(path)
    import av

    try:
        (frame,) = av.CodecContext.create("png", "r").decode(av.Packet(data))
    except (av.FFmpegError, ValueError):
        return read(path)
    if frame.format.name != "rgb24":
        return read(path)
    return np.asarray(frame.to_ndarray(), np.uint8)


def is_plain_png(data: bytes) -> bool:
    """Whether the header is that of a PNG with 8-bit RGB: no alpha, no palette, not interlaced."""
    return data.startswith(_PNG) and data[_KIND] == _RGB_8_BIT


def stripped(data: bytes) -> bytes | None:
    """The same picture with nothing beside its pixels, tagged sRGB, without encoding it anew.

    None where only decoding shows what the pixels are: no plain PNG, or one that moves.

    Args:
        data: a PNG that was decoded without an error.
    """
    if not is_plain_png(data):
        return None
    kept, place, kind = [_PNG], len(_PNG), b""
    while kind != b"IEND":
        if place + _AROUND > len(data):
            return None
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + length + _AROUND
        if kind == b"acTL" or end > len(data):
            return None
        if kind.isupper():  # the others may be left out, says the PNG specification, 5.4
            kept.append(data[place:end])
        if kind == b"IHDR":
            kept.append(_chunk(b"sRGB", _PERCEPTUAL))
        place = end
    return b"".join(kept)


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


def encode_png_quickly(pixels: RGB) -> bytes:
    """As `encode_png` in less than half the time, a third larger, for many small images.

    Each row is stored as its difference from the one above; Pillow tries all five filters.
    """
    height, width = pixels.shape[:2]
    flat = pixels.reshape(height, -1)
    rows = np.empty((height, 1 + 3 * width), np.uint8)
    rows[:, 0] = _FROM_ABOVE
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    packer = zlib.compressobj(_PNG_COMPRESSION, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_RLE)
    packed = packer.compress(rows.data) + packer.flush()
    header = struct.pack(">II", width, height) + _RGB_8_BIT
    chunks = ((b"IHDR", header), (b"sRGB", _PERCEPTUAL), (b"IDAT", packed), (b"IEND", b""))
    return _PNG + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


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
