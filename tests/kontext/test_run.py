"""`curate kontext` with the embedded simplifier: planning, resuming, replacing."""

import json
import subprocess
import sys

import numpy as np
import pytest

from curate import images
from curate.kontext import run
from curate.ledger import Ledger
from curate.records import Task, Twin
from tests.comfyui.graphs import INVERT, chain, written
from tests.comfyui.server import free_port
from tests.pictures import place_frames, room

EMBEDDED = ("kontext", "--backend", "embedded", "--quiet")


def tree(workspace):
    folder = workspace / "twins"
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def twins(workspace):
    with Ledger(workspace) as ledger:
        return ledger.all(Twin)


def test_every_frame_gets_a_twin_of_its_own_size_and_a_record(curate):
    frames = place_frames(curate.workspace, 3)

    done = curate(*EMBEDDED, "--json")

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["concept"] == "density"
    assert [twin["name"] for twin in said["twins"]] == [f"film_00-00-0{n}.000" for n in range(3)]
    for twin in twins(curate.workspace):
        halves = [images.read(curate.workspace / p) for p in (twin.frame_path, twin.twin_path)]
        assert halves[0].shape == halves[1].shape == (twin.height, twin.width, 3)
        assert not np.array_equal(*halves)
        assert twin.made_by == "preview quality: embedded simplifier, not Kontext"
        assert twin.frame_id in {frame.id for frame in frames}
        assert twin.crop == (0, 4, 320, 176)


def test_the_preview_says_that_it_is_one(curate):
    place_frames(curate.workspace, 1)

    assert "Preview quality: embedded simplifier, not Kontext" in curate(*EMBEDDED).stdout


def test_a_second_run_makes_nothing(curate):
    place_frames(curate.workspace, 2)
    curate(*EMBEDDED)
    times = {p: p.stat().st_mtime_ns for p in curate.workspace.rglob("*.png")}

    done = curate(*EMBEDDED)

    assert "2 were there already" in done.stdout
    assert times == {p: p.stat().st_mtime_ns for p in curate.workspace.rglob("*.png")}


@pytest.mark.parametrize("half", ["frame", "twin"])
def test_a_deleted_half_is_made_again_with_the_same_bytes(curate, half):
    place_frames(curate.workspace, 2)
    curate(*EMBEDDED)
    before = tree(curate.workspace)
    (curate.workspace / "twins/simplify" / half / "film_00-00-01.000.png").unlink()

    done = curate(*EMBEDDED)

    assert "1 twin made" in done.stdout
    assert tree(curate.workspace) == before


def test_another_seed_makes_a_newer_twin_that_takes_the_old_ones_place(curate):
    place_frames(curate.workspace, 2)
    curate(*EMBEDDED)
    before = {twin.id for twin in twins(curate.workspace)}

    curate(*EMBEDDED, "--seed", 7)

    after = twins(curate.workspace)
    assert {twin.seed for twin in after} == {7}
    assert len(after) == 2
    assert not before & {twin.id for twin in after}
    with Ledger(curate.workspace) as ledger:
        assert len(ledger.all(Task, station="kontext")) == 2


def test_each_frame_has_a_seed_of_its_own(curate):
    place_frames(curate.workspace, 3)
    curate(*EMBEDDED)

    assert len({twin.seed for twin in twins(curate.workspace)}) == 3


def test_the_environment_names_every_option(curate):
    place_frames(curate.workspace, 1)
    said = {"CURATE_KONTEXT_SEED": "7", "CURATE_KONTEXT_VARIANTS": "2"}

    done = curate("kontext", "--quiet", **said, CURATE_KONTEXT_BACKEND="embedded")

    assert done.returncode == 0, done.stderr
    assert {twin.seed for twin in twins(curate.workspace)} == {7, 8}


def test_two_instructions_stand_side_by_side(curate):
    place_frames(curate.workspace, 1)
    curate(*EMBEDDED)
    curate(*EMBEDDED, "--prompt", "night")

    assert {twin.prompt for twin in twins(curate.workspace)} == {"simplify", "night"}


def test_an_unreadable_frame_fails_alone_and_is_tried_again(curate):
    place_frames(curate.workspace, 3)
    broken = curate.workspace / "frames/film_00-00-01.000.png"
    whole = broken.read_bytes()
    broken.write_bytes(whole[: len(whole) // 2])

    done = curate(*EMBEDDED)

    assert done.returncode == 1
    assert "film_00-00-01.000.png" in done.stderr
    assert len(twins(curate.workspace)) == 2
    broken.write_bytes(whole)
    assert curate(*EMBEDDED).returncode == 0
    assert len(twins(curate.workspace)) == 3


def test_a_frame_that_was_exchanged_is_not_taken_for_the_extracted_one(curate):
    place_frames(curate.workspace, 1)
    images.write(curate.workspace / "frames/film_00-00-00.000.png", room(1, 100, 100))

    done = curate(*EMBEDDED)

    assert done.returncode == 3
    assert "not as it was extracted" in done.stderr


def test_a_limit_makes_so_many_and_the_next_run_the_next(curate):
    place_frames(curate.workspace, 3)

    assert "2 twins made" in curate(*EMBEDDED, "--limit", 2).stdout
    assert "1 twin made" in curate(*EMBEDDED, "--limit", 2).stdout


def test_a_dry_run_says_what_and_writes_nothing(curate):
    place_frames(curate.workspace, 2)
    before = {p: p.read_bytes() for p in curate.workspace.rglob("*") if p.is_file()}

    done = curate("kontext", "--dry-run")

    assert "simplify/film_00-00-00.000" in done.stdout
    assert "2 twins would be made" in done.stdout
    after = {p: p.read_bytes() for p in curate.workspace.rglob("*") if p.is_file()}
    assert after.keys() == before.keys()


def test_without_frames_it_says_what_to_run_and_makes_no_workspace(curate):
    done = curate(*EMBEDDED)

    assert done.returncode == 3
    assert "curate extract" in done.stderr
    assert not curate.workspace.exists()


def test_without_a_server_it_says_how_to_go_on(curate):
    place_frames(curate.workspace, 1)

    done = curate("kontext", "--server", f"127.0.0.1:{free_port()}")

    assert done.returncode == 4
    assert "--backend embedded" in done.stderr
    assert not twins(curate.workspace)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--prompt", "nonsense"), 3, "no instruction 'nonsense'"),
        (("--workflow", "none.json"), 3, "No such file"),
        (("--workflow", "graph.json", "--backend", "embedded"), 2, "runs no graph"),
        (("--workflow", "graph.json", "--image-node", "9"), 3, "Node 9 cannot be the image"),
        (("--server", "ftp://x"), 2, "no address"),
        (("--backend", "kontext"), 2, "kontext"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_exit_code(curate, arguments, code, said):
    place_frames(curate.workspace, 1)
    written(curate.folder / "graph.json", chain(INVERT))

    done = curate("kontext", *arguments)

    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="ulimit fills the disk for this one process")
def test_a_full_disk_is_said_and_nothing_is_half_written(curate):
    place_frames(curate.workspace, 1)
    noise = np.random.default_rng(0).integers(0, 256, (180, 320, 3), np.uint8)
    images.write(curate.workspace / "frames/film_00-00-00.000.png", noise)

    done = subprocess.run(
        ["bash", "-c", f'ulimit -f 500; exec "{sys.executable}" -m curate {" ".join(EMBEDDED)}'],
        cwd=curate.folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 3
    assert "The disk is full" in done.stderr
    assert not tree(curate.workspace)


def test_killed_at_any_moment_the_next_run_completes_the_same_set(curate, tmp_path):
    place_frames(curate.workspace, 6)
    place_frames(tmp_path / "calm", 6)
    curate("-w", tmp_path / "calm", *EMBEDDED)
    twin_folder = curate.workspace / "twins/simplify/twin"

    for made in (0, 2, 4):
        curate.stop_when(lambda made=made: len(list(twin_folder.glob("*.png"))) > made, *EMBEDDED)
    done = curate(*EMBEDDED)

    assert done.returncode == 0, done.stderr
    assert tree(curate.workspace) == tree(tmp_path / "calm")
    assert twins(curate.workspace) == twins(tmp_path / "calm")


def test_killed_while_replacing_the_old_setting_is_made_again(curate):
    """The files on disk are never taken for what the ledger says of an older run."""
    place_frames(curate.workspace, 4)
    curate(*EMBEDDED)
    with Ledger(curate.workspace) as ledger:
        recipe = run.recipes.of("simplify", "embedded", seed=7)
        found = run.plan(ledger, recipe, run.Takes())
        next(run._begun(ledger, found.todo))  # and here it is killed

    assert "1 twin made" in curate(*EMBEDDED).stdout
