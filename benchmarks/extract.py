"""`curate extract` against PySceneDetect and against PyAV that merely decodes; and its memory.

`python benchmarks/extract.py [FILM] [--runs N] [--times N] [--before COMMAND] [--no-memory]`
needs `pip install -e .[bench]`. FILM should be 1080p; an H.264 copy is made of it, so that both
codecs are measured. Without FILM one is drawn. All programs run in turn, each as processes of its
own, with COMMAND (as "nice") before it; one frame a minute is written. `--times` puts the film
behind itself so many times, not encoded anew: programs start as seldom as on a feature. Figures
are wall and processor time; the bars hold for processor time, which what else runs on the machine
disturbs less.
"""

from __future__ import annotations

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av

from curate import engine
from curate.demo.film import STORY, draw
from curate.extract import film
from curate.extract.reading import SKIPPED
from curate.extract.source import Source

FAST_BAR, FULL_BAR, KEYFRAMES_BAR, MEMORY_BAR_MB = 2.5, 1.3, 10.0, 600
TWO_HOURS_S = 7200

DECODE = """
import av, sys
with av.open(sys.argv[1]) as container:
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    print(sum(1 for _ in container.decode(stream)))
"""
DETECT = """
import sys
from scenedetect import AdaptiveDetector, detect
print(len(detect(sys.argv[1], AdaptiveDetector())))
"""


def commands(path: Path, source: Source, folder: Path) -> dict[str, list[str]]:
    """What is run, by name; each run of curate has a workspace of its own."""
    count = str(max(1, round(source.duration_s / 60)))
    run = [sys.executable, "-m", "curate", "-w", str(folder), "extract", "-q", "--count", count]
    return {
        "pyav decodes": [sys.executable, "-c", DECODE, str(path)],
        "pyscenedetect": [sys.executable, "-c", DETECT, str(path)],
        **{f"curate {scan}": [*run, "--scan", scan, str(path)] for scan in SKIPPED},
    }


def timed(command: Sequence[str]) -> tuple[float, float]:
    """Seconds of wall and of processor time, those of its children counted."""
    wall_s, before = time.perf_counter(), os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    spent_s = sum(after[2:4]) - sum(before[2:4])
    return time.perf_counter() - wall_s, spent_s


def measured(path: Path, runs: int, before: Sequence[str]) -> dict[str, tuple[float, float]]:
    """The median of each program's wall and processor time; the programs take turns."""
    source = film.probe(path)
    times: dict[str, list[tuple[float, float]]] = {}
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            for name, command in commands(path, source, Path(folder)).items():
                if name.startswith("curate"):
                    command[4] = str(Path(folder, name.split()[1]))
                times.setdefault(name, []).append(timed([*before, *command]))
    return {
        name: (
            statistics.median(wall_s for wall_s, _ in all_times),
            statistics.median(spent_s for _, spent_s in all_times),
        )
        for name, all_times in times.items()
    }


def speed(path: Path, runs: int, before: Sequence[str]) -> bool:
    """Print a film's figures; whether every bar is met."""
    source = film.probe(path)
    print(
        f"\n{path.name}: {source.width}×{source.height} {source.codec} {source.pixel_format}, "
        f"{source.duration_s:.0f} s, {engine.cores()} cores, median of {runs}"
    )
    times = measured(path, runs, before)
    for name, (wall_s, spent_s) in times.items():
        speed = source.duration_s / wall_s
        print(f"  {name:16} {wall_s:7.2f} s wall, {speed:6.1f} × real time, {spent_s:7.2f} CPU-s")
    (_, decode_s), (_, detect_s) = times["pyav decodes"], times["pyscenedetect"]
    ratios = (
        ("curate fast: times as fast as PySceneDetect", detect_s, "curate fast", FAST_BAR),
        ("curate keyframes: times as fast", detect_s, "curate keyframes", KEYFRAMES_BAR),
    )
    met = True
    for words, peer_s, name, bar in ratios:
        ratio = peer_s / times[name][1]
        met &= ratio >= bar
        print(f"  {words}: {ratio:.2f} (bar {bar})")
    ratio = times["curate full"][1] / decode_s
    print(f"  curate full: times PyAV's decoding: {ratio:.2f} (bar {FULL_BAR})")
    return met and ratio <= FULL_BAR


def peak_mb(command: list[str]) -> float:
    """The most memory that a program and its children hold at once: the sum of their PSS."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0.0
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.2):
            most = max(most, sum(pss_mb(pid) for pid in tree(process.pid)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    process.wait()
    done.set()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return most


def tree(root: int) -> list[int]:
    """A process and all below it."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rpartition(")")[2].split()[1]
                )
            except OSError:
                continue
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def pss_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def memory(path: Path, folder: Path) -> bool:
    """Print the memory of a 1080p scan and of a film of two hours; whether the bar is met."""
    long = folder / "two-hours.mkv"
    looped(long, folder)
    most = 0.0
    for name in (path, long):
        command = [sys.executable, "-m", "curate", "-w", str(folder / f"memory-{name.stem}")]
        peak = peak_mb([*command, "extract", "-q", "--scan", "full", str(name)])
        most = max(most, peak)
        print(f"  extract --scan full {name.name}: {peak:.0f} MB at most, all processes together")
    print(f"  memory: {most:.0f} MB (bar {MEMORY_BAR_MB})")
    return most < MEMORY_BAR_MB


def looped(path: Path, folder: Path) -> None:
    """Two hours of small pictures, one piece over and over: what is kept is as for 1080p."""
    piece = folder / "piece.mkv"
    length_s = draw(piece, STORY, size=(96, 54)).duration_s
    repeated(piece, path, round(TWO_HOURS_S / length_s))


def repeated(piece: Path, path: Path, times: int) -> None:
    """A film behind itself so many times, its packets as they are."""
    with av.open(path, "w") as out:
        target, offset = None, 0
        for _ in range(times):
            end = 0
            with av.open(piece) as container:
                stream = container.streams.video[0]
                target = target or out.add_stream_from_template(stream)
                for packet in container.demux(stream):
                    if packet.dts is not None and packet.pts is not None:
                        end = max(end, packet.pts + (packet.duration or 0))
                        packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                        packet.stream = target
                        out.mux(packet)
            offset += end


def as_h264(path: Path, copy: Path) -> None:
    """An 8-bit H.264 copy of a film."""
    options = {"preset": "veryfast", "crf": "20"}
    with av.open(path) as container, av.open(copy, "w") as out:
        rate = container.streams.video[0].average_rate or Fraction(24)
        target = out.add_stream("libx264", rate=rate, options=options)
        assert isinstance(target, av.VideoStream)
        for number, frame in enumerate(container.decode(video=0)):
            if number == 0:
                target.width, target.height, target.pix_fmt = frame.width, frame.height, "yuv420p"
            plain = frame.reformat(format="yuv420p")
            plain.pts, plain.time_base = number, 1 / rate
            out.mux(target.encode(plain))
        out.mux(target.encode(None))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film", type=Path, nargs="?")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--before", type=shlex.split, default=[])
    parser.add_argument("--no-memory", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = given.film
        if path is None:
            path = folder / "drawn-hevc10.mkv"
            draw(path, STORY * 3, size=(1920, 1080), codec="libx265", ten_bits=True)
        films = [path]
        if film.probe(path).codec != "h264":
            films.append(folder / "copy-h264.mkv")
            as_h264(path, films[1])
        if given.times > 1:
            long = [folder / f"long-{number}.mkv" for number in range(len(films))]
            for each, whole in zip(films, long, strict=True):
                repeated(each, whole, given.times)
            films = long
        met = [speed(each, given.runs, given.before) for each in films]
        if not given.no_memory and sys.platform == "linux":
            met.append(memory(path, folder))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
