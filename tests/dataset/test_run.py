from __future__ import annotations

from pathlib import Path

import pytest

from curate import images
from curate.errors import BadSetting
from tests.conftest import Cli
from tests.dataset.test_musubi import obey_the_schema
from tests.dataset.workspaces import HALVES, check, held, made
from tests.pairs.scenes import place_twin, place_twins, scene, twin_of


def test_the_kept_pairs_are_two_folders_of_equal_names_with_empty_captions(
    workspace: Path,
) -> None:
    report = made(workspace)

    assert report.pairs == ("a", "b")
    names = {f"{half}/{name}" for half in HALVES for name in ("a.png", "a.txt", "b.png", "b.txt")}
    assert {name for name in held(workspace) if "/" in name} == names
    assert held(workspace)["dense/a.txt"] == b""


def test_both_folders_are_filled_in_the_order_of_names(curate: Cli) -> None:
    place_twins(curate.workspace, 12)
    check(curate.workspace)

    made(curate.workspace)

    for half in HALVES:
        folder = curate.workspace / "dataset" / half
        changed = {image.name: image.stat().st_ctime_ns for image in folder.glob("*.png")}
        assert len(changed) == 12
        assert sorted(changed, key=lambda name: changed[name]) == sorted(changed)
    assert not (curate.workspace / "dataset" / "staging").exists()


def test_both_dataset_files_obey_musubi_and_share_no_folder(workspace: Path) -> None:
    made(workspace)

    read = [
        obey_the_schema((workspace / "dataset" / f"{half}.toml").read_bytes().decode())
        for half in HALVES
    ]

    for settings, half in zip(read, HALVES, strict=True):
        images_folder, cache = settings["image_directory"], settings["cache_directory"]
        assert Path(images_folder) == workspace / "dataset" / half
        assert Path(cache) == workspace / "dataset" / "cache" / half
        assert Path(cache).is_dir()
        for image in images.listed(Path(images_folder)):
            assert image.with_suffix(settings["caption_extension"]).is_file()
    sizes = [[images.size(f) for f in images.listed(workspace / "dataset" / h)] for h in HALVES]
    assert sizes[0] == sizes[1]


def test_a_persons_ruling_decides(workspace: Path) -> None:
    check(workspace, doubtful="keep", b="reject")

    assert made(workspace).pairs == ("a", "doubtful")


def test_the_pairs_of_one_instruction_are_taken(workspace: Path) -> None:
    place_twin(workspace, "a", scene(2), twin_of(2), prompt="blur", concept="none")
    check(workspace)

    with pytest.raises(BadSetting, match="blur, simplify"):
        made(workspace)
    with pytest.raises(BadSetting, match="'blurr'"):
        made(workspace, prompt="blurr")
    assert made(workspace, prompt="blur.txt").pairs == ("a",)
    assert made(workspace, prompt="simplify").pairs == ("a", "b")


def test_a_resolution_without_buckets_is_refused(workspace: Path) -> None:
    with pytest.raises(BadSetting, match="too small"):
        made(workspace, resolution=16)
