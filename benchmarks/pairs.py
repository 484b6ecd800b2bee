"""Does pair-check tell good twins from bad ones, and what does it cost?

`python benchmarks/pairs.py` makes pairs with a known fault (simulator.py), sets limits on three
quarters of the bases and of the simplifiers and judges the pairs of the rest, until each pair was
held out once (folds.py); beside it what the shipped limits do. Then what a pair costs against
decoding it and against scikit-image and torchmetrics, and what judging 10,000 pairs again takes.
`--only costs` and `--only verdicts` do half of it; `--only unseen [IMAGES]` judges the pairs of
fifth.py by the shipped limits.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import crowd
import cv2
import fifth
import folds
import numpy as np
import simulated as sim
import simulator
from simulator import Case, Measured

from curate import engine, images
from curate.measures import semantic
from curate.measures.measure import measure
from curate.pairs import verdict
from curate.pairs.verdict import Judgement

SEED = 20261122
SPLITS = (0, 1, 2)
CAUGHT, KEPT, COST = 0.95, 0.97, 2.2
FASTER, AGAIN_S, MANY = 5.0, 2.0, 10_000
RUNS = 15

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


def measured(todo: list[Case], made: Callable[[Case], Measured]) -> list[Measured]:
    found = []
    for outcome in engine.map(made, todo):
        if outcome.result is None:
            raise SystemExit(str(outcome.failure))
        found.append(outcome.result)
    return found


def report(title: str, found: list[Measured], said: list[Judgement]) -> tuple[float, float]:
    """Print how many of each failure are caught; returns the shares caught and kept."""
    table: dict[str, list[Judgement]] = defaultdict(list)
    for one, judgement in zip(found, said, strict=True):
        table[one.label].append(judgement)
    print(f"\n{title}: pairs, keep, look, reject")
    for fault, some in table.items():
        counts = Counter(one.ruling for one in some)
        badges = Counter(reason.badge for one in some for reason in one.reasons).most_common(4)
        words = ", ".join(f"{badge} {count}" for badge, count in badges)
        print(f"  {fault:22}{len(some):5}{counts['keep']:6}{counts['look']:6}{counts['reject']:6}"
              f"  {words}")  # fmt: skip
    pairs = list(zip(found, said, strict=True))
    bad = [judgement.ruling != "keep" for one, judgement in pairs if one.is_bad]
    good = [judgement.ruling == "keep" for one, judgement in pairs if one.label == "good"]
    caught, kept = sum(bad) / len(bad), sum(good) / len(good)
    print(f"  caught {caught:.1%} of {len(bad)} bad, kept {kept:.1%} of {len(good)} good")
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
    bad = [flag for flag, one in zip(flags, pairs, strict=True) if one.is_bad]
    good = [not flag for flag, one in zip(flags, pairs, strict=True) if one.label == "good"]
    print(
        f"  SSIM >= .7 with a cosine >= .7 ({encoder.name}) alone: caught {np.mean(bad):.1%}, "
        f"kept {np.mean(good):.1%}"
    )


def cost() -> tuple[float, float]:
    """Processor time at 1392 × 752: a pair over decoding it, and the peers' measures over ours.

    The bar was set on what OpenCV takes to decode the two files; the reader that decodes them here
    has become faster since, so its own ratio is printed too.
    """
    frame = images.resize(sim.base("kitchen"), 1392, 752)
    grain = np.random.default_rng(SEED).normal(0, 2, frame.shape)
    noisy = (frame + grain).clip(0, 255).astype(np.uint8)
    files = [images.encode_png(half) for half in (noisy, sim.simplified(frame))]
    cv2.setNumThreads(1)
    decoding, both, opencv = [], [], []
    for _ in range(RUNS):
        start = time.process_time()
        halves = [images.decode(file) for file in files]
        middle = time.process_time()
        measure(halves[0], halves[1])
        decoding.append(middle - start)
        both.append(time.process_time() - start)
        start = time.process_time()
        for file in files:
            cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR)
        opencv.append(time.process_time() - start)
    ours, theirs = min(both) - min(decoding), peers(halves[0], halves[1])
    ratio = min(both) / min(opencv)
    print(
        f"\na pair at 1392 × 752, decoded and measured: {min(both) * 1e3:.0f} ms (processor time, "
        f"best of {RUNS})\nOpenCV decodes the two in {min(opencv) * 1e3:.0f} ms: {ratio:.2f} times "
        f"as long (bar {COST:g}); our reader in {min(decoding) * 1e3:.0f} ms: "
        f"{min(both) / min(decoding):.2f} times as long\n"
        f"measured by curate {ours * 1e3:.0f} ms, by scikit-image and torchmetrics "
        f"{theirs * 1e3:.0f} ms: {theirs / ours:.1f} times as long (bar {FASTER:g})"
    )
    return ratio, theirs / ours


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
            # its modules compiled once, as an installed program has them
            compiled = {"PYTHONPYCACHEPREFIX": f"{folder}/compiled", "PYTHONDONTWRITEBYTECODE": ""}
            for limit in ("1.9", "2.0"):
                ended = subprocess.run(
                    [*command, "--set", f"shift_px={limit}"],
                    capture_output=True,
                    text=True,
                    env=os.environ | compiled,
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
    (ratio, faster), again_s = cost(), again()
    return ratio <= COST and faster >= FASTER and again_s <= AGAIN_S


def verdicts() -> bool:
    found = measured(simulator.cases(), simulator.made)
    density = [one for one in found if one.case.concept == "density"]
    light = [one for one in found if one.case.concept == "light"]
    shares = [
        report(f"held out, split {seed}", density, folds.judged(density, seed)) for seed in SPLITS
    ]
    for title, some in (("density", density), ("light", light)):
        said = [verdict.judge(one.measures, one.case.concept) for one in some]
        report(f"the shipped limits, {title}, not held out", some, said)
    alone(found)
    caught, kept = np.mean(shares, axis=0)
    print(f"\nheld out, mean of the splits: caught {caught:.1%}, kept {kept:.1%}")
    return bool(caught >= CAUGHT and kept >= KEPT)


def unseen(images: list[str]) -> bool:
    found = measured(fifth.cases(images), fifth.made)
    said = [verdict.judge(one.measures, one.case.concept) for one in found]
    caught, kept = report("unseen, the shipped limits", found, said)
    alone(found)
    return caught >= CAUGHT and kept >= KEPT


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", choices=("costs", "verdicts", "unseen"))
    options.add_argument("images", nargs="*", help="base images of your own for the unseen pairs")
    asked = options.parse_args()
    parts = {"costs": costs, "verdicts": verdicts, "unseen": lambda: unseen(asked.images)}
    met = [parts[part]() for part in ([asked.only] if asked.only else parts)]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
