from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from curate import images
from curate.dataset.run import Report, Settings, dataset
from curate.errors import BadSetting, NothingYet
from curate.ledger import Ledger
from curate.pairs.run import pair_check
from curate.records import Ruling, Task
from tests.conftest import Cli
from tests.dataset.test_musubi import obey_the_schema
from tests.pairs.scenes import place_twin, place_twins, scene, shifted, twin_of

HALVES = ("dense", "sparse")
ORDER = ["wan_cache_latents.py", "wan_cache_text_encoder_outputs.py", "wan_train_network.py"]


def made(workspace: Path, *, prompt: str | None = None, **options: Any) -> Report:
    with Ledger(workspace) as ledger:
        return dataset(ledger, Settings(**options), prompt=prompt)


def check(workspace: Path, **decisions: Ruling) -> None:
    with Ledger(workspace) as ledger:
        pair_check(ledger, decisions=decisions)


def held(workspace: Path) -> dict[str, bytes]:
    """The dataset's files, by path, caches apart."""
    folder = workspace / "dataset"
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and "cache" not in file.parts
    }


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Two good pairs, a moved one and a doubtful one, checked."""
    place = tmp_path / "data"
    place_twin(place, "b", scene(1), twin_of(1))
    place_twin(place, "a", scene(2), twin_of(2))
    place_twin(place, "moved", scene(3), shifted(twin_of(3), 9, 0))
    doubtful = twin_of(5)
    doubtful[150:260, 300:360] = (240, 20, 30)
    place_twin(place, "doubtful", scene(5), doubtful)
    check(place)
    return place


def test_the_kept_pairs_are_two_folders_of_equal_names_with_empty_captions(
    workspace: Path,
) -> None:
    report = made(workspace)

    assert report.pairs == ("a", "b")
    names = {f"{half}/{name}" for half in HALVES for name in ("a.png", "a.txt", "b.png", "b.txt")}
    assert {name for name in held(workspace) if "/" in name} == names
    assert held(workspace)["dense/a.txt"] == b""


def test_both_halves_have_the_size_that_musubi_trains_them_at(workspace: Path) -> None:
    made(workspace)

    for half, side in zip(HALVES, ("frame", "twin"), strict=True):
        placed = images.read(workspace / "dataset" / half / "a.png")
        assert placed.shape == (144, 256, 3)
        whole = images.read(workspace / "twins" / "simplify" / side / "a.png")
        assert (placed == images.resize(whole, 256, 144)).all()


def test_what_does_not_fit_its_bucket_is_cropped_around_the_centre_alike_in_both_halves(
    tmp_path: Path,
) -> None:
    place = tmp_path / "data"
    wide, narrow = scene(1, width=960, height=402), twin_of(1, width=960, height=402)
    place_twin(place, "wide", wide, narrow)
    check(place, wide="keep")

    report = made(place)

    ((bucket, count),) = report.buckets
    assert (bucket.width, bucket.height, bucket.crop_px, count) == (288, 128, 18, 1)
    box = (27.75, 0, 932.25, 402)  # 402 * 288 / 128 = 904.5 of 960 px
    for half, whole in zip(HALVES, (wide, narrow), strict=True):
        placed = images.read(place / "dataset" / half / "wide.png")
        assert (placed == images.resize(whole, 288, 128, box)).all()


def test_keeping_the_size_keeps_the_very_bytes(workspace: Path) -> None:
    made(workspace, keep_size=True)

    twins = workspace / "twins" / "simplify"
    assert held(workspace)["dense/a.png"] == (twins / "frame" / "a.png").read_bytes()
    assert held(workspace)["sparse/a.png"] == (twins / "twin" / "a.png").read_bytes()


def test_an_alpha_channel_does_not_reach_musubi_which_would_mask_by_it(tmp_path: Path) -> None:
    for half, picture in (("mine", scene(1)), ("theirs", twin_of(1))):
        (tmp_path / half).mkdir()
        seen = Image.fromarray(picture)
        seen.putalpha(128)
        seen.save(tmp_path / half / "street.png")
    with Ledger(tmp_path / "data") as ledger:
        pair_check(ledger, folders=(tmp_path / "mine", tmp_path / "theirs"))

    made(tmp_path / "data", keep_size=True)

    with Image.open(tmp_path / "data" / "dataset" / "dense" / "street.png") as placed:
        assert (placed.mode, placed.size) == ("RGB", (640, 360))


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
    assert (placed == images.resize(twin, 256, 144)).all()


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


def test_the_pairs_of_one_instruction_are_taken(workspace: Path) -> None:
    place_twin(workspace, "a", scene(2), twin_of(2), prompt="blur", concept="none")
    check(workspace)

    with pytest.raises(BadSetting, match="blur, simplify"):
        made(workspace)
    with pytest.raises(BadSetting, match="'blurr'"):
        made(workspace, prompt="blurr")
    assert made(workspace, prompt="blur.txt").pairs == ("a",)
    assert made(workspace, prompt="simplify").pairs == ("a", "b")


def test_pairs_of_plain_folders_become_png(tmp_path: Path) -> None:
    for half, picture in (("mine", scene(1)), ("theirs", twin_of(1))):
        (tmp_path / half).mkdir()
        (tmp_path / half / "street.jpg").write_bytes(images.encode_jpeg(picture, 95))
    with Ledger(tmp_path / "data") as ledger:
        pair_check(ledger, folders=(tmp_path / "mine", tmp_path / "theirs"))

    report = made(tmp_path / "data")

    assert report.pairs == ("street",)
    for half in HALVES:
        data = held(tmp_path / "data")[f"{half}/street.png"]
        assert data.startswith(b"\x89PNG")
        assert images.decode(data).shape == (144, 256, 3)


def test_with_nothing_kept_it_says_how_the_pairs_stand(curate: Cli) -> None:
    assert curate("dataset").returncode == 3
    assert not curate.workspace.exists()
    place_twin(curate.workspace, "moved", scene(3), shifted(twin_of(3), 9, 0))
    with pytest.raises(NothingYet, match="no pairs"):
        made(curate.workspace)
    check(curate.workspace)

    ended = curate("dataset")

    assert ended.returncode == 3
    assert "no kept pairs (0 to look at, 1 rejected)" in ended.stderr
    assert "curate pair-check --keep NAME" in ended.stderr
    assert not (curate.workspace / "dataset").exists()


def test_a_workspace_with_brackets_needs_a_cache_elsewhere(curate: Cli) -> None:
    place = curate.folder / "[Group] film"
    place_twins(place, 1)
    check(place)

    refused = curate("-w", place, "dataset")
    accepted = curate("-w", place, "dataset", "--cache", "caches")

    assert refused.returncode == 2
    assert "takes '[' for a pattern" in refused.stderr
    assert accepted.returncode == 0
    assert "[Group] film" in accepted.stdout
    settings = obey_the_schema((place / "dataset" / "dense.toml").read_text(encoding="utf-8"))
    assert Path(settings["cache_directory"]) == curate.folder / "caches" / "dense"


def test_the_answer_names_buckets_and_what_to_type_next(curate: Cli) -> None:
    place_twins(curate.workspace, 2)
    check(curate.workspace)

    ended = curate("dataset")
    answer = json.loads(curate("dataset", "--json").stdout)

    assert ended.returncode == 0
    assert "2 images a half, trained at 256×144" in ended.stdout
    assert "train --musubi DIR" in ended.stdout
    assert answer["buckets"] == [[{"width": 256, "height": 144, "crop_px": 0}, 2]]
    scripts = [
        name for command in answer["commands"] for name in re.findall(r"wan_\w+\.py", command)
    ]
    assert scripts == ORDER * 2


def test_a_dry_run_writes_nothing(curate: Cli) -> None:
    place_twins(curate.workspace, 1)
    check(curate.workspace)

    assert "write 1, take out 0" in curate("dataset", "--dry-run").stdout
    assert not (curate.workspace / "dataset").exists()


def test_a_resolution_without_buckets_is_refused(workspace: Path) -> None:
    with pytest.raises(BadSetting, match="too small"):
        made(workspace, resolution=16)


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
