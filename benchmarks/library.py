"""What one choice over a library costs: 100 films of 1,500 candidates, by the code that chooses.

Candidates are seeded figures: each film has 60 looks of its own and shares 20 with all others, and
is more or less crowded. Prints processor time and memory; exits with 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time

import numpy as np

from curate.extract import together
from curate.extract.together import Shortlist

_CELLS, _OWN, _COMMON = 96, 60, 20
_MOST_CPU_S, _MOST_MB = 60.0, 500.0


def film(number: int, candidates: int) -> Shortlist:
    """The candidates of a film."""
    rng = np.random.default_rng(number)
    common = np.random.default_rng(10**6).integers(40, 216, (_COMMON, _CELLS))
    looks = np.concatenate([rng.integers(40, 216, (_OWN, _CELLS)), common])
    near = looks[rng.integers(len(looks), size=candidates)] + rng.normal(0, 8, (candidates, _CELLS))
    density = rng.uniform(0.02, 0.1 + 0.3 * rng.random(), candidates).astype(np.float32)
    return Shortlist(np.arange(candidates), density, near.clip(0, 255).astype(np.uint8))


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=100)
    parser.add_argument("--candidates", type=int, default=1500)
    parser.add_argument("--counts", type=int, nargs="+", default=[30, 300])
    asked = parser.parse_args()
    is_met = True
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for count in asked.counts:
        began = time.process_time()
        lists: dict[str, Shortlist] = {}
        for number in range(asked.films):
            lists[f"{number:04}"] = film(number, asked.candidates)
            lists = together.comparable(lists, count)
        taken = together.shared(lists, count)
        cpu_s = time.process_time() - began
        size_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
        given = np.array([len(rows) for rows in taken.values()])
        is_met &= cpu_s <= _MOST_CPU_S and size_mb <= _MOST_MB and given.sum() == count
        print(
            f"{asked.films} films x {asked.candidates}, count {count}: {cpu_s:.1f} CPU-s, "
            f"{size_mb:.0f} MB of its own, {np.count_nonzero(given)} films give, "
            f"{given.max()} at most, {given.min()} at least"
        )
    print(f"bars: {_MOST_CPU_S:.0f} CPU-s and {_MOST_MB:.0f} MB: {'met' if is_met else 'missed'}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
