from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from curate import images
from curate.images import RGB
from curate.ledger import Ledger
from curate.records import Frame, Twin
from tests.conftest import Cli
from tests.pairs.scenes import place_twin, recoloured, scene, twin_of

SIZE = {"width": 320, "height": 192}
LOOSE = ("--clip", "none", "--set", "tint=20", "--set", "detail_max=2", "--set", "gradient_ncc=0")


def pair(seed: int, a: float) -> tuple[RGB, RGB]:
    return scene(seed, **SIZE), recoloured(twin_of(seed, **SIZE), a=a)


def place(curate: Cli, tints: list[float], *, shots: int | None = None) -> None:
    """A pair for each tint, each of a shot of its own or in so many shots."""
    for seed, tint in enumerate(tints):
        place_twin(curate.workspace, f"f{seed:02d}", *pair(seed, tint))
    with Ledger(curate.workspace) as ledger:
        for seed, frame in enumerate(sorted(ledger.all(Frame), key=lambda one: one.id)):
            shot = seed if shots is None else seed % shots
            ledger.put(dataclasses.replace(frame, shot=shot))


def axes(answer: dict[str, list[dict[str, object]]]) -> dict[str, dict[str, object]]:
    (one,) = answer["purity"]
    found = one["axes"]
    assert isinstance(found, list)
    return {axis["axis"]: axis for axis in found}


@pytest.fixture
def greenish(curate: Cli) -> Cli:
    place(curate, [-1.6 + 0.1 * (seed % 3) for seed in range(12)])
    return curate


def test_a_green_set_fails_on_its_axis_and_strict_ends_with_five(greenish: Cli) -> None:
    relaxed = greenish("pair-check", "--json", *LOOSE)
    strict = greenish("pair-check", "--strict", *LOOSE)

    found = axes(json.loads(relaxed.stdout))
    assert (relaxed.returncode, strict.returncode) == (0, 5)
    assert found["a"]["finding"] == found["colour"]["finding"] == "fail"
    assert found["a"]["mean"] == pytest.approx(-1.5, abs=0.15)
    assert found["b"]["finding"] == "pass"
    assert found["shift_x"]["finding"] == "pass"
    assert "greener by" in strict.stdout
    assert "green to red" in strict.stderr
    page = (greenish.workspace / "reports" / "pairs.html").read_text(encoding="utf-8")
    assert page.count("<svg") >= len(found)
    assert greenish("pair-check", "--strict", *LOOSE, "--set", "purity_a=2", "--set",
                    "purity_colour=2").returncode == 0  # fmt: skip


def test_frames_of_few_shots_cannot_tell(curate: Cli) -> None:
    place(curate, list(np.linspace(-3, 3, 6)), shots=2)

    ended = curate("pair-check", "--strict", "--json", *LOOSE)

    assert ended.returncode == 0
    assert axes(json.loads(ended.stdout))["a"]["finding"] == "too few shots to tell"


def test_what_drifts_is_named_dropped_only_when_asked_and_taken_back(curate: Cli) -> None:
    place(curate, [0.0] * 7 + [-9.0] * 6)

    named = curate("pair-check", "--drop-to-balance", *LOOSE)
    untouched = json.loads(curate("pair-check", "--json", *LOOSE).stdout)
    dropped = json.loads(
        curate("pair-check", "--drop-to-balance", "--drop", "--json", *LOOSE).stdout
    )
    later = json.loads(curate("pair-check", "--json", *LOOSE).stdout)
    undone = json.loads(curate("pair-check", "--undo-drop", "--json", *LOOSE).stdout)

    def kept(answer: dict[str, list[dict[str, str]]]) -> int:
        return sum(one["verdict"] == "keep" for one in answer["pairs"])

    green = {
        one["name"]
        for one in untouched["pairs"]
        if one["verdict"] == "keep" and one["measures"]["a_shift"] < -4
    }
    (told,) = dropped["drop_to_balance"]
    assert len(green) >= 4
    assert set(told["labels"]) == green
    assert told["least"] <= len(green)
    assert f"drop {len(green)} pairs (no fewer than" in named.stdout
    assert kept(dropped) == kept(later) == kept(untouched) - len(green)
    assert kept(undone) == kept(untouched)
    assert {axis["finding"] for axis in axes(later).values()} == {"pass"}


def test_drop_without_its_partner_is_refused(curate: Cli) -> None:
    place(curate, [0.0])

    assert curate("pair-check", "--drop").returncode == 2
    assert curate("pair-check", "--drop-to-balance", "--undo-drop").returncode == 2


def test_of_a_frame_with_two_good_twins_the_set_holds_one(curate: Cli) -> None:
    place(curate, [0.0] * 3)
    with Ledger(curate.workspace) as ledger:
        twin = ledger.all(Twin)[0]
        other = ledger.path(twin.twin_path).with_name("f00_v2.png")
        images.write(other, recoloured(twin_of(0, **SIZE), lightness=0.6))
        changes = {"id": "another", "name": "f00_v2", "variant": 2}
        ledger.put(dataclasses.replace(twin, **changes, twin_path=ledger.relative(other)))

    answer = json.loads(curate("pair-check", "--json", *LOOSE).stdout)

    assert [one["verdict"] for one in answer["pairs"]] == ["keep"] * 4
    assert (answer["purity"][0]["pairs"], answer["purity"][0]["spare"]) == (3, 1)
    assert "3 kept pairs, 3 shots; 1 more kept" in curate("pair-check", *LOOSE).stdout
