"""Measures and thresholds in, keep, look or reject out, with every reason in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from curate.errors import BadSetting, nearest
from curate.pairs.values import Measures as Measures
from curate.pairs.values import Value, larger, length, lesser, size, the
from curate.records import NOTHING_TO_EDIT, Concept, Ruling

Thresholds: TypeAlias = Mapping[str, float]

_DENSITY: frozenset[Concept] = frozenset({"density"})
_LIGHT: frozenset[Concept] = frozenset({"light"})
_NOT_LIGHT: frozenset[Concept] = frozenset({"density", "none"})
_NOT_DENSITY: frozenset[Concept] = frozenset({"light", "none"})
_ALL: frozenset[Concept] = frozenset({"density", "light", "none"})

SHIFT_GAIN = "shift_gain"
"""The least that registering must gain for a displacement to be believed."""

_OFF = -1.0
"""A limit that no cosine passes: it has no say until it is set."""

PLAIN = "plain_frame"
"""The density in bits per pixel under which a frame has nothing to simplify."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound on one measure, and what follows where it is passed.

    `key` is what --set names, `badge` a word or two for it, `words` says the value and the limit.
    `missing` says why a pair without the measure is rejected; None: it is told as not measured.
    `given` names a measure and a threshold that it must reach for the limit to count; `stand_in`
    another measure that says as much where this one is missing.
    """

    key: str
    default: float
    side: Literal["over", "under"]
    value: Value
    ruling: Ruling
    concepts: frozenset[Concept]
    badge: str
    words: str
    missing: str | None = None
    name: str = ""
    given: tuple[str, str] | None = None
    stand_in: str = ""

    def counts(self, measures: Measures, limits: Thresholds) -> bool:
        if self.given is None:
            return True
        value = measures.get(self.given[0])
        return value is None or value >= limits[self.given[1]]

    def is_off(self, limits: Thresholds) -> bool:
        return self.default == _OFF and limits[self.key] <= _OFF

    def passed(self, value: float, threshold: float) -> bool:
        return value > threshold if self.side == "over" else value < threshold


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a pair is not kept."""

    badge: str
    text: str
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rule says of a pair; `not_measured` names what had no say in it."""

    ruling: Ruling
    reasons: tuple[Reason, ...]
    not_measured: tuple[str, ...]


_TINT = lesser(length("a_shift", "b_shift"), length("a_mode", "b_mode"))
_BRIGHTNESS = lesser(size("lightness_shift"), size("lightness_mode"))


# Set on simulated pairs at 1024 px; what they catch and keep of others: benchmarks/README.md,
# pairs. No real Kontext output was among them.
LIMITS = (
    Limit(
        "shift_px", 1.4, "over", the("shift_px"), "reject", _ALL, "out of register",
        "out of register by {value:.1f} px (limit {limit:g})",
        "cannot be brought into register: no common structure was found",
        given=("registration_gain", SHIFT_GAIN),
    ),
    Limit(
        "gradient_ncc", 0.25, "under", the("gradient_ncc"), "reject", _NOT_LIGHT, "edges differ",
        "edges do not match: gradient correlation {value:.2f} (at least {limit:g})",
        "one half has no edges at all",
    ),
    Limit(
        "edges_held", 0.45, "under", the("edges_held"), "reject", _NOT_LIGHT, "edges differ",
        "the twin's edges are not the frame's: correlation {value:.2f} (at least {limit:g})",
        "one half has no edges at all",
    ),
    Limit(
        "edges_moved", 0.3, "over", the("edges_moved"), "reject", _NOT_LIGHT, "redrawn",
        "redrawn: {value:.0%} of the places with edges lie elsewhere (limit {limit:.0%})",
        name="places (no tile has edges)",
    ),
    Limit(
        "edges_anew", 3.0, "over", the("edges_anew"), "look", _NOT_LIGHT, "drawn anew",
        "drawn anew: one place has edges of {value:.1f} levels/px more (limit {limit:g})",
    ),
    Limit(
        "edge_ncc", 0.61, "under", the("edge_ncc"), "reject", _LIGHT, "edges differ",
        "edges do not match: edge correlation {value:.2f} (at least {limit:g})",
        "one half has no edges at all",
    ),
    Limit(
        "tint", 2.6, "over", _TINT, "reject", _DENSITY, "tint",
        "tinted as a whole by {value:.1f} in a,b (limit {limit:g})", name="tint",
    ),
    Limit(
        "brightness", 2.45, "over", _BRIGHTNESS, "reject", _DENSITY, "brightness",
        "brighter or darker as a whole by {value:.1f} L (limit {limit:g})", name="brightness",
    ),
    Limit(
        "chroma_min", 0.76, "under", larger("chroma_slope", "chroma_flat"), "reject",
        _DENSITY, "greyed",
        "colours greyed to {value:.2f} of the frame's (at least {limit:g})",
        name="saturation (too little colour in the frame)",
    ),
    Limit(
        "chroma_max", 1.11, "over", larger("chroma_slope", "chroma_flat"), "reject", _DENSITY,
        "oversaturated",
        "colours {value:.2f} times as strong as the frame's (at most {limit:g})",
        name="saturation (too little colour in the frame)",
    ),
    Limit(
        "contrast_min", 0.83, "under", larger("contrast_ratio", "contrast_flat"), "reject",
        _DENSITY, "flatter",
        "contrast {value:.2f} of the frame's (at least {limit:g})",
        name="contrast (the frame has too little)",
    ),
    Limit(
        "contrast_max", 1.07, "over", the("contrast_ratio"), "reject", _DENSITY, "harsher",
        "contrast {value:.2f} times the frame's (at most {limit:g})",
        name="contrast (the frame has too little)",
    ),
    Limit(
        "tile", 36.0, "over", the("tile_residual"), "look", _NOT_LIGHT, "content",
        "one place changed a lot, by {value:.0f} Lab (limit {limit:g}): a prop, or a character?",
        name="content (the halves do not overlap)",
    ),
    Limit(
        "detail_reversed", 1.05, "over", the("texture_left"), "reject", _DENSITY, "denser",
        "the twin has {value:.2f} times the frame's texture (limit {limit:g}): reversed halves?",
        "the frame is flat",
    ),
    Limit(
        "detail_max", 0.88, "over", the("texture_least"), "reject", _DENSITY, "no edit",
        "hardly simplified: {value:.2f} of the texture is left where most went (limit {limit:g})",
        "the frame is flat",
    ),
    Limit(
        "detail_min", 0.02, "under", the("detail_ratio"), "look", _DENSITY, "over-simplified",
        "only {value:.2f} of the frame's detail is left (at least {limit:g})",
        "the frame is flat",
    ),
    Limit(
        "unchanged_ssim", 0.98, "over", the("ssim"), "reject", _NOT_DENSITY, "no edit",
        "the twin is the frame: SSIM {value:.3f} (limit {limit:g})", name="SSIM",
    ),
    Limit(
        "ssim_min", 0.0, "under", the("ssim"), "reject", _ALL, "SSIM",
        "SSIM {value:.2f} (at least {limit:g})", name="SSIM",
    ),
    Limit(
        "clip_min", 0.5, "under", the("clip_similarity"), "reject", _ALL, "other content",
        "CLIP image similarity {value:.2f} (at least {limit:g})", name="CLIP image similarity",
        stand_in="lite_similarity",
    ),
    Limit(
        "direction_min", _OFF, "under", the("clip_direction"), "reject", _ALL, "other change",
        "CLIP directional similarity {value:.2f} (at least {limit:g})",
        "CLIP directional similarity is asked for and was not measured: give --clip and --captions",
    ),
    Limit(
        "lite_min", 0.55, "under", the("lite_similarity"), "reject", _NOT_LIGHT, "other content",
        "EfficientNet-Lite0 image similarity {value:.2f} (at least {limit:g})",
    ),
)  # fmt: skip

DEFAULTS: Thresholds = {limit.key: limit.default for limit in LIMITS} | {
    PLAIN: 0.55,
    SHIFT_GAIN: 1.3,
}
"""Every threshold there is."""

_OF: Mapping[Concept, tuple[Limit, ...]] = {
    concept: tuple(limit for limit in LIMITS if concept in limit.concepts)
    for concept in get_args(Concept)
}

_OUTRANKED = {"detail_reversed": "detail_max"}


def thresholds(settings: Iterable[str]) -> Thresholds:
    """The defaults with KEY=VALUE settings over them.

    Raises:
        BadSetting: no such key, or a value that is no number.
    """
    chosen = dict(DEFAULTS)
    for setting in settings:
        key, equals, text = setting.partition("=")
        if key not in DEFAULTS:
            raise BadSetting(f"There is no threshold {key!r}.", remedy=nearest(key, DEFAULTS))
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not equals or not math.isfinite(value):
            raise BadSetting(
                f"--set {setting} gives no number.", remedy=f"Write --set {key}={DEFAULTS[key]:g}."
            )
        chosen[key] = value
    return chosen


def judge(measures: Measures, concept: Concept, limits: Thresholds = DEFAULTS) -> Judgement:
    """What the rule says of a pair with these measures.

    A pair that passes a "reject" limit is rejected, one that passes only "look" limits is for a
    person. For `light` colour, brightness and content may change everywhere, so only geometry and
    edges count, whichever side of them is the brighter; for `none` nothing is known of the
    concept, so geometry and content count.
    """
    found: dict[str, Reason] = {}
    missing: dict[str, None] = {}
    for limit in _OF[concept]:
        value = limit.value.single(measures)
        if value is not None:
            is_passed = limit.passed(value, limits[limit.key])
            if is_passed and not limit.is_off(limits) and limit.counts(measures, limits):
                found[limit.key] = _reason(limit, value, measures, limits)
        elif not limit.is_off(limits):
            if limit.missing is None:
                if limit.name and measures.get(limit.stand_in) is None:
                    missing[limit.name] = None
            else:
                found.setdefault(limit.missing, Reason(limit.badge, limit.missing, "reject"))
    if not found:
        return Judgement("keep", (), tuple(missing))
    for stronger, weaker in _OUTRANKED.items():
        if stronger in found:
            found.pop(weaker, None)
    rulings = {reason.ruling for reason in found.values()}
    ruling: Ruling = "reject" if "reject" in rulings else "look" if rulings else "keep"
    return Judgement(ruling, tuple(found.values()), tuple(missing))


def _reason(limit: Limit, value: float, measures: Measures, limits: Thresholds) -> Reason:
    plain, density = limits[PLAIN], measures.get("density_frame")
    if limit.key == "detail_max" and density is not None and density < plain:
        return Reason(
            NOTHING_TO_EDIT,
            f"{NOTHING_TO_EDIT}: the frame holds {density:.2f} bits/px (plain below {plain:g}), "
            f"{value:.2f} of its texture is left where most went",
            limit.ruling,
        )
    return Reason(
        limit.badge, limit.words.format(value=value, limit=limits[limit.key]), limit.ruling
    )
