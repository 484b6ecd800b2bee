from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from curate.errors import NothingYet
from tests.conftest import Cli
from tests.dataset.test_musubi import obey_the_schema
from tests.dataset.workspaces import ORDER, check, made
from tests.pairs.scenes import place_twin, place_twins, scene, shifted, twin_of


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


def test_a_dry_run_counts_the_pairs_whose_captions_would_change(curate: Cli) -> None:
    place_twins(curate.workspace, 1)
    check(curate.workspace)
    assert curate("dataset").returncode == 0

    assert "write 0, take out 0" in curate("dataset", "--dry-run").stdout
    other = ("--captions", "same", "a street", "--dry-run")
    assert "write 1, take out 0" in curate("dataset", *other).stdout
