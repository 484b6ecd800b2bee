"""`curate merge` against the I/O floor, the dense SVD and a randomised SVD.

A synthetic Wan-14B pair: rank 16, float32, 320 attention modules (and once all 400), whose halves
differ by 4 %; rank 4 out. Everything is timed as a whole process with the files in the page cache,
merges and floors in turn so that both meet the same load. Exit code 1 if a bar is missed.

    python benchmarks/merge.py [--runs 7] [--dense-modules 2]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

BLOCKS, WIDTH, FEED, RANK, RANK_OUT = 40, 5120, 13824, 16, 4
APART = 0.04
ATTENTION = {f"{a}_attn_{p}": (WIDTH, WIDTH) for a in ("self", "cross") for p in "qkvo"}
FEED_FORWARD = {"ffn_0": (FEED, WIDTH), "ffn_2": (WIDTH, FEED)}

MOST_FLOORS = 4.0
MOST_MEMORY_MB = 400.0
LEAST_TIMES_DENSE = 1000.0
LEAST_TIMES_RANDOMISED = 20.0
MOST_EXCESS = 1e-6
MOST_BETWEEN_DEVICES = 1e-5

FLOOR = """
import sys
import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file
for path in sys.argv[1:3]:
    with safe_open(path, "np") as file:
        for name in file.keys():
            file.get_tensor(name)
size = int(sys.argv[4]) // 64
save_file({f"t{i}": np.zeros(size // 4, np.float32) for i in range(64)}, sys.argv[3])
"""

LAUNCH = """
import resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
wall = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(wall, used.ru_utime + used.ru_stime)
"""

# the inputs are mapped, so they count as resident while they lie in the page cache: left out here
WATCH = """
import subprocess, sys, time
from pathlib import Path
running = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
status, most = Path(f"/proc/{running.pid}/status"), 0
while running.poll() is None:
    for line in status.read_text().splitlines():
        if line.startswith("RssAnon"):
            most = max(most, int(line.split()[1]))
    time.sleep(0.002)
print(most)
"""


@dataclass(frozen=True)
class Ran:
    """A process: wall and processor seconds."""

    wall_s: float
    cpu_s: float


def draw(folder: Path, sizes: dict[str, tuple[int, int]]) -> tuple[Path, Path]:
    rng = np.random.default_rng(0)
    halves: tuple[dict[str, np.ndarray], dict[str, np.ndarray]] = ({}, {})
    for block in range(BLOCKS):
        for name, (rows, columns) in sizes.items():
            stem = f"lora_unet_blocks_{block}_{name}"
            down = rng.standard_normal((RANK, columns), np.float32) / columns**0.5
            up = rng.standard_normal((rows, RANK), np.float32) * np.float32(0.01)
            for half, apart in zip(halves, (0.0, APART), strict=True):
                for end, matrix in (("lora_down", down), ("lora_up", up)):
                    noise = rng.standard_normal(matrix.shape, np.float32) * matrix.std()
                    half[f"{stem}.{end}.weight"] = matrix + np.float32(apart) * noise
                half[f"{stem}.alpha"] = np.array(RANK, np.float32)
    paths = folder / "dense.safetensors", folder / "sparse.safetensors"
    for path, half in zip(paths, halves, strict=True):
        save_file(half, path)
    return paths


def run(*words: object) -> Ran:
    wall, cpu = measured(LAUNCH, *words)
    return Ran(wall, cpu)


def measured(script: str, *words: object) -> list[float]:
    """What a small script prints that launches `python WORDS`."""
    launched = subprocess.run(
        [sys.executable, "-c", script, sys.executable, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    if launched.returncode:
        raise SystemExit(f"failed: {' '.join(map(str, words))}\n{launched.stderr}")
    return [float(word) for word in launched.stdout.split()]


def merging(pair: Sequence[Path], out: Path, *more: str) -> tuple[object, ...]:
    return "-m", "curate", "merge", *pair, "-o", out, "--rank", RANK_OUT, *more


def merge(pair: Sequence[Path], out: Path, *more: str) -> Ran:
    return run(*merging(pair, out, *more))


def in_turn(pair: Sequence[Path], folder: Path, runs: int) -> tuple[list[Ran], list[Ran]]:
    """Merges and floors, the same number of each, after one of each that does not count."""
    out, copy, script = (
        folder / "out.safetensors",
        folder / "floor.safetensors",
        folder / "floor.py",
    )
    script.write_text(FLOOR, encoding="utf-8")
    merge(pair, out)
    size = out.stat().st_size
    merges, floors = [], []
    for turn in range(runs + 1):
        floor = run(script, *pair, copy, size)
        merged = merge(pair, out)
        if turn:
            floors.append(floor)
            merges.append(merged)
    return merges, floors


def difference(pair: Sequence[Path], stem: str) -> np.ndarray:
    """A module's difference as a dense float64 matrix."""
    halves = []
    for path in pair:
        with safe_open(path, "np") as file:
            up, down = (
                file.get_tensor(f"{stem}.{end}.weight").astype(np.float64)
                for end in ("lora_up", "lora_down")
            )
        halves.append(up @ down)
    return np.subtract(*halves)


def excess(pair: Sequence[Path], out: Path, stem: str) -> float:
    """By how much the result's error exceeds the best possible one, as a share of |D|.

    The best is known from the singular values, here by Householder QR of the stacked factors.
    """
    ups, downs = [], []
    for path, sign in zip(pair, (1.0, -1.0), strict=True):
        with safe_open(path, "np") as file:
            ups.append(sign * file.get_tensor(f"{stem}.lora_up.weight").astype(np.float64))
            downs.append(file.get_tensor(f"{stem}.lora_down.weight").astype(np.float64))
    left, right = np.linalg.qr(np.hstack(ups))[1], np.linalg.qr(np.vstack(downs).T)[1]
    singular = np.linalg.svd(left @ right.T, compute_uv=False)
    with safe_open(out, "np") as file:
        up, down = (
            file.get_tensor(f"{stem}.{end}.weight").astype(np.float64)
            for end in ("lora_up", "lora_down")
        )
    error = np.linalg.norm(difference(pair, stem) - up @ down)
    size = np.linalg.norm(singular)
    return float((error - np.linalg.norm(singular[RANK_OUT:])) / size)


def dense_svd_s(pair: Sequence[Path], stems: Sequence[str]) -> float:
    """Seconds that torch.linalg.svd takes for a module's float32 difference."""
    import torch

    spent = []
    for stem in stems:
        delta = torch.from_numpy(difference(pair, stem).astype(np.float32))
        began = time.perf_counter()
        u, s, vh = torch.linalg.svd(delta, full_matrices=False)
        _ = (u[:, :RANK_OUT] * s[:RANK_OUT].sqrt(), s[:RANK_OUT, None].sqrt() * vh[:RANK_OUT])
        spent.append(time.perf_counter() - began)
    return statistics.mean(spent)


def randomised_svd_s(pair: Sequence[Path], stems: Sequence[str]) -> float:
    """Seconds that torch.svd_lowrank takes for it, forming the difference included."""
    import torch

    spent = []
    for stem in stems:
        loaded = []
        for path in pair:
            with safe_open(path, "pt") as file:
                loaded += [file.get_tensor(f"{stem}.lora_{end}.weight") for end in ("up", "down")]
        began = time.perf_counter()
        delta = loaded[0] @ loaded[1] - loaded[2] @ loaded[3]
        torch.svd_lowrank(delta, q=RANK_OUT + 6, niter=4)
        spent.append(time.perf_counter() - began)
    return statistics.median(spent)


def between(one: Path, other: Path) -> float:
    """The relative distance of two results, over all modules."""
    a, b = load_file(one), load_file(other)
    off = size = 0.0
    for name in (name for name in a if name.endswith("lora_up.weight")):
        down = name.replace("lora_up", "lora_down")
        # |BA - B'A'|² from the thin factors
        left, right = np.hstack([a[name], -b[name]]), np.vstack([a[down], b[down]])
        off += float(np.sum((left.T @ left) * (right @ right.T)))
        size += float(np.sum((a[name].T @ a[name]) * (a[down] @ a[down].T)))
    return (max(off, 0.0) / size) ** 0.5


class Figures:
    """What was measured, and whether the bars were met; printed last."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.met = True

    def note(self, text: str) -> None:
        self.lines.append(f"       {text}")

    def bar(self, text: str, met: bool) -> None:
        self.lines.append(f"{'ok    ' if met else 'MISSED'} {text}")
        self.met = self.met and met


def against_floor(figures: Figures, merges: Sequence[Ran], floors: Sequence[Ran]) -> None:
    best = {name: min(r.wall_s for r in runs) for name, runs in (("m", merges), ("f", floors))}
    cpu = {name: min(r.cpu_s for r in runs) for name, runs in (("m", merges), ("f", floors))}
    pairs = statistics.median(m.wall_s / f.wall_s for m, f in zip(merges, floors, strict=True))
    middle = [statistics.median(r.wall_s for r in runs) for runs in (merges, floors)]
    ratio = best["m"] / best["f"]
    figures.note(
        f"merge {best['m']:.2f} s ({cpu['m']:.2f} CPU-s), floor {best['f']:.2f} s "
        f"({cpu['f']:.2f} CPU-s), best of {len(merges)}; medians {middle[0]:.2f} s and "
        f"{middle[1]:.2f} s; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    figures.bar(
        f"{ratio:.2f} x the I/O floor, median of pairs {pairs:.2f} (bar {MOST_FLOORS})",
        ratio <= MOST_FLOORS,
    )


def memory(figures: Figures, what: str, pair: Sequence[Path], out: Path) -> None:
    """The most memory of its own that a merge held in three runs, looked at every 2 ms."""
    most = max(measured(WATCH, *merging(pair, out))[0] for _ in range(3)) * 1024 / 1e6
    figures.bar(f"{what}: {most:.0f} MB at most (bar {MOST_MEMORY_MB:.0f})", most < MOST_MEMORY_MB)


def against_dense(
    figures: Figures, pair: Sequence[Path], out: Path, module_s: float, dense_modules: int
) -> None:
    stems = [f"lora_unet_blocks_{block}_self_attn_q" for block in range(8)]
    worst = max(excess(pair, out, stem) for stem in stems[:2])
    figures.bar(f"excess error {worst:.1e} of |D| (bar {MOST_EXCESS:.0e})", worst <= MOST_EXCESS)
    for what, spent, least in (
        ("a randomised SVD", randomised_svd_s(pair, stems), LEAST_TIMES_RANDOMISED),
        ("the dense SVD", dense_svd_s(pair, stems[:dense_modules]), LEAST_TIMES_DENSE),
    ):
        figures.bar(
            f"{spent / module_s:.0f} x as fast as {what}: {spent:.3g} s a module, "
            f"here {module_s * 1e3:.2f} ms (bar {least:.0f})",
            spent / module_s >= least,
        )


def on_card(figures: Figures, pair: Sequence[Path], out: Path) -> None:
    import torch

    if not torch.cuda.is_available():
        figures.note("no CUDA card here: not measured on one")
        return
    there = out.with_name("card.safetensors")
    best = min(merge(pair, there, "--device", "cuda").wall_s for _ in range(3))
    figures.note(f"{torch.cuda.get_device_name()}: {best:.2f} s, the start of torch included")
    apart = between(out, there)
    figures.bar(
        f"card and processor differ by {apart:.1e} of |D| (bar {MOST_BETWEEN_DEVICES:.0e})",
        apart <= MOST_BETWEEN_DEVICES,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--dense-modules", type=int, default=2)
    asked = parser.parse_args()
    figures = Figures()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pair, out = draw(folder, ATTENTION), folder / "out.safetensors"
        merges, floors = in_turn(pair, folder, asked.runs)
        against_floor(figures, merges, floors)
        memory(figures, "320 modules", pair, out)
        module_s = min(r.wall_s for r in merges) / (BLOCKS * len(ATTENTION))
        on_card(figures, pair, out)
        against_dense(figures, pair, out, module_s, asked.dense_modules)
        pair = draw(folder, ATTENTION | FEED_FORWARD)
        every = [merge(pair, out) for _ in range(2)]
        figures.note(f"400 modules: {min(r.wall_s for r in every):.2f} s")
        memory(figures, "400 modules", pair, out)
    print("\n".join(figures.lines))
    return 0 if figures.met else 1


if __name__ == "__main__":
    sys.exit(main())
