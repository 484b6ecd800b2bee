from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from curate import images
from curate.dataset import resample
from curate.ledger import Ledger
from curate.records import Task
from tests.conftest import Cli
from tests.dataset.test_musubi import obey_the_schema
from tests.dataset.workspaces import HALVES, check, held, made
from tests.pairs.scenes import place_twin, place_twins, scene, shifted, twin_of


def test_a_second_run_writes_nothing_anew(workspace: Path) -> None:
    made(workspace)
    stamps = {f: f.stat().st_mtime_ns for f in (workspace / "dataset").rglob("*.png")}

    again = made(workspace)

    assert again.written == ()
    assert {f: f.stat().st_mtime_ns for f in (workspace / "dataset").rglob("*.png")} == stamps


def test_a_deleted_file_is_made_again(workspace: Path) -> None:
    made(workspace)
    before = held(workspace)
    (workspace / "dataset" / "dense" / "a.txt").unlink()

    assert made(workspace).written == ("a",)
    assert held(workspace) == before


def test_pairs_no_longer_kept_are_taken_out_and_nobody_elses_files(workspace: Path) -> None:
    made(workspace)
    mine = workspace / "dataset" / "dense" / "mine.png"
    images.write(mine, scene(9))
    check(workspace, b="reject")

    report = made(workspace)

    assert report.removed == ("b",)
    assert {Path(name).stem for name in held(workspace) if "/" in name} == {"a", "mine"}
    assert "holds 1 images that are not ours, mine.png first" in report.notes[0]


def test_a_new_twin_replaces_the_old_one(workspace: Path) -> None:
    made(workspace)
    place_twin(workspace, "a", scene(2), twin_of(2) // 2 * 2)
    check(workspace)

    assert made(workspace).written == ("a",)
    twin = images.read(workspace / "twins" / "simplify" / "twin" / "a.png")
    placed = images.decode(held(workspace)["sparse/a.png"])
    assert (placed == resample.resize(twin, 256, 144, (0, 0, 640, 360))).all()


def caches(workspace: Path) -> list[Path]:
    folder = workspace / "dataset" / "cache"
    return [
        folder / half / f"a_0640x0360_wan{end}.safetensors"
        for half in HALVES
        for end in ("", "_te")
    ]


@pytest.mark.parametrize("change", ["nothing", "resolution", "fewer", "twin", "captions"])
def test_caches_of_another_set_or_resolution_are_emptied(workspace: Path, change: str) -> None:
    made(workspace)
    for file in caches(workspace):
        file.touch()
    kept = workspace / "dataset" / "cache" / "dense" / "kept.safetensors"
    kept.touch()
    if change == "fewer":
        check(workspace, b="reject")
    if change == "twin":
        place_twin(workspace, "a", scene(2), twin_of(2) // 2 * 2)
        check(workspace)

    words = ("same", "street") if change == "captions" else ("empty",)
    report = made(workspace, resolution=256 if change == "resolution" else 192, captions=words)

    assert report.emptied_caches == (0 if change == "nothing" else 4)
    assert [file.exists() for file in caches(workspace)] == [change == "nothing"] * 4
    assert kept.exists()


def test_a_half_that_changed_since_it_was_checked_is_left_out_and_named(workspace: Path) -> None:
    made(workspace)
    place_twin(workspace, "a", scene(2), shifted(twin_of(2), 30, 0))
    (workspace / "dataset" / "dense" / "a.png").unlink()

    report = made(workspace)

    assert [failure.item for failure in report.failures] == ["a"]
    assert "has changed since it was checked" in report.failures[0].message
    assert report.pairs == ("b",)
    assert {Path(name).stem for name in held(workspace) if "/" in name} == {"b"}


def test_a_half_that_was_only_touched_since_it_was_checked_is_taken(workspace: Path) -> None:
    touch = workspace / "twins" / "simplify" / "twin" / "a.png"
    os.utime(touch, ns=(1, 1))

    assert made(workspace).pairs == ("a", "b")


@pytest.mark.parametrize("count", [1, 5, 12])
def test_killed_at_any_moment_the_next_run_ends_as_an_undisturbed_one(
    curate: Cli, count: int
) -> None:
    place_twins(curate.workspace, 12)
    check(curate.workspace)
    undisturbed = curate.folder / "other" / "data"
    shutil.copytree(curate.workspace, undisturbed)
    made(undisturbed)

    def placed() -> bool:
        return len(list((curate.workspace / "dataset").glob("sparse/*.png"))) >= count

    curate.stop_when(placed, "dataset")
    assert curate("dataset").returncode == 0

    for half in HALVES:
        before, after = (
            {name: data for name, data in held(place).items() if name.startswith(f"{half}/")}
            for place in (undisturbed, curate.workspace)
        )
        assert before == after
        obey_the_schema((curate.workspace / "dataset" / f"{half}.toml").read_text("utf-8"))
    with Ledger(curate.workspace) as ledger:
        assert len(ledger.all(Task, station="dataset", state="done")) == 13  # and the whole
