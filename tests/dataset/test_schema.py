"""Every rule of Musubi's dataset schema, on a dataset written from films of many shapes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from curate import images
from curate.dataset import parser
from curate.dataset.check import check
from curate.dataset.run import Settings, dataset
from curate.ledger import Ledger
from tests.dataset.test_musubi import obey_the_schema
from tests.dataset.workspaces import place_pair
from tests.pairs.scenes import scene, twin_of

SHAPES = {
    "君の名は。_00-00-01.000": ((640, 360), (256, 144)),
    "[BD] Akira (1988)_00-00-02.500": ((640, 346), (256, 144)),
    "Le Château dans le ciel_00-01-00.000": ((640, 268), (288, 128)),
    "ΑΒΓ 4x3_00-00-03.000": ((480, 360), (224, 160)),
    "portrait ♥_00-00-04.000": ((270, 480), (144, 256)),
    "a 'quoted' \"name\"_00-00-05.000": ((640, 360), (256, 144)),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("films [BDRip] of 東京?") / "data"
    for seed, (name, (size, _)) in enumerate(SHAPES.items()):
        shape = {"width": size[0], "height": size[1]}
        place_pair(place, name, (scene(seed, **shape), twin_of(seed, **shape)))
    caches = tmp_path_factory.mktemp("caches")
    with Ledger(place) as ledger:
        report = dataset(ledger, Settings(cache=caches))
        assert report.failures == ()
        assert len(report.notes) == 3  # a shape of its own: 2.39:1, 4:3 and portrait
    return place / "dataset"


@pytest.mark.parametrize("half", ["dense", "sparse"])
def test_each_file_obeys_the_schema_and_every_image_is_found_with_its_caption(
    folder: Path, half: str
) -> None:
    settings = obey_the_schema((folder / f"{half}.toml").read_bytes().decode())

    place = Path(settings["image_directory"])
    found = {file.stem for file in place.iterdir() if file.suffix in (".png", ".jpg")}
    assert found == SHAPES.keys()
    assert {f.name for f in place.iterdir()} == {
        name + suffix for name in found for suffix in (".png", settings["caption_extension"])
    }
    assert not any(path.is_dir() for path in place.iterdir())


def test_the_halves_share_no_folder_and_have_equal_names_and_sizes(folder: Path) -> None:
    dense, sparse = (
        obey_the_schema((folder / f"{half}.toml").read_text("utf-8"))
        for half in ("dense", "sparse")
    )

    for key in ("image_directory", "cache_directory"):
        assert dense[key] != sparse[key]
    for name, (_, size) in SHAPES.items():
        for half in ("dense", "sparse"):
            assert images.size(folder / half / f"{name}.png") == size
    assert {k: v for k, v in dense.items() if "directory" not in k} == {
        k: v for k, v in sparse.items() if "directory" not in k
    }


def test_musubi_would_drop_and_crop_nothing(folder: Path) -> None:
    assert check(folder.parent) == ()


@pytest.mark.parametrize("half", ["dense", "sparse"])
def test_the_training_file_names_what_is_there_in_keys_that_musubi_knows(
    folder: Path, half: str
) -> None:
    known = parser.keys("wan_train_network.py")

    settings = tomllib.loads((folder / f"train_{half}.toml").read_text("utf-8"))

    assert settings.keys() <= known.keys()
    assert Path(settings["dataset_config"]) == folder / f"{half}.toml"
    assert Path(settings["sample_prompts"]) == folder / "sample_prompts.json"
    assert json.loads((folder / "sample_prompts.json").read_text("utf-8"))[0]["prompt"] == ""
    assert settings["network_alpha"] == settings["network_dim"] == 16


def test_the_data_about_musubi_agrees_with_what_its_schema_was_seen_to_be() -> None:
    assert parser.VERSION == "0.3.4"
    assert parser.keys("image").keys() >= {"image_directory", "cache_directory"}
    video = parser.keys("video")
    assert (video["source_fps"], video["target_frames"]) == ("float", "list")
    assert "image_directory" not in parser.keys("general")
    flags = {"fp8_scaled", "save_precision", "network_alpha", "preserve_distribution_shape"}
    assert flags <= parser.keys("wan_train_network.py").keys()
