"""`--push` against a stand-in Hub: a real server on this machine that keeps what it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from curate.dataset.run import dataset
from curate.ledger import Ledger
from tests.conftest import Cli
from tests.dataset import stand_in_hub
from tests.dataset.stand_in_hub import Hub, Repository
from tests.dataset.workspaces import place_pairs

TOKEN = "hf_of_nobody"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with stand_in_hub.running(TOKEN) as hub:
        yield hub


@pytest.fixture
def pairs(curate: Cli) -> Cli:
    """Two pairs in a dataset."""
    place_pairs(curate.workspace, 2)
    with Ledger(curate.workspace) as ledger:
        dataset(ledger)
    return curate


def push(curate: Cli, hub: Hub, *options: str, token: str = TOKEN):  # type: ignore[no-untyped-def]
    words = ("dataset", "--hub", "--licence", "cc-by-4.0", "--push", "someone/pairs", *options)
    plain = {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    return curate(*words, HF_TOKEN=token, HF_ENDPOINT=hub.url, **plain)


def sent(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_the_whole_folder_is_pushed_private_with_the_token_of_the_environment(
    pairs: Cli, hub: Hub
) -> None:
    ran = push(pairs, hub, "--json")

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["url"] == f"{hub.url}/datasets/someone/pairs"
    there = hub.repositories["someone/pairs"]
    assert there.is_private
    assert there.files == sent(pairs.workspace / "dataset" / "hub")
    assert "POST /api/validate-yaml" in hub.calls
    assert ran.stderr == ""
    told = b"".join(there.files.values())
    assert TOKEN.encode() not in told
    assert str(pairs.folder).encode() not in told


def test_a_pair_that_left_is_taken_from_the_hub_by_the_next_push(pairs: Cli, hub: Hub) -> None:
    assert push(pairs, hub, "--public", "--quiet").returncode == 0
    hub.repositories["someone/pairs"].files["train/dense/gone.png"] = b"of an earlier push"

    ran = push(pairs, hub, "--public", "--quiet")

    assert ran.returncode == 0, ran.stderr
    there = hub.repositories["someone/pairs"]
    assert not there.is_private
    assert there.files == sent(pairs.workspace / "dataset" / "hub")


@pytest.mark.parametrize(("is_private", "options"), [(False, ()), (True, ("--public",))])
def test_a_dataset_that_others_see_than_asked_is_left_alone(
    pairs: Cli, hub: Hub, is_private: bool, options: tuple[str, ...]
) -> None:
    hub.repositories["someone/pairs"] = Repository(is_private)

    ran = push(pairs, hub, *options)

    assert ran.returncode == 1
    assert "it is there already and" in ran.stderr
    assert hub.repositories["someone/pairs"].files == {}


def test_what_the_hub_says_against_it_is_told_without_the_token(pairs: Cli, hub: Hub) -> None:
    ran = push(pairs, hub, token="hf_wrong")

    assert ran.returncode == 1
    assert "the Hub answered 401, Invalid credentials in Authorization header" in ran.stderr
    assert "hf_wrong" not in ran.stdout + ran.stderr
    assert hub.repositories == {}
