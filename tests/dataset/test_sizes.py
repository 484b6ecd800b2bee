from __future__ import annotations

from pathlib import Path

from PIL import Image

from curate import images
from curate.dataset import resample
from curate.ledger import Ledger
from curate.pairs.run import pair_check
from tests.dataset.workspaces import HALVES, check, held, made
from tests.pairs.scenes import place_twin, scene, twin_of


def test_both_halves_have_the_size_that_musubi_trains_them_at(workspace: Path) -> None:
    made(workspace)

    for half, side in zip(HALVES, ("frame", "twin"), strict=True):
        placed = images.read(workspace / "dataset" / half / "a.png")
        assert placed.shape == (144, 256, 3)
        whole = images.read(workspace / "twins" / "simplify" / side / "a.png")
        assert (placed == resample.resize(whole, 256, 144, (0, 0, 640, 360))).all()


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
        assert (placed == resample.resize(whole, 288, 128, box)).all()


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
