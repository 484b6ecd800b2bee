"""Does pair-check tell good twins from bad ones, and what does it cost?

`python benchmarks/pairs.py [IMAGE ...]` makes pairs with a known fault in four parts that share
neither a base image nor a simplifier. The thresholds were set on the first three (simulated.py,
unseen.py); the fourth (fourth.py), whose failures are others too, was written after they were
frozen. IMAGES are added to its bases; `--part` runs one part. Then what a pair costs against
decoding it and against scikit-image and torchmetrics, and what judging 10,000 pairs again takes.
`--only costs` and `--only verdicts` do half of it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import cycle
from pathlib import Path

import crowd
import cv2
import fourth
import numpy as np
import simulated as sim
import unseen

from curate import engine, images
from curate.measures import semantic
from curate.measures.measure import Measures, measure
from curate.pairs import verdict

SEED = 20261122
GOOD_EACH = 3
CAUGHT, KEPT, COST = 0.95, 0.97, 2.2
FASTER, AGAIN_S, MANY = 5.0, 2.0, 10_000
RUNS = 15
LEAST_CHANGED = 0.1
WEAK = "hardly simplified"
APART = ("good", WEAK, sim.APART)
HELD = "held out"
SIMPLIFIERS = sim.SIMPLIFIERS | unseen.SIMPLIFIERS | fourth.SIMPLIFIERS

TOLD = """
import re, resource
from pathlib import Path
from curate.cli import main
try:
    main()
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
    print(used.ru_utime + used.ru_stime, int(peak[1]) / 1024)
"""
"""Runs curate and prints its processor seconds and its peak memory in MB; Linux."""


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
        names = fourth.NAMES if part == HELD else sim.NAMES
        found += [replace(one, base=base, simplifier=next(turn), fault=n) for n in names]
        if part != HELD and base not in (*sim.DARK, *unseen.DARK):
            dark = replace(one, base=base, concept="light")
            found += [dark] * GOOD_EACH
            found += [replace(dark, fault=fault) for fault in sim.NIGHT_FAULTS]
    return [replace(case, seed=int(dice.integers(1 << 30))) for case in found]


def halves(names: tuple[str, ...], dice: np.random.Generator) -> tuple[list[str], list[str]]:
    mixed = [str(name) for name in dice.permutation(names)]
    return mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]


def picture(name: str) -> sim.RGB:
    if name in fourth.BASES or name not in (*sim.BASES, *unseen.BASES):
        return fourth.base(name)
    return unseen.base(name) if name in unseen.BASES else sim.base(name)


def another(name: str) -> str:
    """A base of another scene."""
    if name in sim.BASES:
        return sim.another(name)
    names = [n for n in (unseen if name in unseen.BASES else fourth).BASES if n != name]
    return names[len(name) * 5 % len(names)]


def parts(extra: list[str]) -> dict[str, list[Case]]:
    """The parts; of the first two, drawn bases and photographs are dealt out alike."""
    dice = np.random.default_rng(SEED)
    train: list[str] = []
    held: list[str] = []
    for kind in (sim.DRAWN, sim.PHOTOGRAPHS + sim.FILM):
        one, other = halves(kind, dice)
        train, held = train + one, held + other
    simple, hard = halves(tuple(sim.SIMPLIFIERS), dice)
    return {
        "train": cases("train", train, simple),
        "looked at": cases("looked at", held, hard),
        "third": cases("third", list(unseen.BASES), list(unseen.SIMPLIFIERS)),
        HELD: cases(HELD, [*fourth.BASES, *extra], list(fourth.SIMPLIFIERS)),
    }


@lru_cache(64)
def simplified(base: str, simplifier: str) -> sim.RGB:
    return SIMPLIFIERS[simplifier](picture(base))


def made(case: Case) -> Measured:
    """The pair of a case, measured."""
    dice = np.random.default_rng(case.seed)
    frame = picture(case.base)
    is_dark = case.concept == "light"
    edited = sim.night(frame, dice) if is_dark else simplified(case.base, case.simplifier)
    changed = sim.changed(frame, edited)
    kind = fourth if case.part == HELD else sim
    twin = kind.harmless(edited, dice)
    if case.fault in kind.FAULTS:
        twin = kind.FAULTS[case.fault](frame, twin, dice)
    elif case.fault in kind.BOTH:
        frame, twin = kind.BOTH[case.fault](frame, twin, dice)
    elif case.fault:
        twin = simplified(another(case.base), case.simplifier)
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


def cost() -> tuple[float, float]:
    """Processor time at 1392 × 752: a pair over decoding it, and the peers' measures over ours."""
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
    ours, theirs = min(both) - min(decoding), peers(halves[0], halves[1])
    print(
        f"\na pair at 1392 × 752: {min(decoding) * 1e3:.0f} ms to decode, {min(both) * 1e3:.0f} ms "
        f"in all, {min(both) / min(decoding):.2f} times as long (processor time, best of {RUNS})\n"
        f"measured by curate {ours * 1e3:.0f} ms, by scikit-image and torchmetrics "
        f"{theirs * 1e3:.0f} ms: {theirs / ours:.1f} times as long"
    )
    return min(both) / min(decoding), theirs / ours


def peers(frame: sim.RGB, twin: sim.RGB) -> float:
    """Processor seconds, best of three, of SSIM, MS-SSIM, shift, warp, Lab and edges by peers.

    They find a shift to a tenth of a pixel, where curate finds an affine: less, not more.
    """
    import torch
    from skimage import color, filters, metrics, registration, transform
    from torchmetrics.functional.image import (
        multiscale_structural_similarity_index_measure as ms_ssim,
    )

    torch.set_num_threads(1)
    spent = []
    for _ in range(3):
        start = time.process_time()
        greys = [np.asarray(cv2.cvtColor(half, cv2.COLOR_RGB2GRAY)) for half in (frame, twin)]
        metrics.structural_similarity(
            *greys, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
        )
        a, b = (torch.from_numpy(grey).float()[None, None] for grey in greys)
        ms_ssim(a, b, data_range=255.0)
        down, right = registration.phase_cross_correlation(*greys, upsample_factor=10)[0]
        moved = transform.warp(twin, transform.AffineTransform(translation=(-right, -down)))
        labs = [
            transform.downscale_local_mean(color.rgb2lab(h), (16, 16, 1)) for h in (frame, moved)
        ]
        np.median(labs[1] - labs[0], axis=(0, 1))
        edges = [filters.sobel(grey / 255) for grey in (greys[0], color.rgb2gray(moved))]
        np.corrcoef(edges[0].ravel(), edges[1].ravel())
        spent.append(time.process_time() - start)
    return min(spent)


def again() -> float:
    """Processor seconds to judge MANY pairs again by another limit; prints the memory it takes."""
    figures = []
    for count in (MANY // 10, MANY):
        with tempfile.TemporaryDirectory() as folder:
            crowd.fill(Path(folder), count)
            command = [sys.executable, "-c", TOLD, "-w", folder, "pair-check", "--clip", "none"]
            for limit in ("1.9", "2.0"):
                ended = subprocess.run(
                    [*command, "--set", f"shift_px={limit}"], capture_output=True, text=True
                )
            figures.append([float(word) for word in ended.stdout.split()[-2:]])
    (few_s, few_mb), (many_s, many_mb) = figures
    print(
        f"\njudged again by --set: {MANY // 10} pairs {few_s:.2f} CPU-s and {few_mb:.0f} MB, "
        f"{MANY} pairs {many_s:.2f} CPU-s (bar {AGAIN_S:g}) and {many_mb:.0f} MB, so "
        f"{(many_mb - few_mb) / (MANY * 0.9) * 1024:.1f} kB a pair"
    )
    return many_s


def costs() -> bool:
    ratio, faster = cost()
    return ratio <= COST and faster >= FASTER and again() <= AGAIN_S


def verdicts(extra: list[str], only: str | None) -> bool:
    shares = {}
    for part, todo in parts(extra).items():
        if only not in (None, part):
            continue
        found = measured(todo)
        for concept in sorted({case.concept for case in todo}):
            shares[part, concept] = report(part, found, concept)
        alone(found)
    caught, kept = shares.get((HELD, "density"), (1.0, 1.0))
    return caught >= CAUGHT and kept >= KEPT


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("images", nargs="*", help="added to the held-out bases")
    options.add_argument("--only", choices=("costs", "verdicts"))
    options.add_argument("--part", choices=("train", "looked at", "third", HELD))
    chosen = options.parse_args()
    met = [costs()] if chosen.only != "verdicts" else []
    if chosen.only != "costs":
        met.append(verdicts(chosen.images, chosen.part))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
