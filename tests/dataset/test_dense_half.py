from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from curate import images
from curate.dataset.run import Settings, dataset, hub, pack, unpack
from curate.ledger import Ledger
from curate.pairs.halves import DenseHalf
from curate.pairs.run import pair_check
from tests.pairs.scenes import place_twin, recoloured, scene, twin_of

SIZE = {"width": 320, "height": 180}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A pair with its control, which is a little green."""
    twin = place_twin(tmp_path, "a", scene(1, **SIZE), twin_of(1, **SIZE))
    control = tmp_path / "twins" / "simplify" / "control" / "a.png"
    images.write(control, recoloured(scene(1, **SIZE), a=-3))
    with Ledger(tmp_path) as ledger:
        ledger.put(dataclasses.replace(twin, control_path=ledger.relative(control)))
    return tmp_path


def test_the_dense_half_that_was_chosen_is_trained_on_and_shared(workspace: Path) -> None:
    halves: tuple[tuple[DenseHalf, str], ...] = (("frame", "frame"), ("control", "control"))
    for half, folder in halves:
        with Ledger(workspace) as ledger:
            pair_check(ledger, dense_half=half, decisions={"a": "keep"}, clip=None)

            report = dataset(ledger, Settings(keep_size=True))
            shared = hub(ledger, "other")

        source = workspace / "twins" / "simplify" / folder / "a.png"
        for file in (
            workspace / "dataset" / "dense" / "a.png",
            shared.folder / "train" / "dense" / "a.png",
        ):
            assert file.read_bytes() == source.read_bytes()
        assert report.written == ("a",)
        card = (shared.folder / "README.md").read_text(encoding="utf-8")
        assert ("told to change nothing" in card) == (half == "control")


def test_a_control_is_packed_whichever_half_is_trained_on(workspace: Path, tmp_path: Path) -> None:
    with Ledger(workspace) as ledger:
        pair_check(ledger, decisions={"a": "keep"}, clip=None)
        dataset(ledger, Settings())
        pack(ledger, tmp_path / "all.tar")

    unpack(tmp_path / "all.tar", tmp_path / "again")

    place = Path("twins/simplify/control/a.png")
    assert (tmp_path / "again" / place).read_bytes() == (workspace / place).read_bytes()
