"""Millions of tasks in a ledger: CPU seconds, bytes and memory a million, for a plan of what waits.

A ledger on disk grows to each size by large transactions: a frame a task, nine in ten recorded as
done with the settings that kontext records. At each size a new process finds what waits, as plans
do: the ids of the done ones in a set, then each frame as it is read, its task's id looked up. It
then counts the same by reading every record and holding none. After that kontext's own plan, which
holds what each frame has and looks at two files a task, at two smaller sizes. Ten million take half
an hour, 8 GB of memory, and 7 GB on the disk of temporary files. 1 if a million costs over half as
much again at a size as at the smallest, or over the memory allowed.

Usage: python benchmarks/scale_ledger.py [MILLIONS ...]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from curate import identity
from curate import ledger as ledgers
from curate.kontext import recipe as recipes
from curate.kontext import run as kontext
from curate.kontext.takes import Takes
from curate.ledger import FILE, Ledger
from curate.records import Frame, Task

MILLION = 1_000_000
SIZES = (1.0, 3.0, 10.0)
STATION_SIZES = (0.02, 0.06)
BATCH = 1_000_000
FILLING_KB = 6_000_000  # of cache, so that a batch is written once; whoever asks has the usual one
WAITING = 10  # one task in so many is not done
TOLERANCE = 1.5
MOST_MB = {"done and waiting": 150.0, "reading all": 10.0, "kontext's plan": 1500.0}  # a million
SLACK_MB = 110.0  # for what does not grow: of it 64 are the cache of the ledger

Figures = dict[str, dict[str, float]]


def frame(number: int) -> Frame:
    """The frame of a task."""
    name = identity.of_task("extract/scale", number=number)
    path = f"frames/film_{number // 1000:05}/{name}.png"
    return Frame(name, "film", number, number / 24, path, 1920, 1080, 0.5, 0.5)


def task_of(frame_id: str) -> str:
    """The id of what is to be done to a frame."""
    return identity.of_task("kontext/scale", frame=frame_id)


def grow(ledger: Ledger, start: int, stop: int) -> None:
    """Add frames and the tasks that are done, numbered `start` up to `stop`."""
    for first in range(start, stop, BATCH):
        frames = [frame(number) for number in range(first, min(first + BATCH, stop))]
        finished = (
            Task(task_of(one.id), kontext.STATION, one.id, "done", settings(one), at="2026-11-27")
            for one in frames
            if one.shot % WAITING
        )
        with ledger.transaction():
            ledger.put(*frames)
            ledger.put(*finished)


def settings(one: Frame) -> dict[str, object]:
    """What kontext records with a task."""
    return {
        "backend": "comfy", "seed": 1, "prompt": "simplify", "frame": one.id, "variant": 1,
        "made_as": one.id, "path": f"twins/simplify/{one.id}.png", "sizes": [900_000, 800_000],
    }  # fmt: skip


def measured(workspace: Path, number: int) -> Figures:
    """CPU seconds and megabytes of each way to ask what waits, of a ledger of `number` tasks."""
    found: Figures = {}
    with Ledger(workspace) as ledger:
        with watched(found, "reading all"):
            frames = sum(1 for _ in ledger.each(Frame))
            tasks = sum(1 for _ in ledger.each(Task, station=kontext.STATION, state="done"))
        with watched(found, "done and waiting"):
            done = ledger.done(kontext.STATION)
            waiting = sum(task_of(one.id) not in done for one in ledger.each(Frame))
    assert (frames, tasks, waiting) == (number, len(done), number // WAITING), "a task was lost"
    return found


@contextmanager
def watched(found: Figures, what: str) -> Iterator[None]:
    """Note the CPU seconds that something takes, and the megabytes by which the process grows."""
    before_mb, start = peak_mb(), time.process_time()
    yield
    found[what] = {"s": time.process_time() - start, "mb": peak_mb() - before_mb}


def peak_mb() -> float:
    """The most memory that this program has held, in MB; Linux only."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def stand(workspace: Path, number: int) -> None:
    """A ledger of frames of which all but a tenth have the twins that kontext would make."""
    with Ledger(workspace) as ledger:
        with ledger.transaction():
            ledger.put(*map(frame, range(number)))
        edits = kontext.plan(ledger, recipes.of("simplify"), Takes()).todo
        made = [edit for place, edit in enumerate(edits) if place % WAITING]
        with ledger.transaction():
            for edit in made:
                about = settings(frame(0)) | {"frame": edit.frame_id, "sizes": [-1, -1]}
                ledger.finish(edit.id, kontext.STATION, edit.name, **about)


def planned(workspace: Path, number: int) -> Figures:
    """CPU seconds and megabytes of kontext's plan where a tenth waits."""
    found: Figures = {}
    with Ledger(workspace) as ledger, watched(found, "kontext's plan"):
        plan = kontext.plan(ledger, recipes.of("simplify"), Takes())
    assert (len(plan.todo), plan.kept) == (number // WAITING, number - number // WAITING)
    return found


def apart(measure: str, workspace: Path, number: int) -> Figures:
    """What a measure finds in a process of its own, whose memory holds nothing else."""
    command = [sys.executable, __file__, measure, str(workspace), str(number)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return dict(json.loads(answer))


def said(number: int, found: Figures, first: Figures, first_number: int) -> bool:
    """Print the figures of a size a million; whether each is within what is allowed."""
    good = True
    millions, first_millions = number / MILLION, first_number / MILLION
    for what, figure in found.items():
        grew = figure["s"] / millions / (first[what]["s"] / first_millions)
        good &= grew <= TOLERANCE and figure["mb"] <= MOST_MB[what] * millions + SLACK_MB
        print(
            f"  {what}: {figure['s']:.1f} CPU-s, {figure['s'] / millions:.1f} a million "
            f"({grew:.2f} of the smallest size's); {figure['mb'] / millions:.0f} MB a million"
        )
    return good


def of_ledger(sizes: list[int]) -> bool:
    """Grow a ledger, ask it at each size; whether all is linear."""
    good, number, first = True, 0, None
    ledgers._CACHE_KB = FILLING_KB
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder)
        for size in sizes:
            begun = time.process_time()
            with Ledger(workspace) as ledger:
                grow(ledger, number, size)
            filled_s, added, number = time.process_time() - begun, size - number, size
            file_bytes = (workspace / FILE).stat().st_size
            found = apart("measured", workspace, number)
            first = first or (found, number, file_bytes / number)
            good &= file_bytes / number <= TOLERANCE * first[2]
            print(
                f"{number / MILLION:g} million tasks: {file_bytes / number:.0f} bytes each, frame "
                f"and task; {filled_s / added * MILLION:.0f} CPU-s a million to write"
            )
            good &= said(number, found, *first[:2])
    return good


def of_station(sizes: list[int]) -> bool:
    """The same of kontext's own plan."""
    good, first = True, None
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            stand(Path(folder), size)
            found = apart("planned", Path(folder), size)
        first = first or (found, size)
        print(f"{size / MILLION:g} million frames, kontext:")
        good &= said(size, found, *first)
    return good


def main() -> int:
    """Print each figure a million; 1 if one is not linear or takes more memory than allowed."""
    if sys.argv[1:2] in (["measured"], ["planned"]):
        measure = {"measured": measured, "planned": planned}[sys.argv[1]]
        print(json.dumps(measure(Path(sys.argv[2]), int(sys.argv[3]))))
        return 0
    sizes = [float(given) for given in sys.argv[1:]] or SIZES
    good = of_ledger([round(size * MILLION) for size in sizes])
    good &= of_station([round(size * MILLION) for size in STATION_SIZES])
    print("linear" if good else "not linear, or over the memory allowed")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
