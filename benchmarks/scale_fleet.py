"""The real fleet of `curate kontext` on a hundred simulated ComfyUI servers, on a clock that jumps.

The servers stand behind the fleet's transport seam (tests/comfy/simulated.py): seeded log-normal
service times, failures, full cards, hangs, deaths and returns; there is no network and no picture
in it, so the processor time is that of the fleet and of the simulation. Exit code 1 if a bar is
missed.

    python benchmarks/scale_fleet.py [--servers 100] [--orders 30000] [--seed 1]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.comfy.errand import Run, driven
from tests.comfy.simulated import Chances

LEAST_UTILISATION, MOST_GROWTH_MB = 0.98, 10.0
EARLY = 0.1  # of the outcomes: by then all that a run needs is in memory


def memory_mb() -> float:
    """What this process holds now, in 10^6 bytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--servers", type=int, default=100)
    parser.add_argument("--orders", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chances = Chances()
    run = Run(asked.servers, asked.orders, chances, asked.seed)
    early = most = 0.0
    began = time.process_time()
    for number, _ in enumerate(driven(run)):
        if number == int(asked.orders * EARLY):
            early = memory_mb()
        elif early and number % 100 == 0:
            most = max(most, memory_mb())
    cpu_ms = (time.process_time() - began) / asked.orders * 1e3
    deaths = sum(server.deaths for server in run.servers)
    hangs = sum(server.hangs for server in run.servers)
    print(f"       {chances}")
    print(
        f"       {asked.servers} servers, {asked.orders} orders, seed {asked.seed}: "
        f"{run.spent_s / 3600:.2f} h simulated, {deaths} deaths, {hangs} hangs, "
        f"{len(run.failures)} orders failed, {run.told} events told"
    )
    print(f"       {cpu_ms:.2f} CPU-ms a job, the simulation included")
    are_met = [
        bar(f"utilisation {run.utilisation:.4f}", run.utilisation >= LEAST_UTILISATION),
        bar(f"{run.lost} orders lost", run.lost == 0),
        bar(f"{run.made_again} made twice", run.made_again == 0),
        bar(
            f"memory {early:.0f} MB after a tenth, at most {most:.0f} MB later",
            most - early < MOST_GROWTH_MB,
        ),
    ]
    return 0 if all(are_met) else 1


def bar(text: str, met: bool) -> bool:
    print(f"{'ok    ' if met else 'MISSED'} {text}")
    return met


if __name__ == "__main__":
    sys.exit(main())
