"""Which reader extract should stand on: PyAV against OpenCV, on one film.

`python benchmarks/extract.py [FILM]`; without FILM the drawn one is used, once as H.264 with 8 bits
and once as HEVC with 10. Each figure is the best of three runs, in times the film's own speed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import cv2

from curate import engine
from curate.demo.film import STORY, draw
from curate.extract import figures, film, shots

RUNS = 3


def pyav(path: Path) -> int:
    """Decode every frame and look at its luma."""
    source = film.probe(path)
    piece = film.Piece(source, source.start, None, threads=0)
    return sum(film.luma(frame)[0].shape[0] > 0 for frame in film.frames(piece))


def opencv(path: Path) -> int:
    """Decode every frame; OpenCV gives BGR only."""
    capture = cv2.VideoCapture(str(path))
    count = 0
    while capture.read()[0]:
        count += 1
    capture.release()
    return count


def scan(path: Path) -> int:
    """Decode in pieces, over all cores, measure every frame and find the shots."""
    pieces = film.pieces(film.probe(path))
    parts = {outcome.item: outcome.result for outcome in engine.map(figures.measure, pieces)}
    found = figures.joined([part for piece in pieces if (part := parts[piece]) is not None])
    shots.find(found)
    return len(found)


def extract(path: Path) -> int:
    """The whole command in a process of its own, frames written."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "curate", "-w", folder, "extract", "-q", str(path)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return len(list(Path(folder, "frames").iterdir()))


def measured(read: Callable[[Path], int], path: Path) -> tuple[float, float, int]:
    """Seconds of wall and of processor time, the fastest of three runs, and the frames seen."""
    best = (float("inf"), float("inf"), 0)
    for _ in range(RUNS):
        wall_s, times = time.perf_counter(), os.times()
        count = read(path)
        after = os.times()
        spent_s = sum(after[:4]) - sum(times[:4])
        best = min(best, (time.perf_counter() - wall_s, spent_s, count))
    return best


def report(path: Path) -> float:
    source = film.probe(path)
    print(
        f"\n{path.name}: {source.width}×{source.height} {source.codec} {source.pixel_format}, "
        f"{source.duration_s:.1f} s, {engine.cores()} cores"
    )
    speeds = {}
    for read in (pyav, opencv, scan, extract):
        wall_s, spent_s, count = measured(read, path)
        speeds[read] = source.duration_s / wall_s
        print(
            f"  {read.__name__:8} {speeds[read]:6.1f} × real time, {wall_s:6.2f} s wall, "
            f"{spent_s:6.2f} s processor, {count} frames"
        )
    return speeds[pyav] / speeds[opencv]


def main() -> int:
    print(f"PyAV {av.__version__}, OpenCV {cv2.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        films = [Path(name) for name in sys.argv[1:]]
        if not films:
            films = [Path(folder, "drawn-h264.mp4"), Path(folder, "drawn-hevc10.mkv")]
            draw(films[0], STORY)
            draw(films[1], STORY, codec="libx265", ten_bits=True)
        ratios = [report(path) for path in films]
    least = min(ratios)
    print(f"\nPyAV decodes {least:.2f} times as fast as OpenCV, or more.")
    return 0 if least >= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
