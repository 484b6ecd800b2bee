"""A gain and an offset for each channel of CIELAB, fitted robustly and taken back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.images import RGB
from curate.measures import colour
from curate.pairs.repair.faults import Fault

_LEAST_GAIN, _MOST_GAIN = 0.4, 2.5


@dataclass(frozen=True, slots=True)
class Tone:
    """What colour did on the way from frame to twin, as far as it was flagged.

    `offset` is in L, a, b; `saturation` and `contrast` are gains, 1 for none; contrast turns
    about the lightness `pivot`.
    """

    offset: tuple[float, float, float]
    saturation: float
    contrast: float
    pivot: float


def found(frame: RGB, twin: RGB, faults: Collection[Fault]) -> Tone | None:
    """The flagged part of the colour change between two halves in register; None if unknown.

    Read off where the picture was changed least, from medians and trimmed fits, so that a thing
    that was removed has no say. What was not flagged stays as it is.

    Args:
        frame: uint8, shape (height, width, 3).
        twin: same shape.
        faults: what was flagged.
    """
    before, after = colour.low_pass(frame), colour.low_pass(twin)
    whole = np.ones(before.shape[:2], np.bool_)
    textures = colour.texture(_grey(frame)), colour.texture(_grey(twin))
    alike = colour.unedited(*textures, whole)
    moved = colour.shift(before, after, alike)
    if moved is None:
        return None
    saturation = moved.chroma_slope if "saturation" in faults else None
    contrast = moved.contrast_ratio if "contrast" in faults else None
    tone = Tone(
        (0.0, 0.0, 0.0),
        _within(saturation),
        _within(contrast),
        float(np.median(after[alike][:, 0])),
    )
    left = np.median(_undone(after[alike], tone) - before[alike], axis=0)
    tint, brightness = "tint" in faults, "brightness" in faults
    offset = (
        float(left[0]) if brightness else 0.0,
        float(left[1]) if tint else 0.0,
        float(left[2]) if tint else 0.0,
    )
    return Tone(offset, tone.saturation, tone.contrast, tone.pivot)


def undone(twin: RGB, tone: Tone) -> tuple[RGB, float]:
    """The twin without the change, and by what share its detail moved beyond the contrast's gain.

    The share is of the gradient of lightness: what rounding and the edge of the gamut did to it.
    """
    before = _lab(twin)
    rgb = cv2.cvtColor(_undone(before, tone), cv2.COLOR_Lab2RGB)
    made = np.asarray(np.clip(np.rint(rgb * 255), 0, 255), np.uint8)
    detail = _mean_gradient(before[..., 0])
    after = _mean_gradient(_lab(made)[..., 0]) * tone.contrast
    return made, after / detail - 1 if detail else 0.0


def words(tone: Tone) -> list[str]:
    """What was taken back, for people."""
    lightness, a, b = tone.offset
    found = []
    if a or b:
        found.append(f"tint of {a:+z.1f} a, {b:+z.1f} b taken back")
    if lightness:
        found.append(f"brightness of {lightness:+z.1f} L taken back")
    if tone.saturation != 1:
        found.append(f"saturation × {1 / tone.saturation:.2f}")
    if tone.contrast != 1:
        found.append(f"contrast × {1 / tone.contrast:.2f}")
    return found


def _undone(lab: NDArray[np.float32], tone: Tone) -> NDArray[np.float32]:
    """Shape (…, 3)."""
    gain = np.array((tone.contrast, tone.saturation, tone.saturation), np.float32)
    pivot = np.array((tone.pivot, 0, 0), np.float32)
    return np.asarray((lab - pivot) / gain + pivot - np.array(tone.offset, np.float32), np.float32)


def _within(gain: float | None) -> float:
    return 1.0 if gain is None else min(max(gain, _LEAST_GAIN), _MOST_GAIN)


def _grey(image: RGB) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def _lab(image: RGB) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab), np.float32)


def _mean_gradient(channel: NDArray[np.float32]) -> float:
    x, y = np.abs(np.diff(channel, axis=1)), np.abs(np.diff(channel, axis=0))
    return float(x.mean(dtype=np.float64) + y.mean(dtype=np.float64))
