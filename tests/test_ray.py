"""The same work on Ray: one node of it, for this whole file."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from curate import engine
from curate.demo import film
from curate.engine.needs import Needs
from tests.conftest import Cli, wait_until
from tests.test_engine import ROOT, die_on_three, is_running, leave_trace, refuse_odd
from tests.test_loop import snapshot

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Ray's nodes are for Linux")


@dataclass(frozen=True)
class Head:
    address: str
    environment: dict[str, str]

    def run(self, function: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a function of this module in a process of its own."""
        code = f"from tests import test_ray; test_ray.{function}(*{list(arguments)!r})"
        return subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=os.environ | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    """A Ray of one node, two workers at a time; its folder is short for the sake of its sockets."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    environment = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_memory_monitor_refresh_ms": "0",
        "PYTHONPATH": str(ROOT),
    }
    folder = Path(tempfile.mkdtemp(prefix="curate-test-", dir="/tmp"))
    started = subprocess.Popen(
        [
            *(Path(sys.executable).with_name("ray"), "start", "--head", "--block"),
            *("--node-ip-address", "127.0.0.1", "--port", address.partition(":")[2]),
            *("--num-cpus", "2", "--object-store-memory", "100000000"),
            *("--include-dashboard", "false", "--temp-dir", folder),
        ],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert any("Ray runtime started" in line for line in started.stdout)
        yield Head(address, environment)
    finally:
        started.terminate()
        started.communicate(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


@cache
def model() -> list[int]:
    """Stands for one: made once in each process."""
    return [0]


def use_model(_: int) -> tuple[int, int]:
    model()[0] += 1
    return os.getpid(), model()[0]


def three_maps(address: str, folder: str) -> None:
    """What became of the items of three maps, as JSON."""
    with engine.ray(address, Path(folder)):
        died = {o.item: o for o in engine.map(die_on_three, range(8))}
        refused = {o.item: o for o in engine.map(refuse_odd, range(4))}
        used = [o.result for o in engine.map(use_model, range(20))]
    told = {
        "died": {n: o.failure and o.failure.message for n, o in died.items()},
        "refused": {n: o.failure and o.failure.message for n, o in refused.items()},
        "used": used,
    }
    print(json.dumps(told))


@pytest.fixture(scope="module")
def maps(head, tmp_path_factory):
    ran = head.run("three_maps", head.address, str(tmp_path_factory.mktemp("shared")))
    stdout, stderr = ran.communicate(timeout=180)
    assert ran.returncode == 0, stderr
    assert stderr == ""
    return json.loads(stdout)


def hold_workers(address: str, folder: str) -> None:
    with engine.ray(address, Path(folder)):
        for _ in engine.map(leave_trace, [folder] * 2):
            pass


@pytest.fixture(scope="module")
def looped(head, tmp_path_factory) -> tuple[Cli, Cli]:
    """The loop over a film of two pieces, here and on Ray."""
    drawn = tmp_path_factory.mktemp("film") / "film.mp4"
    places = ("street", "market", "library", "kitchen")
    film.draw(drawn, [film.Take(place, 6) for place in places], size=(320, 180))
    loops = []
    on_ray = ("--engine", "ray", "--ray-address", head.address)
    for name, options in (("here", ()), ("ray", on_ray)):
        curate = Cli(tmp_path_factory.mktemp(name))
        for command in (
            ("extract", drawn, *options),
            ("kontext", "--prompt", "simplify.txt", "--backend", "embedded"),
            ("pair-check", *options),
            ("dataset", *options),
        ):
            ran = curate(*command, **head.environment)
            assert ran.returncode == 0, ran.stderr
        loops.append(curate)
    return loops[0], loops[1]


def test_the_ledger_and_the_files_are_those_of_a_run_on_this_machine(looped):
    here, on_ray = (snapshot(curate) for curate in looped)

    assert here["ledger"] == on_ray["ledger"]
    assert here.keys() == on_ray.keys()
    assert all(here[name] == on_ray[name] for name in here if name.endswith(".png"))


def test_an_item_that_kills_its_worker_three_times_is_set_aside(maps):
    assert sorted(maps["died"]) == [str(n) for n in range(8)]
    assert [n for n, told in maps["died"].items() if told] == ["3"]
    assert maps["died"]["3"] == "The worker process died on 3, three times."


def test_an_error_in_a_worker_is_a_failure_of_its_item(maps):
    assert maps["refused"]["2"] is None
    assert maps["refused"]["3"] == "There is no film 3.mkv."


def test_a_worker_keeps_what_it_has_loaded(maps):
    processes = {process for process, _ in maps["used"]}

    assert len(processes) <= 2
    assert sum(max(n for p, n in maps["used"] if p == process) for process in processes) == 20


@pytest.mark.skipif(not Path("/proc").exists(), reason="reads Linux's process table")
def test_ctrl_c_leaves_no_work_running(head, tmp_path):
    parent = head.run("hold_workers", head.address, str(tmp_path))
    wait_until(lambda: len(list(tmp_path.glob("[0-9]*"))) == 2)

    os.killpg(parent.pid, signal.SIGINT)
    parent.communicate(timeout=60)

    wait_until(lambda: not any(is_running(int(t.name)) for t in tmp_path.glob("[0-9]*")))


def test_an_address_where_nothing_listens_is_said_in_a_sentence(curate):
    ran = curate("extract", ".", "--engine", "ray", "--ray-address", "127.0.0.1:9")

    assert ran.returncode == 3
    assert "Cannot join a Ray cluster at 127.0.0.1:9: " in ran.stderr
    assert "ray start" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_what_a_killed_run_left_is_swept_away(curate):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, used = (Path(f"/tmp/curate-ray-{pid}-test") for pid in (gone.pid, os.getpid()))
    left.mkdir()
    used.mkdir()

    curate("extract", ".", "--engine", "ray", "--ray-address", "127.0.0.1:9")

    assert not left.exists()
    used.rmdir()


def test_an_address_without_ray_is_refused(curate):
    ran = curate("extract", ".", "--ray-address", "127.0.0.1:9")

    assert ran.returncode == 2
    assert "--engine ray" in ran.stderr


def test_without_ray_the_way_to_it_is_said(curate):
    """A folder before all others on the path hides it, as if it were not installed."""
    (curate.folder / "sitecustomize.py").write_text(
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'ray':\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Hide())\n",
        encoding="utf-8",
    )
    path = os.pathsep.join([str(curate.folder), str(ROOT)])

    ran = curate("extract", ".", "--engine", "ray", PYTHONPATH=path)

    assert ran.returncode == 3
    assert "pip install 'curate-lora[ray]'" in ran.stderr


def test_a_machine_works_on_as_many_items_as_its_scarcest_part_has_room_for():
    assert Needs(cpus=2).fit(cpus=7, gpus=0, memory_mb=100) == 3
    assert Needs(gpus=0.5).fit(cpus=8, gpus=1, memory_mb=0) == 2
    assert Needs(memory_mb=400).fit(cpus=8, gpus=0, memory_mb=1000) == 2
