"""How a measure is called and written for people."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_HYPHEN = re.compile(r"(?<![\w-])-(?=[\d.])")


@dataclass(frozen=True, slots=True)
class Number:
    """A measure's key, its name in a word or two, and how its value is written."""

    key: str
    label: str
    digits: int
    unit: str = ""
    is_signed: bool = False


NUMBERS = (
    Number("shift_px", "shift", 2, " px"),
    Number("shift_x_px", "shift x", 2, " px", is_signed=True),
    Number("shift_y_px", "shift y", 2, " px", is_signed=True),
    Number("scale", "scale", 4),
    Number("scale_x", "scale x", 4),
    Number("scale_y", "scale y", 4),
    Number("rotation_deg", "rotation", 2, "°", is_signed=True),
    Number("confidence", "confidence", 2),
    Number("registration_gain", "gain in register", 2, "×"),
    Number("ssim", "SSIM", 3),
    Number("ssim_registered", "SSIM in register", 3),
    Number("ms_ssim", "MS-SSIM", 3),
    Number("gradient_ncc", "edges", 2),
    Number("edge_ncc", "edges, unsigned", 2),
    Number("edges_held", "edges held", 2),
    Number("edges_moved", "edges elsewhere", 2),
    Number("edges_anew", "edges drawn anew", 1),
    Number("lightness_shift", "ΔL", 1, is_signed=True),
    Number("a_shift", "Δa", 1, is_signed=True),
    Number("b_shift", "Δb", 1, is_signed=True),
    Number("lightness_mode", "ΔL of most", 1, is_signed=True),
    Number("a_mode", "Δa of most", 1, is_signed=True),
    Number("b_mode", "Δb of most", 1, is_signed=True),
    Number("chroma_slope", "saturation", 2, "×"),
    Number("contrast_ratio", "contrast", 2, "×"),
    Number("chroma_flat", "saturation of flat ground", 2, "×"),
    Number("contrast_flat", "contrast of flat ground", 2, "×"),
    Number("tile_residual", "worst tile", 0, " Lab"),
    Number("detail_ratio", "detail left", 2),
    Number("texture_left", "texture left", 2),
    Number("texture_least", "least texture left", 2),
    Number("sharpness", "sharpness", 3, "×"),
    Number("density_frame", "frame density", 2, " bits/px"),
    Number("density_twin", "twin density", 2, " bits/px"),
    Number("clip_similarity", "CLIP", 2),
    Number("clip_direction", "CLIP direction", 2, is_signed=True),
)

_PLACES = frozenset({"width_px", "height_px", "tile_x", "tile_y"})
"""Sizes and places: shown as such, not as numbers to compare."""


def of(measures: Iterable[str]) -> list[Number]:
    """The legend of these measures, in reading order; one that is not known here comes last."""
    there = dict.fromkeys(measures)
    known = [number for number in NUMBERS if number.key in there]
    new = there.keys() - {number.key for number in NUMBERS} - _PLACES
    return known + [Number(key, key.replace("_", " "), 3) for key in sorted(new)]


def plain(numbers: Iterable[Number]) -> list[dict[str, object]]:
    """The legend as a page's script reads it."""
    return [
        {
            "key": number.key,
            "label": number.label,
            "digits": number.digits,
            "unit": number.unit,
            "signed": number.is_signed,
        }
        for number in numbers
    ]


def minus(text: str) -> str:
    """`text` with a minus sign before its negative numbers, as a page writes them."""
    return _HYPHEN.sub("−", text) if "-" in text else text
