"""All that is measured on one pair, in the order that keeps the measures apart."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from curate import heap
from curate.images import RGB
from curate.measures import (
    Measures,
    colour,
    density,
    flat,
    places,
    register,
    semantic,
    sharpness,
    ssim,
    structure,
)

LEAST_SIDE_PX = 64

_COLOUR_SIDE_PX = 512

Grey: TypeAlias = NDArray[np.uint8]
"""Gamma-coded luma: uint8, shape (height, width)."""


def measure(frame: RGB, twin: RGB) -> Measures:
    """The measures of a pair; None for one that could not be had.

    SSIM and MS-SSIM are taken on the halves as they are, detail on both at 1024 px. All else is
    taken after the twin has been registered, since drift would read as a change of colour and
    content, unless the picture does not say where it lies; it works at 512 to 1024 px, where
    warping costs no detail that it looks at.

    Args:
        frame: uint8, shape (height, width, 3), no side under 64 px.
        twin: same shape as `frame`.

    Raises:
        ValueError: the shapes differ, or a side is too short.
    """
    if min(frame.shape[:2]) < LEAST_SIDE_PX:
        raise ValueError(f"a side is under {LEAST_SIDE_PX} px: {frame.shape}")
    heap.keep()
    greys = _grey(frame), _grey(twin)
    height, width = greys[0].shape
    alike = ssim.similarity(*greys)
    a, b = (_within(grey, register.LONG_SIDE_PX) for grey in greys)
    lumas = register.fine(a.astype(np.float32)), register.fine(b.astype(np.float32))
    found = register.register(*lumas)
    registered = register.in_register(lumas[1], found.affine if found else None)
    measures: Measures = {
        "width_px": float(width),
        "height_px": float(height),
        semantic.CLIP: None,  # until there is an encoder
        "ssim": alike.single,
        "ms_ssim": alike.multi,
        "detail_ratio": density.detail_left(a, b),
        "density_frame": density.density(a),
        "density_twin": density.density(b),
        "sharpness": sharpness.sharpness(a, b),
        "ssim_registered": _ssim_registered(lumas[0], registered[0], found),
    }
    halves = _small(frame), _small(twin)
    moved = found.affine if found and found.gain >= register.LEAST_GAIN else None
    if moved is None:
        registered = register.in_register(lumas[1], None)
    measures |= _of_registration(found)
    return _rounded(measures | _of_edges(lumas[0], *registered) | _of_colours(*halves, moved))


def _rounded(measures: Measures) -> Measures:
    """To six significant digits: more means nothing, and ten thousand pairs are read faster."""
    return {key: None if one is None else float(f"{one:.6g}") for key, one in measures.items()}


def _of_registration(found: register.Registration | None) -> Measures:
    return {
        "shift_px": found.displacement_px if found else None,
        "shift_x_px": found.shift_x_px if found else None,
        "shift_y_px": found.shift_y_px if found else None,
        "scale": found.scale if found else None,
        "scale_x": float(np.hypot(*found.affine[:, 0])) if found else None,
        "scale_y": float(np.hypot(*found.affine[:, 1])) if found else None,
        "rotation_deg": found.rotation_deg if found else None,
        "confidence": found.confidence if found else None,
        "registration_gain": found.gain if found else None,
    }


def _of_edges(frame: register.Luma, twin: register.Luma, valid: NDArray[np.bool_]) -> Measures:
    edges = structure.agreement(frame, twin, valid)
    return {
        "gradient_ncc": edges.signed if edges else None,
        "edge_ncc": edges.unsigned if edges else None,
        "edges_held": edges.held if edges else None,
        "edges_anew": edges.anew if edges else None,
        "edges_moved": places.moved(frame, twin, valid),
    }


def _of_colours(frame: RGB, twin: RGB, affine: register.Affine | None) -> Measures:
    twin, valid = register.in_register(twin, affine)
    before, after = colour.low_pass(frame), colour.low_pass(twin)
    cells = colour.whole_cells(valid)
    greys = _grey(frame), _grey(twin)
    textures = colour.texture(greys[0]), colour.texture(greys[1])
    shift = colour.shift(before, after, colour.unedited(*textures, cells))
    tile = colour.worst_tile(before, after, cells)
    slopes = flat.slopes(frame, twin, valid)
    mode = colour.commonest(before, after, cells) or (None, None, None)
    return {
        "lightness_shift": shift.lightness if shift else None,
        "a_shift": shift.a if shift else None,
        "b_shift": shift.b if shift else None,
        "lightness_mode": mode[0],
        "a_mode": mode[1],
        "b_mode": mode[2],
        "chroma_slope": shift.chroma_slope if shift else None,
        "contrast_ratio": shift.contrast_ratio if shift else None,
        "chroma_flat": slopes.chroma if slopes else None,
        "contrast_flat": slopes.contrast if slopes else None,
        "texture_left": colour.texture_left(*textures, cells),
        "texture_least": colour.texture_least(*textures, cells),
        "tile_residual": tile.residual if tile else None,
        "tile_x": tile.x if tile else None,
        "tile_y": tile.y if tile else None,
    }


def _ssim_registered(
    frame: register.Luma, registered: register.Luma, found: register.Registration | None
) -> float | None:
    """SSIM after the warp of halves at 512 px, where the warp's own softness does not count."""
    if found is None:
        return None
    left, top, right, bottom = register.overlap(found.affine, frame.shape)
    if min(right - left, bottom - top) < ssim.WINDOW_PX:
        return None
    box = slice(top, bottom), slice(left, right)
    return ssim.ssim(frame[box], registered[box])


def _within(grey: Grey, long_side: int) -> Grey:
    """`grey` with a long side of at most `long_side` px; first by halves, then by interpolation."""
    grey = _halved(grey, 2 * long_side)
    height, width = grey.shape
    factor = long_side / max(height, width)
    if factor >= 1:
        return grey
    size = (round(width * factor), round(height * factor))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _small(image: RGB) -> RGB:
    """`image` halved until its long side is under 1024 px: only its broad colours are looked at."""
    return np.asarray(_halved(image, 2 * _COLOUR_SIDE_PX), np.uint8)


def _halved(image: NDArray[np.uint8], until: int) -> NDArray[np.uint8]:
    """Means of 2 × 2 px, again and again until the long side is under `until` px."""
    while max(image.shape[:2]) >= until:
        height, width = (side // 2 for side in image.shape[:2])
        even = image[: 2 * height, : 2 * width]
        image = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA))
    return image


def _grey(image: RGB) -> Grey:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
