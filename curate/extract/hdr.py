"""HDR and wide-gamut pictures as sRGB."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal

import av
import numpy as np
from av.sidedata.sidedata import Type
from numpy.typing import NDArray

from curate.images import RGB

Floats = NDArray[np.float32]
Transfer = Literal["pq", "hlg", "sdr"]

WHITE_NITS = 203.0
"""Reference white of HDR pictures (ITU-R BT.2408-7, table 1), which becomes the white of sRGB."""

_PEAK_NITS = 1000.0
_MOST_NITS = 10000.0
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32  # SMPTE ST 2084, BT.2100-2 table 4
_HLG_A, _HLG_B, _HLG_C = 0.17883277, 0.28466892, 0.55991073  # BT.2100-2 table 5
_HLG_GAMMA = 1.2  # of a display of 1000 nits, BT.2100-2 table 5
_SAID_BY = (Type.CONTENT_LIGHT_LEVEL, Type.MASTERING_DISPLAY_METADATA)
_LUMA_2020 = np.array([0.2627, 0.6780, 0.0593], np.float32)
_TO_709 = np.array(
    [
        [1.660491, -0.587641, -0.072850],
        [-0.124550, 1.132900, -0.008349],
        [-0.018151, -0.100579, 1.118730],
    ],
    np.float32,
)  # linear BT.2020 to linear BT.709, the inverse of ITU-R BT.2087-0, M2
_GRID = 4096
_LEVELS = 1 << 16
_SWSCALE_WHITE = 0xFF00
_BAND_LINES = 128


def to_srgb(pixels: NDArray[np.uint16], transfer: Transfer, peak_nits: float) -> RGB:
    """A picture in BT.2020 colours as sRGB.

    HDR is brought to the range of sRGB by the curve of ITU-R BT.2390-10, section 5.4.1: what is
    dark stays as it is, highlights up to `peak_nits` are bent under white. The curve acts on the
    largest of the three channels and scales the other two alike, so that no hue turns.

    Args:
        pixels: R′G′B′ as the film codes it, 0 … 65280 as swscale has it, shape (height, width, 3).
        transfer: how; "sdr" has the tones of sRGB already, and only its gamut is brought over.
        peak_nits: the brightest that the film shows; of no account for "sdr" and "hlg".
    """
    peak_nits = _PEAK_NITS if transfer == "hlg" else min(max(peak_nits, WHITE_NITS), _MOST_NITS)
    decoded, encoded = _decoding(transfer), _encoding()
    result = np.empty(pixels.shape, np.uint8)
    for top in range(0, len(pixels), _BAND_LINES):
        light = decoded[pixels[top : top + _BAND_LINES]]
        if transfer == "hlg":
            scene = np.maximum(light @ _LUMA_2020, np.float32(1e-6))
            light *= (_PEAK_NITS * scene ** np.float32(_HLG_GAMMA - 1))[..., None]
        if transfer != "sdr":
            largest = light.max(axis=2)
            light *= (_scale(largest, peak_nits) / np.float32(WHITE_NITS))[..., None]
        light = np.clip(light @ _TO_709.T, 0, 1)
        result[top : top + _BAND_LINES] = encoded[np.rint(light * (_LEVELS - 1)).astype(np.uint16)]
    return result


def peak_nits(frame: av.VideoFrame) -> float:
    """The brightest that a film says it shows: its MaxCLL, else its mastering display, else 1000.

    The layouts are those of FFmpeg's AVContentLightMetadata and AVMasteringDisplayMetadata.
    """
    said: Any = frame.side_data  # typed as if it held motion vectors only
    held = {said[number].type: bytes(said[number]) for number in range(len(said))}
    for kind, read in zip(_SAID_BY, (_max_cll, _mastered), strict=True):
        if kind in held and (nits := read(held[kind])) > 0:
            return nits
    return _PEAK_NITS


def pq_nits(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light of a display in cd/m² for a PQ signal of 0 … 1."""
    root = np.power(np.clip(signal, 0, 1), 1 / _M2)
    return _MOST_NITS * np.power(np.maximum(root - _C1, 0) / (_C2 - _C3 * root), 1 / _M1)


def pq_signal(nits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The PQ signal of 0 … 1 for light in cd/m²."""
    power = np.power(np.clip(nits / _MOST_NITS, 0, 1), _M1)
    return np.asarray(np.power((_C1 + _C2 * power) / (1 + _C3 * power), _M2))


def _max_cll(data: bytes) -> float:
    return float(struct.unpack_from("=I", data)[0])


def _mastered(data: bytes) -> float:
    *numbers, _has_primaries, has_luminance = struct.unpack_from("=20i2i", data)
    over, under = numbers[18:20]
    return over / under if has_luminance and under else 0.0


def _scale(nits: Floats, peak: float) -> Floats:
    """What light is multiplied by, by the largest of its channels."""
    grid, scale = _curve(peak)
    return np.asarray(np.interp(nits, grid, scale), np.float32)


@lru_cache(maxsize=4)
def _curve(peak: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Light in cd/m², and what it is multiplied by to come under white."""
    signal = np.linspace(0, 1, _GRID)
    top = float(pq_signal(np.array(peak)))
    white = float(pq_signal(np.array(WHITE_NITS))) / top
    knee = 1.5 * white - 0.5
    level = np.clip(signal / top, 0, 1)
    t = (level - knee) / max(1 - knee, 1e-9)
    bent = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (-2 * t**3 + 3 * t**2) * white
    )
    nits = pq_nits(signal)
    shown = pq_nits(np.where(level < knee, level, bent) * top)
    return nits, np.divide(shown, nits, out=np.ones_like(nits), where=nits > 0)


@lru_cache(maxsize=3)
def _decoding(transfer: Transfer) -> Floats:
    """Signal, 0 … 65280, to light: cd/m² for "pq", else 0 … 1."""
    signal = np.minimum(np.arange(_LEVELS) / _SWSCALE_WHITE, 1)
    read: dict[Transfer, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
        "pq": pq_nits,
        "hlg": _hlg_scene,
        "sdr": _srgb_light,
    }
    return read[transfer](signal).astype(np.float32)


def _hlg_scene(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    bright = (np.exp((signal - _HLG_C) / _HLG_A) + _HLG_B) / 12
    return np.where(signal <= 0.5, signal**2 / 3, bright)


def _srgb_light(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


@lru_cache(maxsize=1)
def _encoding() -> NDArray[np.uint8]:
    """Light, 0 … 65535, to sRGB (IEC 61966-2-1)."""
    light = np.linspace(0, 1, _LEVELS)
    signal = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(signal * 255), np.uint8)
