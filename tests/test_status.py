from __future__ import annotations

import json

import pytest

from curate import status
from curate.ledger import Ledger
from curate.records import Cell, Lora
from tests.dataset.workspaces import place_pairs
from tests.pairs.scenes import place_twin, place_twins, scene, twin_of


def standing(workspace):
    return {s.station: (s.done, s.failed, s.waiting) for s in status.of(workspace).stations}


@pytest.fixture
def checked(curate):
    """Two kept pairs of one instruction, two of another, and the dataset of the first."""
    place_twins(curate.workspace, 2)
    for seed in (5, 6):
        place_twin(curate.workspace, f"night_{seed}", scene(seed), twin_of(seed), prompt="flatten")
    assert curate("pair-check", "--clip", "none").returncode == 0
    assert curate("dataset", "--prompt", "simplify").returncode == 0
    return curate


def test_an_untouched_folder_has_nothing_done_and_is_not_made(tmp_path):
    found = status.of(tmp_path / "data")

    assert found.next_step.command == "curate extract film.mkv"
    assert not (tmp_path / "data").exists()


def test_the_next_command_is_of_the_workspace_that_was_named(curate):
    ended = curate("-w", "my work", "status")

    assert ended.stdout.endswith("Next: curate -w 'my work' extract film.mkv\n")
    assert curate("status").stdout.endswith("Next: curate extract film.mkv\n")


def test_the_dataset_stands_for_the_instruction_it_was_written_for(checked):
    assert standing(checked.workspace)["dataset"] == (2, 0, 0)
    assert standing(checked.workspace)["pair-check"] == (4, 0, 0)


def test_frames_that_an_instruction_has_no_twin_of_are_waiting(checked):
    assert standing(checked.workspace)["kontext"] == (4, 0, 4)


def test_a_deleted_twin_is_waiting_again(checked):
    next((checked.workspace / "twins/simplify/twin").iterdir()).unlink()

    assert standing(checked.workspace)["kontext"] == (3, 0, 5)
    assert "--backend embedded" in status.of(checked.workspace).next_step.command


def test_pairs_of_plain_folders_count(curate):
    place_twins(curate.workspace, 3)
    halves = [curate.workspace / "twins/simplify" / half for half in ("frame", "twin")]
    other = "-w", curate.folder / "other"
    folders = "--dense", halves[0], "--sparse", halves[1]
    ran = curate(*other, "pair-check", "--clip", "none", *folders)
    assert ran.returncode == 0, ran.stderr
    assert curate(*other, "dataset").returncode == 0

    found = standing(curate.folder / "other")

    assert found["pair-check"] == (3, 0, 0)
    assert found["dataset"] == (3, 0, 0)
    assert status.of(curate.folder / "other").next_step.command == "curate train --musubi DIR"


def test_frames_dropped_by_a_later_extraction_are_trained_on_nowhere(curate, drawn_film):
    for command in (
        ("extract", drawn_film, "--count", 4),
        ("kontext", "--backend", "embedded"),
        ("pair-check", "--clip", "none"),
        ("extract", drawn_film, "--count", 1),
    ):
        assert curate(*command).returncode == 0

    pairs = json.loads(curate("pair-check", "--clip", "none", "--json").stdout)["pairs"]
    curate("dataset")

    assert len(pairs) == 1
    assert len(list(curate.workspace.glob("dataset/dense/*.png"))) <= 1
    assert standing(curate.workspace)["kontext"] == (1, 0, 0)


def test_what_failed_stands_with_its_reason(curate):
    name = place_twins(curate.workspace, 2)[0]
    (curate.workspace / "twins/simplify/twin" / f"{name}.png").write_bytes(b"no image")

    assert curate("pair-check", "--clip", "none").returncode == 1

    (failed,) = status.of(curate.workspace).failed
    assert failed.item == name
    assert "not an image" in failed.reason


def test_a_moved_dataset_is_to_be_written_again_for_the_paths_in_it(curate):
    place_pairs(curate.workspace, 2)
    assert curate("dataset").returncode == 0
    moved = curate.folder / "elsewhere"
    curate.workspace.rename(moved)

    found = status.of(moved).next_step

    assert found.command == "curate dataset"
    assert f"names {curate.workspace}, where it is no longer" in found.why
    again = json.loads(curate("-w", moved, "dataset", "--json").stdout)
    assert (len(again["pairs"]), again["written"]) == (2, [])
    assert status.of(moved).next_step.command == "curate train --musubi DIR"


def test_a_trained_half_alone_is_not_merged(curate):
    place_pairs(curate.workspace, 1)
    assert curate("dataset").returncode == 0
    (curate.workspace / "loras").mkdir()
    (curate.workspace / "loras" / "dense.safetensors").touch()

    assert status.of(curate.workspace).next_step.command == "curate train --musubi DIR"


def test_a_slider_waits_to_be_seen_at_each_strength(curate):
    place_pairs(curate.workspace, 1)
    assert curate("dataset").returncode == 0
    slider, cell = (curate.workspace / name for name in ("loras/slider.safetensors", "cell.png"))
    slider.parent.mkdir()
    with Ledger(curate.workspace) as ledger, ledger.transaction():
        for path in (slider, cell):
            path.touch()
        ledger.put(Lora("l", ledger.relative(slider), "a", "b", 4, 1, 1.0))

    assert status.of(curate.workspace).next_step.command == "curate grid"
    with Ledger(curate.workspace) as ledger, ledger.transaction():
        ledger.put(Cell("c", "slider", "a street", 1, 0.0, ledger.relative(cell), "", "ComfyUI"))
    assert status.of(curate.workspace).next_step.command == ""
    assert standing(curate.workspace)["grid"] == (1, 0, 0)
