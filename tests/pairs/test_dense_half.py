"""The frame, or what the model made of it without an edit, as the dense half."""

from __future__ import annotations

import dataclasses
import json

import pytest

from curate import images
from curate.ledger import Ledger
from curate.records import Frame, Pair
from tests.conftest import Cli
from tests.pairs.scenes import place_twin, recoloured, scene, twin_of

SIZE = {"width": 320, "height": 192}
LOOSE = ("--clip", "none", "--set", "tint=20", "--set", "detail_max=2", "--set", "gradient_ncc=0")


@pytest.fixture
def tinted(curate: Cli) -> Cli:
    """Eight pairs by a model that turns all it makes green, each with its control."""
    for seed in range(8):
        name = f"f{seed:02d}"
        frame = scene(seed, **SIZE)
        twin = place_twin(curate.workspace, name, frame, recoloured(twin_of(seed, **SIZE), a=-3))
        control = curate.workspace / "twins" / "simplify" / "control" / f"{name}.png"
        images.write(control, recoloured(frame, a=-3))
        with Ledger(curate.workspace) as ledger:
            ledger.put(dataclasses.replace(twin, control_path=ledger.relative(control)))
            shown = ledger.get(Frame, id=name)
            assert shown
            ledger.put(dataclasses.replace(shown, shot=seed))
    return curate


def finding(axes: list[dict[str, str]]) -> str:
    return next(axis["finding"] for axis in axes if axis["axis"] == "a")


def test_both_dense_halves_are_compared_on_the_axes(tinted: Cli) -> None:
    ended = tinted("pair-check", *LOOSE)
    answer = json.loads(tinted("pair-check", "--json", *LOOSE).stdout)

    (one,) = answer["purity_by_dense_half"]
    assert one["pairs"] == 8
    assert (finding(one["frame"]), finding(one["control"])) == ("fail", "pass")
    assert (answer["dense_half"], finding(answer["purity"][0]["axes"])) == ("frame", "fail")
    assert "frame or control (8 pairs; in use: frame)" in ended.stdout
    page = (tinted.workspace / "reports" / "pairs.html").read_text(encoding="utf-8")
    assert "Frame or control as the dense half of simplify" in page


def test_the_choice_counts_until_another_is_made(tinted: Cli) -> None:
    tinted("pair-check", "--dense-half", "control", *LOOSE)

    later = json.loads(tinted("pair-check", "--json", *LOOSE).stdout)

    assert later["dense_half"] == "control"
    assert finding(later["purity"][0]["axes"]) == "pass"
    with Ledger(tinted.workspace) as ledger:
        pairs = {pair.id: pair for pair in ledger.all(Pair)}
        assert {pairs[key].frame_path.split("/")[2] for key in ledger.chosen()} == {"control"}
    back = json.loads(tinted("pair-check", "--json", "--dense-half", "frame", *LOOSE).stdout)
    assert finding(back["purity"][0]["axes"]) == "fail"


def test_a_dry_run_does_not_change_the_choice(tinted: Cli) -> None:
    tinted("pair-check", "--dense-half", "control", "--dry-run", *LOOSE)

    answer = json.loads(tinted("pair-check", "--json", *LOOSE).stdout)

    assert answer["dense_half"] == "frame"


def test_without_controls_the_command_that_makes_them_is_named(curate: Cli) -> None:
    place_twin(curate.workspace, "street", scene(1, **SIZE), twin_of(1, **SIZE))

    ended = curate("pair-check", "--dense-half", "control", *LOOSE)

    assert ended.returncode == 3
    assert "curate kontext --control" in ended.stderr


def test_twins_without_a_control_are_left_out_and_told(tinted: Cli) -> None:
    place_twin(tinted.workspace, "street", scene(21, **SIZE), twin_of(21, **SIZE))

    ended = tinted("pair-check", "--dense-half", "control", "--json", *LOOSE)

    assert len(json.loads(ended.stdout)["pairs"]) == 8
    assert "1 twins have no control" in ended.stderr
