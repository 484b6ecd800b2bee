"""`curate kontext` through faults, as a user meets them: real servers, a proxy of ours between."""

import json
import os
import random
import signal
import subprocess
import sys

import numpy as np
import pytest

from curate import images
from curate.ledger import Ledger
from curate.records import Job, Twin
from tests.comfy.fault_proxy import Fault, FaultProxy
from tests.comfyui.graphs import INVERT, chain, gate, sleep, written
from tests.conftest import wait_until
from tests.pictures import place_frames


@pytest.fixture
def go(comfy, tmp_path):
    """The file that opens the gate; a test that fails leaves no job standing before it."""
    yield tmp_path / "go"
    (tmp_path / "go").touch()
    wait_until(lambda: not comfy.queued())


@pytest.fixture
def proxy(comfy):
    with FaultProxy(comfy.url) as proxy:
        yield proxy


def with_graph(curate, *nodes, count=3):
    place_frames(curate.workspace, count)
    written(curate.folder / "graph.json", chain(*nodes))
    return "kontext", "--workflow", "graph.json", "--size", "multiple-of-16", "--server"


def twins(curate, workspace="data"):
    folder = curate.folder / workspace / "twins"
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.png")}


def rows(curate, kind):
    with Ledger(curate.workspace) as ledger:
        return ledger.all(kind)


def test_killed_at_ten_moments_each_frame_has_one_twin_and_none_was_paid_twice(
    curate, proxy, comfy
):
    """The moment is a random request of ours; the kill comes before or after the server sees it."""
    arguments = with_graph(curate, sleep(0.03), INVERT, count=8)
    moments = random.Random(5)
    before = comfy.prompts_taken()
    for _ in range(10):
        at, is_seen = len(proxy.requests) + moments.randint(4, 12), moments.random() < 0.5
        process = curate.start(*arguments, proxy.url, "--quiet")

        def kill(request, process=process, at=at, is_seen=is_seen):
            if len(proxy.requests) == at and not request.header("upgrade"):
                if is_seen:
                    return Fault(answer=lambda body: (process.kill(), process.wait(), body)[-1])
                process.kill()
                process.wait()
            return None

        proxy.fault = kill
        process.communicate()
        assert process.returncode in (0, -signal.SIGKILL)
    proxy.fault = lambda _request: None

    done = curate(*arguments, proxy.url, "--quiet")

    assert done.returncode == 0, done.stderr
    assert comfy.prompts_taken() - before == 8
    assert len(rows(curate, Twin)) == len({twin.frame_id for twin in rows(curate, Twin)}) == 8
    place_frames(curate.folder / "calm", 8)
    assert curate("-w", "calm", *arguments, comfy.url).returncode == 0
    assert twins(curate) == twins(curate, "calm")


def test_ctrl_c_once_keeps_what_runs_and_cancels_what_waits(curate, comfy, go):
    arguments = with_graph(curate, gate(go), INVERT, count=4)
    process = curate.start(*arguments, comfy.url)
    wait_until(lambda: comfy.running() and len(comfy.queued()) == 3)

    os.killpg(process.pid, signal.SIGINT)
    wait_until(lambda: len(comfy.queued()) == 1)
    go.touch()
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "Ctrl-C again leaves at once" in errors
    assert len(rows(curate, Twin)) == 1
    before = comfy.prompts_taken()
    assert curate(*arguments, comfy.url).returncode == 0
    assert comfy.prompts_taken() - before == 3


def test_ctrl_c_twice_leaves_at_once_and_the_next_run_finishes_the_set(curate, comfy, go):
    arguments = with_graph(curate, gate(go), INVERT, count=2)
    before = comfy.prompts_taken()
    process = curate.start(*arguments, comfy.url)
    wait_until(lambda: len(comfy.queued()) == 2)

    os.killpg(process.pid, signal.SIGINT)
    wait_until(lambda: len(comfy.queued()) == 1)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)

    assert process.returncode == 130
    assert comfy.running()  # its job stands at the gate yet
    go.touch()
    assert curate(*arguments, comfy.url).returncode == 0
    assert comfy.prompts_taken() - before == 3  # both, and the cancelled one again
    assert len(rows(curate, Twin)) == 2


def test_a_server_that_stands_still_is_given_up_after_the_times_that_were_set(curate, comfy, go):
    arguments = with_graph(curate, gate(go), INVERT, count=2)

    done = curate(*arguments, comfy.url, "--stall-after", 1, "--give-up-after", 1)

    assert done.returncode == 4
    assert "its job has not moved for 1 s" in done.stderr
    assert "waiting up to 1 s" in done.stderr


def test_two_at_once_the_second_says_who_is_at_work(curate, comfy, go):
    arguments = with_graph(curate, gate(go), INVERT, count=1)
    first = curate.start(*arguments, comfy.url)
    wait_until(comfy.running)

    second = curate(*arguments, comfy.url)
    go.touch()
    first.communicate(timeout=60)

    assert second.returncode == 3
    assert f"Another `curate kontext` is at work in data: process {first.pid} on" in second.stderr
    assert first.returncode == 0
    assert len(rows(curate, Job)) == 1


def test_with_json_each_event_is_a_line_on_stderr_and_the_result_one_object(curate, comfy):
    arguments = with_graph(curate, sleep(1.5, steps=3), INVERT, count=2)

    done = curate(*arguments, comfy.url, "--json")

    assert len(json.loads(done.stdout)["twins"]) == 2
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert {event["event"] for event in events} == {"notice", "progress", "server"}
    assert [e["done"] for e in events if e["event"] == "progress"] == [0, 1, 2]
    stood = [event for event in events if event["event"] == "server"]
    assert all(event["server"] == comfy.url for event in stood)
    assert any(e["step"] in (1, 2) and e["steps"] == 3 and e["item"] for e in stood)
    assert stood[-1]["done"] == 2
    assert stood[-1]["per_minute"] > 0
    assert stood[-1]["left_s"] == 0


def test_with_json_a_failure_is_a_line_too(curate, proxy):
    proxy.fault = lambda request: Fault(413) if request.path == "/upload/image" else None
    arguments = with_graph(curate, INVERT, count=1)

    done = curate(*arguments, proxy.url, "--json")

    assert done.returncode == 1
    (failure,) = [
        event for event in map(json.loads, done.stderr.splitlines()) if event["event"] == "failure"
    ]
    assert "too large" in failure["message"]
    assert "--max-upload-size" in failure["remedy"]


def test_what_lets_us_in_stands_in_no_file_and_no_line(curate, proxy):
    """`--header` and user:password@, where they are right and where they are refused."""
    arguments = with_graph(curate, INVERT, count=2)
    url = proxy.url.replace("://", "://me:pAsSwOrD@")
    proxy.fault = lambda request: (
        None
        if request.header("x-token") == "sEcReT" and request.header("authorization")
        else Fault(401)
    )

    good = curate(*arguments, url, "--header", "X-Token: sEcReT", "--json")
    proxy.fault = lambda request: Fault(500, request.head)
    place_frames(curate.workspace, 3)
    bad = curate(*arguments, url, "--header", "X-Token: sEcReT", "--json")
    wrong = curate(*arguments, "http://me:pAsSwOrD@[", "--header", "X-Token sEcReT")

    assert (good.returncode, bad.returncode, wrong.returncode) == (0, 4, 2)
    said = "".join(run.stdout + run.stderr for run in (good, bad, wrong))
    kept = b"".join(p.read_bytes() for p in curate.workspace.rglob("*") if p.is_file())
    for secret in ("sEcReT", "pAsSwOrD", "bWU6cEFzU3dPckQ="):
        assert secret not in said
        assert secret.encode() not in kept
    assert proxy.url in kept.decode("latin-1")


@pytest.mark.skipif(sys.platform == "win32", reason="ulimit fills the disk for this one process")
def test_a_full_disk_stops_the_run_and_the_next_one_pays_nothing_again(curate, comfy):
    arguments = with_graph(curate, INVERT, count=1)
    noise = np.random.default_rng(0).integers(0, 256, (180, 320, 3), np.uint8)
    images.write(curate.workspace / "frames/film_00-00-00.000.png", noise)
    before = comfy.prompts_taken()
    words = " ".join([*arguments, comfy.url])

    done = subprocess.run(
        ["bash", "-c", f'ulimit -f 100; exec "{sys.executable}" -m curate {words}'],
        cwd=curate.folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 3
    assert "The disk is full" in done.stderr
    assert not twins(curate)
    assert curate(*arguments, comfy.url).returncode == 0
    assert comfy.prompts_taken() - before == 1
