"""`curate kontext` through a real ComfyUI, as a user runs it."""

import json
import signal
from collections.abc import Iterator
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image

from curate import images
from curate.ledger import Ledger
from curate.records import Job, Task, Twin
from tests.comfyui.graphs import INVERT, QUANTIZE, SHAKY, SLOW, UNHURRIED, chain, written
from tests.comfyui.server import KONTEXT_MODELS, ComfyUI, running
from tests.conftest import wait_until
from tests.pictures import place_frames


@pytest.fixture
def mortal(tmp_path) -> Iterator[ComfyUI]:
    """A server that the test may kill."""
    for (server,) in running(tmp_path / "comfyui"):
        yield server


def with_graph(curate, *nodes, count=3, extra=None):
    """A workspace with frames and a graph; the arguments that use it."""
    place_frames(curate.workspace, count)
    written(curate.folder / "graph.json", chain(*nodes) | (extra or {}))
    return "kontext", "--quiet", "--workflow", "graph.json", "--server"


def files(workspace):
    folder = workspace / "twins"
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def made(curate):
    return len(list((curate.workspace / "twins/simplify/twin").glob("*.png")))


def rows(curate, kind):
    with Ledger(curate.workspace) as ledger:
        return ledger.all(kind)


def test_a_users_graph_makes_pairs_end_to_end(curate, comfy):
    arguments = with_graph(curate, QUANTIZE, INVERT)

    done = curate(*arguments, comfy.url, "--json")

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    print(f"\nran through the real ComfyUI {said['servers'][comfy.url]}")
    assert said["servers"] == {comfy.url: comfy.version()} == {comfy.url: "0.3.75"}
    assert len(said["twins"]) == 3
    for twin in said["twins"]:
        frame, answer = (images.read(curate.workspace / twin[half]) for half in ("frame", "twin"))
        assert frame.shape == answer.shape == (752, 1392, 3)
        assert len(np.unique(answer.reshape(-1, 3), axis=0)) <= 24
        assert np.median(np.abs(answer.astype(int) - (255 - frame.astype(int)))) < 16


def test_the_frames_half_is_the_very_image_that_was_sent(curate, comfy):
    arguments = with_graph(curate, INVERT)

    curate(*arguments, comfy.url)

    for twin in rows(curate, Twin):
        frame, answer = (
            images.read(curate.workspace / path) for path in (twin.frame_path, twin.twin_path)
        )
        assert np.abs(answer.astype(int) - (255 - frame.astype(int))).max() <= 1


def test_the_graph_goes_to_the_ledger_and_stays_out_of_the_picture(curate, comfy):
    arguments = with_graph(curate, INVERT, count=1)

    curate(*arguments, comfy.url)

    (twin,) = rows(curate, Twin)
    assert twin.graph["0"]["class_type"] == "ImageInvert"
    assert twin.made_by == "ComfyUI 0.3.75"
    with Image.open(curate.workspace / twin.twin_path) as picture:
        assert not {"prompt", "workflow"} & picture.info.keys()


def test_preflight_names_the_missing_models_before_anything_is_uploaded(curate, comfy):
    place_frames(curate.workspace, 1)
    uploaded = set((comfy.base / "input").rglob("*.png"))

    done = curate("kontext", "--server", comfy.url)

    assert done.returncode == 4
    for name in KONTEXT_MODELS:
        folder, _, file = name.partition("/")
        assert f"{file} in models/{folder}" in done.stderr
    assert set((comfy.base / "input").rglob("*.png")) == uploaded
    assert not rows(curate, Job)


def test_models_that_break_are_failures_that_name_the_node(curate, comfy):
    place_frames(curate.workspace, 2)

    with comfy.empty_models():
        done = curate("kontext", "--server", comfy.url)

    assert done.returncode == 1
    assert "VAELoader" in done.stderr or "UNETLoader" in done.stderr or "CLIPLoader" in done.stderr
    assert done.stderr.count("error: ") == 2
    assert {task.state for task in rows(curate, Task)} == {"failed"}


def test_a_frame_the_graph_cannot_do_fails_alone(curate, comfy):
    arguments = with_graph(curate, ("ImageRotate", {"rotation": "90 degrees"}), count=2)
    place_frames(curate.workspace, 1, name="square", width=200, height=200)

    done = curate(*arguments, comfy.url)

    assert done.returncode == 1
    assert done.stderr.count("752×1392 px where the frame's half is 1392×752") == 2
    assert [twin.name for twin in rows(curate, Twin)] == ["square_00-00-00.000"]


def test_a_black_answer_is_no_twin(curate, comfy):
    size = {"width": 1392, "height": 752, "batch_size": 1}
    both = {"image1": ["in", 0], "image2": ["black", 0]}
    multiplied = {
        "black": {"class_type": "EmptyImage", "inputs": size | {"color": 0}},
        "0": {
            "class_type": "ImageBlend",
            "inputs": both | {"blend_factor": 1.0, "blend_mode": "multiply"},
        },
    }
    arguments = with_graph(curate, INVERT, count=1, extra=multiplied)

    done = curate(*arguments, comfy.url)

    assert done.returncode == 1
    assert "it is black" in done.stderr
    assert not files(curate.workspace)


def test_a_graph_that_the_server_refuses_is_explained(curate, comfy):
    arguments = with_graph(curate, ("ImageQuantize", {"colors": 9999, "dither": "none"}))

    done = curate(*arguments, comfy.url)

    assert done.returncode == 4
    assert "ImageQuantize" in done.stderr
    assert "colors" in done.stderr


def test_a_graph_without_an_image_input_is_refused(curate, comfy):
    place_frames(curate.workspace, 1)
    empty = {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64}}
    save = {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}}
    written(curate.folder / "graph.json", {"1": empty, "2": save})

    done = curate("kontext", "--workflow", "graph.json", "--server", comfy.url)

    assert done.returncode == 3
    assert "No image goes into the graph" in done.stderr


def test_killed_at_any_moment_nothing_is_made_twice_and_the_set_is_the_same(curate, comfy):
    arguments = with_graph(curate, UNHURRIED, INVERT, count=6)
    before = comfy.prompts_taken()
    for number in (0, 1, 3):
        curate.stop_when(lambda number=number: made(curate) > number, *arguments, comfy.url)

    done = curate(*arguments, comfy.url)

    assert done.returncode == 0, done.stderr
    disturbed = files(curate.workspace)
    assert comfy.prompts_taken() - before == 6
    calm = curate("-w", "calm", *with_graph_in(curate, "calm"), comfy.url)
    assert calm.returncode == 0, calm.stderr
    assert files(curate.folder / "calm") == disturbed


def with_graph_in(curate, workspace):
    place_frames(curate.folder / workspace, 6)
    return "kontext", "--quiet", "--workflow", "graph.json", "--server"


def test_a_server_killed_in_mid_run_is_lost_and_after_its_restart_the_set_is_the_same(
    curate, mortal
):
    arguments = with_graph(curate, UNHURRIED, INVERT, count=6)
    patience = ("--server-timeout", 1, "--give-up-after", 1)
    running_one = curate.start(*arguments, mortal.url, *patience)
    wait_until(lambda: made(curate) > 1)
    mortal.kill()
    _, errors = running_one.communicate(timeout=60)

    assert running_one.returncode == 1
    assert f"ComfyUI at {mortal.url} stopped answering with" in errors
    assert "Restart ComfyUI and run the same command again" in errors
    kept = made(curate)
    assert kept >= 2

    mortal.start()
    mortal.wait_ready()
    done = curate(*arguments, mortal.url)

    assert f"{kept} were there already" in done.stdout
    curate("-w", "calm", *with_graph_in(curate, "calm"), mortal.url)
    assert files(curate.folder / "calm") == files(curate.workspace)


def test_a_server_that_is_killed_for_good_leaves_its_frames_to_the_other(curate, comfy, mortal):
    station, _, *graph = with_graph(curate, UNHURRIED, INVERT, count=8)
    both = curate.start(
        station, "--json", *graph, comfy.url, "--server", mortal.url, "--server-timeout", 1
    )
    wait_until(mortal.outputs)
    mortal.kill()
    said, told = both.communicate(timeout=120)

    assert both.returncode == 0, told
    assert len(json.loads(said)["twins"]) == made(curate) == 8
    assert f"answers at {mortal.url}: connection refused. The others take over its frames." in told


def test_rejected_twins_are_made_again_by_the_server_until_all_are_kept(curate, comfy):
    arguments = (*with_graph(curate, SHAKY, count=2)[:-1], "--size", "multiple-of-16", "--server")
    taken = comfy.prompts_taken()

    rulings, rounds = [], 0
    retry = (*arguments, comfy.url, "--retry", "rejected", "--tries", 9, "--json")
    assert curate(*arguments, comfy.url).returncode == 0
    while set(rulings) != {"keep"} and rounds < 9:
        assert curate("pair-check", "--quiet", "--clip", "none").returncode == 0
        with Ledger(curate.workspace) as ledger:
            rulings = list(ledger.chosen().values())
        again = curate(*retry)
        assert again.returncode == 0, again.stderr
        assert len(json.loads(again.stdout)["twins"]) == rulings.count("reject")
        rounds += 1

    assert rounds > 1
    assert rulings == ["keep"] * 2
    assert comfy.prompts_taken() - taken == len(rows(curate, Twin)) > 2


def test_ctrl_c_cancels_our_waiting_jobs_and_nobody_elses(curate, comfy):
    arguments = with_graph(curate, UNHURRIED, UNHURRIED, count=6)
    foreign = str(uuid4())

    def two_are_made():
        if made(curate) == 1 and foreign not in comfy.queued():
            image = next((comfy.base / "input/curate").glob("*.png")).name
            comfy.submit(chain(SLOW, image=f"curate/{image}", prefix="theirs"), foreign)
        return made(curate) > 1

    code = curate.stop_when(two_are_made, *arguments, comfy.url, signal_number=signal.SIGINT)

    assert code == 130
    ours = {job.prompt_id for job in rows(curate, Job)}
    assert len(comfy.queued() & ours) <= 1  # the running one finishes
    wait_until(lambda: not comfy.queued())
    assert comfy.get(f"/history/{foreign}")[foreign]["status"]["completed"]
    assert curate(*arguments, comfy.url).returncode == 0
    assert made(curate) == 6
