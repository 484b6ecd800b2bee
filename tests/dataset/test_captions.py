from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.dataset import captions
from curate.errors import BadSetting
from tests.conftest import Cli
from tests.dataset.workspaces import HALVES, check, made
from tests.pairs.scenes import place_twins


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["empty"], ("", "")),
        (["same", "a street"], ("a street", "a street")),
        (["per-side", "a full street", "an empty street"], ("a full street", "an empty street")),
        (["same+detailed", "a street"], ("a street, detailed", "a street")),
        (["detailed/plain"], ("detailed image", "image")),
    ],
)
def test_a_fixed_scheme_says_the_same_of_every_pair(
    words: list[str], said: tuple[str, str]
) -> None:
    assert captions.of_fixed(["a", "b"], captions.scheme(words)) == {"a": said, "b": said}


@settings(max_examples=30)
@given(st.sets(st.text(min_size=1), max_size=60))
def test_unique_ids_are_unique_and_stay_when_a_pair_leaves(names: set[str]) -> None:
    said = captions.unique(sorted(names))

    assert len(set(said.values())) == len(names)
    for detailed, plain in said.values():
        assert plain.startswith("anime_image_")
        assert len(plain) == len("anime_image_165656")
        assert detailed == f"{plain}, detailed"
    for name in list(names)[:1]:
        assert captions.unique([name]) == {name: said[name]}


def test_five_thousand_unique_ids_are_unique() -> None:
    assert len(set(captions.unique([f"film_{n}" for n in range(5000)]).values())) == 5000


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["emty"], "'empty'"),
        (["same"], '--captions same "A"'),
        (["per-side", "one"], '--captions per-side "A" "B"'),
        (["empty", "more"], "`--captions empty`"),
        (["same", "two\nlines"], ".txt files"),
    ],
)
def test_a_scheme_that_does_not_exist_or_fit_is_refused(words: list[str], hint: str) -> None:
    with pytest.raises(BadSetting) as caught:
        captions.scheme(words)

    assert hint in caught.value.remedy


def read(workspace: Path, name: str) -> list[str]:
    return [
        (workspace / "dataset" / half / f"{name}.txt").read_text(encoding="utf-8")
        for half in HALVES
    ]


def test_captions_are_taken_from_the_files_beside_the_images(tmp_path: Path) -> None:
    first, second, bare = place_twins(tmp_path, 3)
    check(tmp_path)
    twins = tmp_path / "twins" / "simplify"
    (twins / "frame" / f"{first}.txt").write_text("une rue à Tokyo 東京\n", encoding="utf-8")
    (twins / "frame" / f"{second}.txt").write_text("a market", encoding="utf-8")
    (twins / "twin" / f"{second}.txt").write_text("an empty market", encoding="utf-8")

    report = made(tmp_path, captions=("file",))

    assert read(tmp_path, first) == ["une rue à Tokyo 東京"] * 2
    assert read(tmp_path, second) == ["a market", "an empty market"]
    assert [failure.item for failure in report.failures] == [bare]
    assert report.pairs == (first, second)


def test_captions_in_another_encoding_are_refused_for_that_pair_only(tmp_path: Path) -> None:
    (name,) = place_twins(tmp_path / "data", 1)
    check(tmp_path / "data")
    (tmp_path / f"{name}.txt").write_bytes("東京".encode("shift-jis"))

    report = made(tmp_path / "data", captions=("file", str(tmp_path)))

    assert f"{name}.txt" in report.failures[0].message
    assert "UTF-8" in report.failures[0].remedy


def test_other_captions_are_written_without_touching_an_image(tmp_path: Path) -> None:
    (name,) = place_twins(tmp_path, 1)
    check(tmp_path)
    made(tmp_path)
    images = list((tmp_path / "dataset").glob("*/*.png"))
    stamps = [image.stat().st_mtime_ns for image in images]

    report = made(tmp_path, captions=("per-side", "full", "empty"))

    assert report.written == (name,)
    assert read(tmp_path, name) == ["full", "empty"]
    assert [image.stat().st_mtime_ns for image in images] == stamps
    prompts = json.loads((tmp_path / "dataset" / "sample_prompts.json").read_text("utf-8"))
    assert [prompt["prompt"] for prompt in prompts] == ["full", "empty"]


def test_a_scheme_and_its_words_are_typed_after_one_option(curate: Cli) -> None:
    (name,) = place_twins(curate.workspace, 1)
    check(curate.workspace)

    ran = curate("dataset", "--captions", "per-side", "a full street", "a bare one", "--keep-size")

    assert ran.returncode == 0, ran.stderr
    assert read(curate.workspace, name) == ["a full street", "a bare one"]


def test_curate_toml_may_hold_the_scheme(curate: Cli) -> None:
    (name,) = place_twins(curate.workspace, 1)
    check(curate.workspace)
    (curate.folder / "curate.toml").write_text('[dataset]\ncaptions = ["same", "a street"]\n')

    assert curate("dataset").returncode == 0
    assert read(curate.workspace, name) == ["a street", "a street"]
