"""One simulator of pairs for `benchmarks/pairs.py`: bases, simplifiers, failures, and the cases.

A twin is good when edges are kept where they were, tones are kept, fine texture is gone and
nothing is drawn anew, as Kontext does when it is asked to simplify. Each simplifier in GOOD was
looked at beside drawn scenes and photographs, before anything was measured (L0 afterwards), and
holds to that.
REDRAWN are those that plainly do not: black outlines (OpenCV's stylization), superpixels that bleed
over edges, shapes inpainted to others. Left out as neither: opening and closing (eats shapes and
their tones), a palette of twenty colours, painting over (smears things into their neighbours), the
guided filter (blurs outlines), regions in their mean colours (draws contours where there were
none), area opening by channel (other hues), rolling guidance (leaves a grid).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import cycle

import fourth
import numpy as np
import simulated as sim
import unseen

from curate.images import RGB
from curate.measures import Measures
from curate.measures.measure import measure
from curate.records import Concept

SEED = 20261127
DRAWN = (*sim.DRAWN, *unseen.SCENES, *fourth.SCENES)
TAKEN = (*sim.PHOTOGRAPHS, *sim.FILM, *unseen.PHOTOGRAPHS, *unseen.FILMS, *fourth.PHOTOGRAPHS)
DARK = (*sim.DARK, *unseen.DARK)
"""There is little day in them that could become night."""

FAULTS = sim.FAULTS | fourth.FAULTS
BOTH = sim.BOTH | fourth.BOTH
OTHER = "other scene"
APART = sim.APART
GOOD_EACH = 2
WEAK = "nothing to simplify"
LEAST_CHANGED = 0.1
NO_FAULT = "a fault without effect"
LEAST_EFFECT = 1.0
"""In CIELAB: under it a fault cannot be seen, as a grey picture that was greyed."""


def _smoothed_l0(image: RGB) -> RGB:
    """The picture nearest to this one of those with few gradients (Xu, Lu, Xu, Jia 2011)."""
    from scipy import fft

    values = image.astype(np.float32) / 255
    height, width = values.shape[:2]
    waves = [2 - 2 * np.cos(2 * np.pi * fft.fftfreq(side)) for side in (height, width)]
    wave = (waves[0][:, None] + waves[1][None, : width // 2 + 1]).astype(np.float32)
    start = [fft.rfft2(values[..., c]) for c in range(3)]
    weight, beta = 0.012, 0.024
    while beta < 1e4:
        x, y = np.roll(values, -1, 1) - values, np.roll(values, -1, 0) - values
        flat = (x * x + y * y).sum(axis=2) < weight / beta
        x[flat], y[flat] = 0, 0
        back = np.roll(x, 1, 1) - x + np.roll(y, 1, 0) - y
        values = np.stack(
            [fft.irfft2((start[c] + beta * fft.rfft2(back[..., c])) / (1 + beta * wave),
                        s=(height, width)) for c in range(3)], 2)  # fmt: skip
        beta *= 3
    return np.asarray((values * 255 + 0.5).clip(0, 255), np.uint8)


_OLD = sim.SIMPLIFIERS | unseen.SIMPLIFIERS
GOOD = {
    name: _OLD[name]
    for name in ("embedded", "mean shift", "bilateral", "median", "edge-preserving", "Kuwahara",
                 "total variation", "diffusion")
} | {"L0": _smoothed_l0}  # fmt: skip
REDRAWN = {f"redrawn: {name}": fourth.SIMPLIFIERS[name]
           for name in ("stylised", "superpixels", "inpainting")}  # fmt: skip
NAMES = (*FAULTS, *BOTH, *REDRAWN, OTHER)


@dataclass(frozen=True, slots=True)
class Case:
    """A pair to make and measure; `fault` is empty for a good one."""

    base: str
    simplifier: str
    fault: str
    concept: Concept
    seed: int


@dataclass(frozen=True, slots=True)
class Measured:
    """A pair's measures, and both halves for an encoder.

    `changed` is the share of the picture that the simplifier changed, `effect` how far in CIELAB
    the fault moved the twin.
    """

    case: Case
    measures: Measures
    small: tuple[RGB, RGB]
    changed: float
    effect: float = np.inf

    @property
    def label(self) -> str:
        """What it is: a "good" one whose simplifier left nearly all as it was is none."""
        weak = self.case.concept == "density" and self.changed < LEAST_CHANGED
        fault = self.case.fault if self.effect >= LEAST_EFFECT else NO_FAULT
        return fault if self.case.fault else WEAK if weak else "good"

    @property
    def is_bad(self) -> bool:
        return self.label not in ("good", WEAK, APART, NO_FAULT)


def cases() -> list[Case]:
    """Every base with every simplifier good, and with every second failure, in turns."""
    dice, turn = np.random.default_rng(SEED), cycle(GOOD)
    found = []
    for place, base in enumerate((*DRAWN, *TAKEN)):
        one = Case(base, "", "", "density", 0)
        found += [replace(one, simplifier=s) for s in GOOD for _ in range(GOOD_EACH)]
        found += [replace(one, simplifier=next(turn), fault=n) for n in NAMES[place % 2 :: 2]]
        next(turn)
        if base not in DARK:
            dark = replace(one, concept="light")
            found += [dark] + [replace(dark, fault=f) for f in sim.NIGHT_FAULTS[place % 2 :: 2]]
    return [replace(case, seed=int(dice.integers(1 << 30))) for case in found]


@lru_cache(8)
def picture(name: str) -> RGB:
    """A base image by name, shape (576, 1024, 3)."""
    for kind in (unseen, fourth):
        if name in kind.BASES:
            return kind.base(name)
    return sim.base(name)


def another(name: str) -> str:
    """A base of another scene."""
    names = [one for one in (*DRAWN, *TAKEN) if one != name]
    return names[len(name) * 5 % len(names)]


@lru_cache(16)
def simplified(base: str, simplifier: str) -> RGB:
    return (GOOD | REDRAWN)[simplifier](picture(base))


def made(case: Case) -> Measured:
    """The pair of a case, measured."""
    dice = np.random.default_rng(case.seed)
    frame = picture(case.base)
    how = case.fault if case.fault in REDRAWN else case.simplifier
    edited = sim.night(frame, dice) if case.concept == "light" else simplified(case.base, how)
    changed = sim.changed(frame, edited)
    sound = twin = (sim if case.seed % 2 else fourth).harmless(edited, dice)
    if case.fault in FAULTS:
        twin = FAULTS[case.fault](frame, sound, dice)
    elif case.fault in BOTH:
        frame, twin = BOTH[case.fault](frame, twin, dice)
    elif case.fault == OTHER:
        twin = simplified(another(case.base), case.simplifier)
    small = (sim.squashed(frame), sim.squashed(twin))
    effect = sim.effect(sound, twin) if case.fault in FAULTS else np.inf
    return Measured(case, measure(frame, twin), small, changed, effect)
