"""`curate dataset` on many pairs: CPU seconds, against the minute on two cores that it may take.

Usage: python benchmarks/dataset.py [PAIRS] [WIDTHxHEIGHT]
"""

from __future__ import annotations

import resource
import sys
import tempfile
from pathlib import Path

import numpy as np

from curate import identity, images
from curate.dataset.run import Settings, dataset
from curate.ledger import Ledger
from curate.records import Frame, Pair, Twin, Verdict

DRAWN = 10
MOST_S = 60.0
CORES = 2
ASKED = 5000


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
            )  # fmt: skip


def spent_s() -> float:
    """CPU seconds of this process and of those that it waited for."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def main() -> int:
    """Print CPU seconds a run and for 5,000 pairs; 1 if two cores would need over a minute."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ASKED
    width, height = map(int, (sys.argv[2] if len(sys.argv) > 2 else "1024x576").split("x"))
    missed = False
    for keep_size in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            workspace = Path(folder) / "data"
            place(workspace, count, (width, height))
            before = spent_s()
            with Ledger(workspace) as ledger:
                report = dataset(ledger, Settings(keep_size=keep_size))
            cpu_s = spent_s() - before
        assert len(report.pairs) == count
        scaled_s = cpu_s * ASKED / count / CORES
        what = "kept at size" if keep_size else "pre-sized"
        print(
            f"{count} pairs of {width}×{height} {what}: {cpu_s:.1f} CPU-s, "
            f"{cpu_s / count * 1e3:.1f} ms a pair; {ASKED} on {CORES} cores: {scaled_s:.0f} s, "
            f"{scaled_s / MOST_S:.2f} of the {MOST_S:.0f} s allowed"
        )
        missed |= scaled_s > MOST_S
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
