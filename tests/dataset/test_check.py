from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from curate import images
from curate.dataset.check import check
from curate.dataset.run import Settings, dataset
from curate.errors import NothingYet
from curate.ledger import Ledger
from tests.conftest import Cli
from tests.dataset.workspaces import place_pairs
from tests.pairs.scenes import scene

NAME = "film_00-00-00.500"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with three pairs in a dataset of full size, and their caches."""
    place = tmp_path_factory.mktemp("checked") / "data"
    names = place_pairs(place, 3)
    with Ledger(place) as ledger:
        dataset(ledger, Settings(keep_size=True))
    for half in ("dense", "sparse"):
        for name in names:
            for ending in ("0320x0180_wan", "wan_te"):
                (place / "dataset" / "cache" / half / f"{name}_{ending}.safetensors").touch()
    return place


@pytest.fixture
def workspace(written: Path) -> Path:
    """The same place, as it was, after each test."""
    kept = written.with_name("kept")
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(written, kept)
    yield written
    shutil.rmtree(written)
    shutil.move(kept, written)


def test_a_dataset_as_it_was_written_has_nothing_to_find(workspace: Path) -> None:
    assert check(workspace) == ()


def in_toml(old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "dense.toml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8", newline="\n")

    return change


def copied(source: str, target: str) -> Callable[[Path], object]:
    return lambda folder: shutil.copy(folder / source, folder / target)


IMAGE = f"dense/{NAME}.png"


@pytest.mark.parametrize(
    ("harm", "item", "problem"),
    [
        (lambda f: (f / f"dense/{NAME}.txt").unlink(), IMAGE, "dropped: it has no"),
        (lambda f: (f / f"dense/{NAME}.txt").write_bytes(b"\xff"), IMAGE, "not UTF-8"),
        (lambda f: (f / IMAGE).write_bytes(b"no image"), IMAGE, "Musubi would stop"),
        (lambda f: (f / IMAGE).unlink(), f"sparse/{NAME}", "no counterpart in dense"),
        (lambda f: images.write(f / IMAGE, scene(1)), NAME, "differ in size: 640×360 and 320×180"),
        (lambda f: (f / "dense/more").mkdir(), "dense/more", "not look into folders"),
        (copied(IMAGE, "dense/a.tif"), "dense/a.tif", "dropped"),
        (copied(IMAGE, f"dense/{NAME}.jpg"), f"dense/{NAME}.png", "shares its cache"),
        (
            copied(f"cache/dense/{NAME}_wan_te.safetensors", "cache/dense/gone_wan_te.safetensors"),
            "cache/dense/gone_wan_te.safetensors",
            "stale",
        ),
        (
            copied(
                f"cache/dense/{NAME}_0320x0180_wan.safetensors",
                f"cache/dense/{NAME}_0640x0360_wan.safetensors",
            ),
            f"cache/dense/{NAME}_0640x0360_wan.safetensors",
            "its image has 320×180 px",
        ),
        (lambda f: (f / IMAGE).touch(), f"cache/dense/{NAME}_wan_te.safetensors", "newer"),
        (in_toml('".txt"', '"txt"'), "dense.toml", "every caption would be missed"),
        (in_toml("num_repeats", "repeats"), "dense.toml", "'repeats' in [[datasets]]"),
        (in_toml("batch_size = 1", 'batch_size = "1"'), "dense.toml", "is not int"),
        (in_toml("cache/dense", "cache/sparse"), "cache_directory", "one for both halves"),
        (in_toml("cache/dense", "[cache]/dense"), "dense.toml", "no cache would be found"),
        (in_toml("[general]", "general"), "dense.toml", "not TOML"),
        (in_toml("/dense", "/nowhere"), "dense", "train on nothing"),
    ],
)
def test_each_thing_that_musubi_would_do_unasked_is_listed(
    workspace: Path, harm: Callable[[Path], object], item: str, problem: str
) -> None:
    harm(workspace / "dataset")

    found = check(workspace)

    assert any(one.item == item and problem in one.problem and one.is_loss for one in found), found


def test_what_musubi_would_crop_is_listed_but_is_no_loss(workspace: Path) -> None:
    for half in ("dense", "sparse"):
        images.write(workspace / "dataset" / half / f"{NAME}.png", scene(1, width=480, height=200))
        for cache in (workspace / "dataset" / "cache" / half).glob("*"):
            cache.unlink()

    found = check(workspace)

    assert [(one.item, one.is_loss) for one in found] == [
        (f"{half}/{NAME}.png", False) for half in ("dense", "sparse")
    ]
    assert "19 px of it cropped to 288×128" in found[0].problem


def test_the_command_ends_with_5_if_anything_would_be_lost(curate: Cli) -> None:
    assert curate("dataset", "--check").returncode == 3
    place_pairs(curate.workspace, 1)
    assert curate("dataset").returncode == 0
    fine = curate("dataset", "--check")
    curate.workspace.rename(curate.folder / "moved")

    moved = curate("-w", "moved", "dataset", "--check", "--json")

    assert fine.returncode == 0, fine.stdout
    assert "every image of both halves" in fine.stdout
    assert moved.returncode == 5
    assert "run `curate dataset`" in json.loads(moved.stdout)["findings"][0]["problem"]


def test_without_a_dataset_there_is_nothing_to_check(tmp_path: Path) -> None:
    with pytest.raises(NothingYet):
        check(tmp_path)
