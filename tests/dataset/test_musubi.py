from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.dataset import buckets, musubi
from curate.errors import BadSetting

SHARED = {
    "caption_extension": str,
    "batch_size": int,
    "num_repeats": int,
    "resolution": list,
    "enable_bucket": bool,
    "bucket_no_upscale": bool,
}
OF_IMAGES = SHARED | {"image_directory": str, "cache_directory": str}
OF_VIDEOS = SHARED | {
    "video_directory": str,
    "cache_directory": str,
    "target_frames": list,
    "frame_extraction": str,
    "source_fps": float,
}


def obey_the_schema(text: str) -> dict[str, Any]:
    """Read a dataset file as Musubi v0.3.4 does: strictly; returns its one dataset, merged."""
    assert not text.startswith("\ufeff")
    assert "\r" not in text
    settings = tomllib.loads(text)
    assert set(settings) <= {"general", "datasets"}
    for key, value in settings["general"].items():
        assert type(value) is SHARED[key], f"{key} in [general]"
    (dataset,) = settings["datasets"]
    known, kind = (OF_VIDEOS, "video") if "video_directory" in dataset else (OF_IMAGES, "image")
    for key, value in dataset.items():
        assert type(value) is known[key], f"{key} in [[datasets]]"
    merged: dict[str, Any] = settings["general"] | dataset
    assert re.fullmatch(r"\.[^.]+", merged["caption_extension"])
    assert merged["enable_bucket"] is True
    assert len(merged["resolution"]) == 2
    assert all(type(side) is int for side in merged["resolution"])
    assert all(type(n) is int and n % 4 == 1 for n in merged.get("target_frames", []))
    for key in (f"{kind}_directory", "cache_directory"):
        assert "\\" not in merged[key]
        assert Path(merged[key]).is_absolute()
    assert not re.search(r"[\[\]*?]", merged["cache_directory"])
    return merged


@given(
    st.text(
        st.characters(exclude_characters="/\\\0", exclude_categories=("Cs", "Cc")), min_size=1
    ).filter(lambda name: name not in (".", "..")),
    st.integers(32, 2048),
)
def test_a_dataset_file_obeys_the_schema_wherever_the_images_are(name: str, side: int) -> None:
    images, cache = Path("/films") / name / "dense", Path("/cache/dense")

    settings = obey_the_schema(musubi.dataset_toml(images, cache, side))

    assert Path(settings["image_directory"]) == images
    assert settings["caption_extension"] == ".txt"
    assert settings["resolution"] == [side, side]
    assert settings["enable_bucket"] is True
    assert settings["bucket_no_upscale"] is False
    assert (settings["batch_size"], settings["num_repeats"]) == (1, 1)


@pytest.mark.parametrize(
    ("size", "bucket"),
    [
        ((1920, 1080), (256, 144, 0)),
        ((1920, 1038), (256, 144, 10)),
        ((1392, 752), (256, 144, 11)),
        ((1920, 803), (288, 128, 18)),
        ((1440, 1080), (224, 160, 8)),
        ((1080, 1920), (144, 256, 0)),
        ((1024, 1024), (192, 192, 0)),
    ],
)
def test_images_fall_into_the_buckets_that_musubi_gives_them(
    size: tuple[int, int], bucket: tuple[int, int, int]
) -> None:
    assert buckets.bucket(*size, 192) == buckets.Bucket(*bucket)


@given(st.integers(64, 8000), st.integers(64, 8000), st.integers(32, 1280))
def test_a_bucket_has_sides_in_steps_of_16_and_no_more_area_than_asked(
    width: int, height: int, side: int
) -> None:
    bucket = buckets.bucket(width, height, side)

    assert bucket.width % 16 == bucket.height % 16 == 0
    assert 0 < bucket.width * bucket.height <= side**2
    assert bucket.crop_px >= 0
    assert buckets.bucket(bucket.width, bucket.height, side) == replace(bucket, crop_px=0)


@pytest.mark.parametrize("folder", ["[BDRip]", "what?", "all*"])
def test_a_cache_that_musubi_could_not_find_again_is_refused(folder: str) -> None:
    with pytest.raises(BadSetting) as caught:
        musubi.usable_cache(Path("/work") / folder)

    assert "--cache DIR" in caught.value.remedy


def test_caches_are_told_from_other_files(tmp_path: Path) -> None:
    ours = ["a_1392x0752_wan.safetensors", "a_wan_te.safetensors", "[b]_0640x0360_wan.safetensors"]
    for name in [*ours, "dense.safetensors", "notes.txt"]:
        (tmp_path / name).touch()

    assert [file.name for file in musubi.caches(tmp_path)] == sorted(ours)
    assert musubi.caches(tmp_path / "nowhere") == []
