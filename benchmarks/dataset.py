"""`curate dataset` on many pairs: CPU seconds, against the minute on two cores that it may take.

The floor is the same machinery that reads and decodes both halves of each pair and does nothing
with them.

Usage: python benchmarks/dataset.py [PAIRS] [WIDTHxHEIGHT]
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from curate import engine, heap, identity, images
from curate.ledger import Ledger
from curate.pairs.halves import stamp_of
from curate.records import Frame, Pair, Twin, Verdict

DRAWN = 10
MOST_S = 60.0
CORES = 2
ASKED = 5000
FEW = 10


def picture(seed: int, width: int, height: int) -> images.RGB:
    """Shapes on a ramp with a little grain, which compress about as a frame of a film does."""
    random = np.random.default_rng(seed)
    ramp = np.linspace(40, 200, width)[None, :, None] * np.ones((height, 1, 3))
    for _ in range(150):
        left, top = random.integers(0, (width, height))
        wide, high = random.integers(4, 160, 2)
        ramp[top : top + high, left : left + wide] = random.integers(0, 256, 3)
    grain = random.integers(-1, 2, (height, width, 1))
    return (ramp + grain).clip(0, 255).astype(np.uint8)


def place(workspace: Path, count: int, size: tuple[int, int]) -> None:
    """That many kept pairs; ten pictures under many names."""
    drawn = [images.encode_png(picture(seed, *size)) for seed in range(DRAWN * 2)]
    hashes = [identity.of_bytes(data) for data in drawn]
    folder = workspace / "twins" / "simplify"
    for half in ("frame", "twin"):
        (folder / half).mkdir(parents=True)
    with Ledger(workspace) as ledger, ledger.transaction():
        for number in range(count):
            name = f"film_{number:05}"
            chosen = number % DRAWN, DRAWN + number % DRAWN
            paths = [folder / half / f"{name}.png" for half in ("frame", "twin")]
            for path, index in zip(paths, chosen, strict=True):
                path.write_bytes(drawn[index])
            frame, twin = (ledger.relative(path) for path in paths)
            ledger.put(
                Frame(name, "film", number, float(number), frame, *size, 1.0, 1.0),
                Twin(
                    name, name, name, "simplify", "density", "", "embedded", "", 1,
                    (0, 0, *size), *size, frame, twin,
                ),
                Pair(name, name, name, "density", frame, twin, {}, ""),
                Verdict(name, "rule", "keep", ()),
            )  # fmt: skip
            ledger.finish(
                f"check {name}", "pair-check", name,
                pair=name, frame=hashes[chosen[0]], twin=hashes[chosen[1]],
                stamps=[stamp_of(path) for path in paths],
            )  # fmt: skip


def decoded(paths: tuple[Path, Path]) -> None:
    """Read and decode both halves of a pair, by the fastest decoder there is."""
    heap.keep()
    for path in paths:
        images.read(path)


def floor_s(workspace: Path) -> float:
    """CPU seconds that decoding alone takes."""
    halves = workspace / "twins" / "simplify"
    frames = sorted((halves / "frame").iterdir())
    before = spent_s()
    for outcome in engine.map(decoded, [(f, halves / "twin" / f.name) for f in frames]):
        assert outcome.failure is None
    return spent_s() - before


def run_s(workspace: Path, *options: str) -> float:
    """CPU seconds of `curate dataset`, its start and its workers."""
    before = spent_s()
    command = [sys.executable, "-m", "curate", "-w", str(workspace), "dataset", *options]
    subprocess.run(command, check=True, capture_output=True)
    return spent_s() - before


def spent_s() -> float:
    """CPU seconds of this process and of those that it waited for."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


RUNS: dict[str, Callable[[Path], float]] = {
    "pre-sized": run_s,
    "kept at size": lambda workspace: run_s(workspace, "--keep-size"),
    "only decoded, the floor": floor_s,
}


def main() -> int:
    """Print CPU time a pair and for 5,000; 1 if two cores would need over a minute to pre-size."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    width, height = map(int, (sys.argv[2] if len(sys.argv) > 2 else "1024x576").split("x"))
    missed = False
    for what, run in RUNS.items():
        few_s, many_s = (fresh_s(run, number, (width, height)) for number in (FEW, count))
        pair_s = (many_s - few_s) / (count - FEW)
        scaled_s = (few_s + pair_s * (ASKED - FEW)) / CORES
        missed |= what == "pre-sized" and scaled_s > MOST_S
        print(
            f"{width}×{height} {what}: {few_s:.1f} CPU-s with {FEW} pairs, {pair_s * 1e3:.1f} ms "
            f"each of {count - FEW} more; {ASKED} on {CORES} cores: {scaled_s:.0f} s, "
            f"{scaled_s / MOST_S:.2f} of the {MOST_S:.0f} s allowed"
        )
    return int(missed)


def fresh_s(run: Callable[[Path], float], count: int, size: tuple[int, int]) -> float:
    """CPU seconds of a run in a workspace of its own."""
    with tempfile.TemporaryDirectory() as folder:
        place(Path(folder) / "data", count, size)
        return run(Path(folder) / "data")


if __name__ == "__main__":
    sys.exit(main())
