"""All that is measured on one pair, in the order that keeps the measures apart."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np

from curate.images import RGB
from curate.pairs import colour, density, register, structure
from curate.pairs.ssim import ssim

VERSION = "pairs/1"
"""Names these measures; another number makes every pair be measured anew."""

LEAST_SIDE_PX = 64

Measures: TypeAlias = dict[str, float | None]

CLIP = "clip_similarity"


def measure(frame: RGB, twin: RGB) -> Measures:
    """The measures of a pair; None for one that could not be had.

    SSIM and detail are taken on the halves as they are. All else is taken after the twin has
    been registered, since drift would read as a change of colour and content.

    Args:
        frame: uint8, shape (height, width, 3), no side under 64 px.
        twin: same shape as `frame`.

    Raises:
        ValueError: the shapes differ, or a side is too short.
    """
    if min(frame.shape[:2]) < LEAST_SIDE_PX:
        raise ValueError(f"a side is under {LEAST_SIDE_PX} px: {frame.shape}")
    luma_a, luma_b = _luma(frame), _luma(twin)
    height, width = luma_a.shape
    measures: Measures = {
        "width_px": float(width),
        "height_px": float(height),
        "ssim": ssim(luma_a, luma_b),
    }
    frame, twin = _canvas(frame), _canvas(twin)
    luma_a, luma_b = _luma(frame), _luma(twin)
    measures |= {
        "detail_ratio": density.detail_ratio(luma_a, luma_b),
        "density_frame": density.density(frame),
        "density_twin": density.density(twin),
    }
    found = register.register(luma_a, luma_b)
    return measures | _of_registration(found) | _in_register(frame, luma_a, twin, found)


def _of_registration(found: register.Registration | None) -> Measures:
    return {
        "shift_px": found.displacement_px if found else None,
        "shift_x_px": found.shift_x_px if found else None,
        "shift_y_px": found.shift_y_px if found else None,
        "scale": found.scale if found else None,
        "rotation_deg": found.rotation_deg if found else None,
        "confidence": found.confidence if found else None,
    }


def _in_register(
    frame: RGB, luma: register.Luma, twin: RGB, found: register.Registration | None
) -> Measures:
    if found:
        twin, valid = register.warped(twin, found.affine)
    else:
        valid = np.ones(luma.shape, np.bool_)
    before, after = colour.low_pass(frame), colour.low_pass(twin)
    cells = colour.whole_cells(valid)
    shift = colour.shift(before, after, cells)
    tile = colour.worst_tile(before, after, cells)
    return {
        "gradient_ncc": structure.gradient_ncc(luma, _luma(twin), valid),
        "lightness_shift": shift.lightness if shift else None,
        "a_shift": shift.a if shift else None,
        "b_shift": shift.b if shift else None,
        "chroma_slope": shift.chroma_slope if shift else None,
        "contrast_ratio": shift.contrast_ratio if shift else None,
        "tile_residual": tile.residual if tile else None,
        "tile_x": tile.x if tile else None,
        "tile_y": tile.y if tile else None,
    }


def _canvas(image: RGB) -> RGB:
    """`image` with a long side of 1024 px; a smaller one as it is."""
    height, width = image.shape[:2]
    factor = register.LONG_SIDE_PX / max(height, width)
    if factor >= 1:
        return image
    size = (round(width * factor), round(height * factor))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _luma(image: RGB) -> register.Luma:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float32)
