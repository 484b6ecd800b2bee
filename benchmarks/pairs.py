"""Does pair-check tell good twins from bad ones, and what does it cost?

`python benchmarks/pairs.py [IMAGE ...]` makes pairs with a known fault (see simulated.py), in two
parts that share neither a base image nor a simplifier. The thresholds were set on the first part
alone; the second is held out. IMAGES are added to the held-out bases.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import cycle

import cv2
import numpy as np
import simulated as sim

from curate import engine, images
from curate.measures import semantic
from curate.measures.measure import Measures, measure
from curate.pairs import verdict

SEED = 20261122
GOOD_EACH = 3
CAUGHT, KEPT, COST = 0.95, 0.97, 2.2
RUNS = 15
LEAST_CHANGED = 0.1
WEAK = "hardly simplified"
APART = ("good", WEAK, sim.APART)


@dataclass(frozen=True, slots=True)
class Case:
    """A pair to make and measure; `fault` is empty for a good one."""

    part: str
    base: str
    simplifier: str
    fault: str
    concept: str
    seed: int

    @property
    def name(self) -> str:
        return f"{self.base}, {self.simplifier}, {self.fault or 'good'}, {self.concept}"


@dataclass(frozen=True, slots=True)
class Measured:
    """A pair's measures, both halves for an encoder, and the share that the simplifier changed."""

    case: Case
    measures: Measures
    small: tuple[sim.RGB, sim.RGB]
    changed: float

    @property
    def label(self) -> str:
        """What it is: a "good" one whose simplifier left nearly all as it was is none."""
        weak = self.case.concept == "density" and self.changed < LEAST_CHANGED
        return self.case.fault or (WEAK if weak else "good")


def cases(part: str, bases: list[str], simplifiers: list[str]) -> list[Case]:
    """Every base with every simplifier good, and with every failure once."""
    found, dice, turn = [], np.random.default_rng(SEED), cycle(simplifiers)
    one = Case(part, "", "", "", "density", 0)
    for base in bases:
        for simplifier in simplifiers:
            found += [replace(one, base=base, simplifier=simplifier) for _ in range(GOOD_EACH)]
        found += [replace(one, base=base, simplifier=next(turn), fault=n) for n in sim.NAMES]
        if base not in sim.DARK:
            dark = replace(one, base=base, concept="light")
            found += [dark] * GOOD_EACH
            found += [replace(dark, fault=fault) for fault in sim.NIGHT_FAULTS]
    return [replace(case, seed=int(dice.integers(1 << 30))) for case in found]


def halves(names: tuple[str, ...], dice: np.random.Generator) -> tuple[list[str], list[str]]:
    mixed = [str(name) for name in dice.permutation(names)]
    return mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]


def parts(extra: list[str]) -> dict[str, list[Case]]:
    """The two parts; drawn bases and photographs are dealt out alike."""
    dice = np.random.default_rng(SEED)
    train: list[str] = []
    held: list[str] = []
    for kind in (sim.DRAWN, sim.PHOTOGRAPHS + sim.FILM):
        one, other = halves(kind, dice)
        train, held = train + one, held + other
    simple, hard = halves(tuple(sim.SIMPLIFIERS), dice)
    return {
        "train": cases("train", train, simple),
        "held out": cases("held out", held + extra, hard),
    }


def made(case: Case) -> Measured:
    """The pair of a case, measured."""
    dice = np.random.default_rng(case.seed)
    frame = sim.base(case.base)
    edit = (lambda image: sim.night(image, dice)) if case.concept == "light" else (
        sim.SIMPLIFIERS[case.simplifier]
    )  # fmt: skip
    edited = edit(frame)
    changed = sim.changed(frame, edited)
    twin = sim.harmless(edited, dice)
    if case.fault in sim.FAULTS:
        twin = sim.FAULTS[case.fault](frame, twin, dice)
    elif case.fault in sim.BOTH:
        frame, twin = sim.BOTH[case.fault](frame, twin, dice)
    elif case.fault:
        twin = edit(sim.base(sim.another(case.base)))
    small = (sim.squashed(frame), sim.squashed(twin))
    return Measured(case, measure(frame, twin), small, changed)


def measured(todo: list[Case]) -> list[Measured]:
    found = []
    for outcome in engine.map(made, todo):
        if outcome.result is None:
            raise SystemExit(str(outcome.failure))
        found.append(outcome.result)
    return found


def report(title: str, found: list[Measured], concept: str) -> tuple[float, float]:
    """Print how many of each failure are caught; returns the shares caught and kept."""
    table: dict[str, list[str]] = defaultdict(list)
    reasons: dict[str, list[str]] = defaultdict(list)
    for one in found:
        if one.case.concept == concept:
            judgement = verdict.judge(one.measures, concept)  # type: ignore[arg-type]
            table[one.label].append(judgement.ruling)
            reasons[one.label] += [reason.badge for reason in judgement.reasons]
    print(f"\n{title}, {concept}: pairs, keep, look, reject")
    for fault, rulings in table.items():
        counts = [rulings.count(ruling) for ruling in ("keep", "look", "reject")]
        badges = sorted(set(reasons[fault]), key=reasons[fault].count, reverse=True)
        said = ", ".join(f"{badge} {reasons[fault].count(badge)}" for badge in badges[:4])
        print(f"  {fault:20}{len(rulings):5}{counts[0]:6}{counts[1]:6}{counts[2]:6}  {said}")
    bad = [r for fault, rulings in table.items() if fault not in APART for r in rulings]
    caught = sum(ruling != "keep" for ruling in bad) / len(bad)
    kept = table["good"].count("keep") / len(table["good"])
    print(f"  caught {caught:.1%} of {len(bad)} bad, kept {kept:.1%} of {len(table['good'])} good")
    return caught, kept


def alone(found: list[Measured]) -> None:
    """What SSIM and a cosine of embeddings would do by themselves, with the limits people use."""
    encoder = semantic.found()
    pairs = [one for one in found if one.case.concept == "density"]
    if encoder is None:
        print("  SSIM with a cosine: not measured, there is no encoder here")
        return
    cosines: list[float] = []
    for start in range(0, len(pairs), semantic.BATCH):
        some = [one.small for one in pairs[start : start + semantic.BATCH]]
        cosines += [one[encoder.measure] or 0.0 for one in semantic.similarities(encoder, some)]
    ssims = [one.measures["ssim"] or 0.0 for one in pairs]
    flags = [ssim < 0.7 or cosine < 0.7 for ssim, cosine in zip(ssims, cosines, strict=True)]
    bad = [flag for flag, one in zip(flags, pairs, strict=True) if one.label not in APART]
    good = [not flag for flag, one in zip(flags, pairs, strict=True) if one.label == "good"]
    print(
        f"  SSIM >= .7 with a cosine >= .7 ({encoder.name}) alone: caught {np.mean(bad):.1%}, "
        f"kept {np.mean(good):.1%}"
    )


def cost() -> float:
    """Processor time for decoding and measuring a pair, over that for decoding, at 1392 × 752."""
    frame = images.resize(sim.base("kitchen"), 1392, 752)
    grain = np.random.default_rng(SEED).normal(0, 2, frame.shape)
    noisy = (frame + grain).clip(0, 255).astype(np.uint8)
    files = [images.encode_png(half) for half in (noisy, sim.simplified(frame))]
    cv2.setNumThreads(1)
    decoding, both = [], []
    for _ in range(RUNS):
        start = time.process_time()
        halves = [images.decode(file) for file in files]
        middle = time.process_time()
        measure(halves[0], halves[1])
        decoding.append(middle - start)
        both.append(time.process_time() - start)
    print(
        f"\na pair at 1392 × 752: {min(decoding) * 1e3:.0f} ms to decode, {min(both) * 1e3:.0f} ms "
        f"in all, {min(both) / min(decoding):.2f} times as long (processor time, best of {RUNS})"
    )
    return min(both) / min(decoding)


def main() -> int:
    ratio, shares = cost(), {}
    for part, todo in parts(sys.argv[1:]).items():
        found = measured(todo)
        for concept in ("density", "light"):
            shares[part, concept] = report(part, found, concept)
        alone(found)
    caught, kept = shares["held out", "density"]
    return 0 if caught >= CAUGHT and kept >= KEPT and ratio <= COST else 1


if __name__ == "__main__":
    sys.exit(main())
