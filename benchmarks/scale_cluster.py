"""Ray nodes on loopback: all work, one is killed, one joins, and the ledger stays the same.

    python benchmarks/scale_cluster.py

Pairs are drawn, checked by `curate pair-check` in processes of this machine, then on a head
(127.0.0.1) and a node (127.0.0.2), each of one core: once undisturbed, once with the node killed
(-9) in mid-run, and once with another (127.0.0.3) that joins in mid-run. Prints what starting and
what one item costs. Exits with 1 where a claim fails.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import cv2
import numpy as np

from curate import engine, images
from curate.demo import film as drawn
from curate.extract import colour, film

ROOT = Path(__file__).parents[1]
PAIRS = 240
ITEMS = 1000
LEAST_SHARE = 0.2
PATIENCE_S = 180.0


def main() -> int:
    environment = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_memory_monitor_refresh_ms": "0",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    os.environ.update(environment)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="curate-bench-")))
        draw_pairs(folder)
        holds = measured(folder, stack)
    left = [pid for pid, command in processes() if folder.name in command]
    holds["nothing is left running"] = not left
    for claim, is_true in holds.items():
        print(f"{'holds' if is_true else 'FAILS'}: {claim}")
    return 0 if all(holds.values()) else 1


def measured(folder: Path, stack: ExitStack) -> dict[str, bool]:
    """The claims, each with whether it holds; the figures are printed."""
    took_here, ledger_here = check(folder, "here")
    address = f"127.0.0.1:{free_port()}"
    head = stack.enter_context(node(folder / "ray", "127.0.0.1", address, is_head=True))
    other = stack.enter_context(node(folder / "ray", "127.0.0.2", address, is_head=False))
    on_ray = ("--engine", "ray", "--ray-address", address)

    running = start(folder, "both", *on_ray)
    began = time.monotonic()
    spent = spent_s(running, head, other)
    took_ray = time.monotonic() - began
    ended(running)
    ledger_ray = rows(folder, "both")

    running = start(folder, "killed", *on_ray)
    wait_for(lambda: checked(folder, "killed") >= PAIRS // 4)
    for pid in [*descendants(other), other]:
        with_no_such(lambda pid=pid: os.kill(pid, signal.SIGKILL))
    done_before = checked(folder, "killed")
    ended(running)
    ledger_killed = rows(folder, "killed")

    running = start(folder, "joined", *on_ray)
    wait_for(lambda: checked(folder, "joined"))
    third = stack.enter_context(node(folder / "ray", "127.0.0.3", address, is_head=False))
    done_alone = checked(folder, "joined")
    (late,) = spent_s(running, third)
    ended(running)
    ledger_joined = rows(folder, "joined")

    print(f"{PAIRS} pairs: {took_here:.1f} s here, {took_ray:.1f} s on two nodes of one core")
    print(f"processor time of their workers: {spent[0]:.1f} s and {spent[1]:.1f} s")
    print(f"the node was killed after {done_before} pairs")
    print(f"the other joined after {done_alone} pairs; processor time of its workers: {late:.1f} s")
    costs(folder, address)
    share = min(spent) / max(sum(spent), 1e-9)
    return {
        "work lands on both nodes": share >= LEAST_SHARE,
        "the ledger of two nodes is that of this machine": ledger_ray == ledger_here,
        "the node was killed in mid-run": PAIRS // 4 <= done_before < PAIRS,
        "and the ledger is the same without it": ledger_killed == ledger_here,
        "a node that joins in mid-run takes work": late > 0 and done_alone < PAIRS,
        "and the ledger is the same with it": ledger_joined == ledger_here,
    }


def spent_s(running: subprocess.Popen[str], *nodes: int) -> list[float]:
    """The processor time of the workers of nodes while a program runs."""
    before, spent = [work_s(each) for each in nodes], [0.0] * len(nodes)
    while running.poll() is None:
        now = [work_s(each) - first for each, first in zip(nodes, before, strict=True)]
        spent = [max(pair) for pair in zip(spent, now, strict=True)]
        time.sleep(0.2)
    return spent


def costs(folder: Path, address: str) -> None:
    """What starting an engine and what one item of no work costs, each on its own."""
    print(f"{'engine':<28}{'start':>8}{'an item':>12}")
    names = {"local": "processes, two", "join": "Ray, joined, one core", "own": "Ray, started here"}
    for kind, label in names.items():
        code = f"import scale_cluster; scale_cluster.cost({kind!r}, {str(folder)!r}, {address!r})"
        ran = subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        assert ran.returncode == 0, ran.stderr
        started_s, item_s = json.loads(ran.stdout)
        print(f"{label:<28}{started_s:>6.1f} s{item_s * 1e3:>9.2f} ms")


def cost(kind: str, folder: str, address: str) -> None:
    """Print how long the first items and each later one take."""
    with ExitStack() as stack:
        began = time.monotonic()
        if kind != "local":
            joined = engine.ray(address if kind == "join" else None, Path(folder))
            stack.enter_context(joined)
        outcomes = engine.map(nothing, range(ITEMS), workers=2)
        for _ in range(4):
            next(outcomes)
        started = time.monotonic()
        count = sum(1 for _ in outcomes)
        print(json.dumps([started - began, (time.monotonic() - started) / count]))


def nothing(number: int) -> int:
    return number


def draw_pairs(folder: Path) -> None:
    """Frames of the drawn film, and each without its fine detail."""
    file = folder / "film.mp4"
    drawn.draw(file, size=(640, 360))
    source = film.probe(file)
    frames = [frame for piece in film.pieces(source) for frame in film.frames(piece)]
    step = max(1, len(frames) // PAIRS)
    for number, frame in enumerate(frames[::step][:PAIRS]):
        pixels = colour.to_rgb(frame, source)
        plain = np.asarray(cv2.bilateralFilter(pixels, 9, 60, 9), np.uint8)
        images.write(folder / "dense" / f"{number:04}.png", pixels)
        images.write(folder / "sparse" / f"{number:04}.png", plain)


def start(folder: Path, name: str, *options: str) -> subprocess.Popen[str]:
    """`curate pair-check` into a workspace of that name."""
    halves = ("--dense", folder / "dense", "--sparse", folder / "sparse", "--clip", "none")
    command = [sys.executable, "-m", "curate", "-w", folder / name, "pair-check", *halves, *options]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def ended(running: subprocess.Popen[str]) -> None:
    told, _ = running.communicate(timeout=PATIENCE_S)
    if running.returncode:
        raise SystemExit(f"curate ended with {running.returncode}:\n{told}")


def check(folder: Path, name: str) -> tuple[float, list[dict[str, object]]]:
    began = time.monotonic()
    ended(start(folder, name))
    return time.monotonic() - began, rows(folder, name)


def rows(folder: Path, name: str) -> list[dict[str, object]]:
    """The ledger, times of day apart."""
    file = folder / f"{name}.jsonl"
    command = [sys.executable, "-m", "curate", "-w", folder / name, "ledger", "export", file]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in one.items() if key != "at"} for one in records]


def checked(folder: Path, name: str) -> int:
    """How many pairs the ledger has so far; another process is writing it."""
    try:
        with sqlite3.connect(f"file:{folder / name / 'curate.db'}?mode=ro", uri=True) as db:
            return int(db.execute("SELECT count(*) FROM pairs").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


@contextmanager
def node(temp: Path, ip: str, address: str, *, is_head: bool) -> Iterator[int]:
    """A Ray node of one core on an address of this machine; the process that keeps it."""
    where = ("--head", "--port", address.partition(":")[2], "--temp-dir", temp)
    options = (*where, "--include-dashboard", "false") if is_head else ("--address", address)
    log = (temp.parent / f"{ip}.log").open("w+")
    started = subprocess.Popen(
        [
            *(Path(sys.executable).with_name("ray"), "start", *options, "--block"),
            *("--node-ip-address", ip, "--num-cpus", "1", "--object-store-memory", "100000000"),
        ],
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        wait_for(lambda: "runtime started" in Path(log.name).read_text() or started.poll())
        if started.poll() is not None:
            raise SystemExit(f"Ray does not start on {ip}:\n{Path(log.name).read_text()}")
        yield started.pid
    finally:
        children = descendants(started.pid)
        started.terminate()
        try:
            started.wait(20)
        except subprocess.TimeoutExpired:
            started.kill()
        for pid in children:
            with_no_such(lambda pid=pid: os.kill(pid, signal.SIGKILL))
        log.close()
        if is_head:
            shutil.rmtree(temp, ignore_errors=True)


def processes() -> Iterator[tuple[int, str]]:
    """Every process of this machine with its command line."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if int(entry.name) != os.getpid():
            yield int(entry.name), command


def descendants(pid: int) -> list[int]:
    """The processes below one, deepest last."""
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [every for child in below for every in (int(child), *descendants(int(child)))]


def work_s(pid: int) -> float:
    """The processor time of a node's workers so far."""
    ticks = 0
    for child in descendants(pid):
        try:
            is_worker = Path(f"/proc/{child}/cmdline").read_bytes().startswith(b"ray::")
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12]) if is_worker else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def wait_for(reached: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not reached():
        if time.monotonic() > end:
            raise SystemExit("What was waited for did not come.")
        time.sleep(0.05)


def with_no_such(act: Callable[[], None]) -> None:
    """Do it; a process that has ended is as good."""
    try:
        act()
    except ProcessLookupError:
        return


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
