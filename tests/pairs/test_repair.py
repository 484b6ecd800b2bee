from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from curate import images
from curate.images import RGB
from curate.ledger import Ledger
from curate.measures import register
from curate.pairs.repair import geometry, mend
from curate.pairs.repair.run import originals
from curate.pairs.run import Report, pair_check
from curate.records import Pair, Task, Verdict
from tests.conftest import Cli
from tests.pairs.scenes import affine, place_twin, recoloured, scene, twin_of

SIZE = (640, 384)


def filmed(image: RGB) -> RGB:
    """As a camera or a video codec would have it: no edge steeper than a pixel or two."""
    half = cv2.resize(image, SIZE, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(half, (0, 0), 0.6), np.uint8)


def frame(seed: int) -> RGB:
    width, height = 2 * SIZE[0], 2 * SIZE[1]
    large = scene(seed, clutter=False, width=width, height=height)
    random = np.random.default_rng(seed)
    for x, y in random.integers(0, (width, height), (1200, 2)):
        colour = tuple(map(int, random.integers(0, 256, 3)))
        cv2.circle(large, (int(x), int(y)), int(random.integers(3, 7)), colour, -1)
    return filmed(large)


def twin(seed: int, scale: float = 1, x: float = 0, y: float = 0, turn: float = 0) -> RGB:
    """The twin, drawn in another place at twice the size so that the failure costs no detail."""
    large = twin_of(seed, 2 * SIZE[0], 2 * SIZE[1])
    middle = (SIZE[0] - 0.5, SIZE[1] - 0.5)
    matrix = cv2.getRotationMatrix2D(middle, turn, scale)
    matrix[:, 2] += (2 * x, 2 * y)
    return filmed(affine(large, matrix))


def checked(workspace: Path, **options: object) -> Report:
    with Ledger(workspace) as ledger:
        return pair_check(ledger, **options)  # type: ignore[arg-type]


def luma(image: RGB) -> register.Luma:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float32)


def rulings(report: Report) -> dict[str, str]:
    return {one.halves.label: one.ruling for one in report.pairs}


FAILURES = [
    {"x": 5.0},
    {"x": 3.3, "y": -7.6},
    {"scale": 1.005, "x": 2},
    {"scale": 1.02},
    {"scale": 1.05},
    {"scale": 0.95},
    {"turn": 1.0},
]


@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_every_geometric_failure_is_undone_with_equal_detail(failure: dict[str, float]) -> None:
    a, b = frame(3), twin(3, **failure)

    made = mend.mended(a, b, ["registration"])

    assert not isinstance(made, str), made
    left = register.register(luma(made.frame), luma(made.twin))
    assert left is not None
    assert left.displacement_px < 0.8
    assert abs(made.detail_moved) < 0.01
    assert made.frame.shape == made.twin.shape
    assert made.frame.shape[0] % 16 == made.frame.shape[1] % 16 == 0
    assert made.frame.size > 0.85 * a.size


def test_a_shift_by_whole_pixels_is_cropped_and_no_pixel_changes() -> None:
    a = frame(3)
    whole = np.array(((1, 0, 6 / SIZE[0]), (0, 1, -4 / SIZE[0])))

    made = geometry.together(a, np.roll(a, (-4, 6), (0, 1)), whole)

    assert made is not None
    assert not made.is_resampled
    assert np.array_equal(made.frame, made.twin)


def test_warping_the_twin_alone_would_cost_what_the_repair_keeps() -> None:
    a, b = frame(3), twin(3, x=3.5, y=2.5)
    found = register.register(luma(a), luma(b))
    assert found is not None
    alone, _ = register.in_register(b, found.affine)

    def detail(image: RGB) -> float:
        inner = luma(image)[16:-16, 16:-16]
        return float(np.abs(np.diff(inner, axis=1)).mean() + np.abs(np.diff(inner, axis=0)).mean())

    made = mend.mended(a, b, ["registration"])

    assert detail(alone) / detail(b) < 0.99
    assert not isinstance(made, str)
    assert abs(made.detail_moved) < 0.01


def contrasted(image: RGB, gain: float) -> RGB:
    return np.asarray(np.clip(np.rint(128 + (image.astype(float) - 128) * gain), 0, 255), np.uint8)


COLOURS = {
    "tint": lambda image: recoloured(image, a=-6, b=3),
    "brightness": lambda image: recoloured(image, lightness=6),
    "greyed": lambda image: recoloured(image, chroma=0.7),
    "oversaturated": lambda image: recoloured(image, chroma=1.2),
    "flatter": lambda image: contrasted(image, 0.75),
    "harsher": lambda image: contrasted(image, 1.15),
}


@pytest.mark.parametrize("name", COLOURS)
def test_every_colour_failure_is_repaired_and_passes(tmp_path: Path, name: str) -> None:
    place_twin(tmp_path, name, frame(3), COLOURS[name](twin(3)))
    assert rulings(checked(tmp_path)) == {name: "reject"}

    (one,) = checked(tmp_path, repair=True).pairs

    assert one.ruling == "keep", one.reasons
    assert one.repair is not None
    assert abs(one.repair.detail_moved) < 0.01


def test_a_clean_pair_is_left_alone(tmp_path: Path) -> None:
    place_twin(tmp_path, "clean", frame(3), twin(3))

    (one,) = checked(tmp_path, repair=True).pairs

    assert one.repair is None
    assert not (tmp_path / "repaired").exists()


def test_the_repaired_halves_count_from_then_on_and_a_second_run_does_nothing(
    tmp_path: Path,
) -> None:
    made = place_twin(tmp_path, "moved", frame(3), recoloured(twin(3, x=6), a=5))
    before = (tmp_path / made.twin_path).read_bytes()
    checked(tmp_path)

    (one,) = checked(tmp_path, repair=True).pairs

    assert one.ruling == "keep", one.reasons
    assert one.repair is not None
    assert one.repair.original.measures["shift_px"] > 1.5  # type: ignore[operator]
    assert (tmp_path / made.twin_path).read_bytes() == before
    with Ledger(tmp_path) as ledger:
        (counted,) = ledger.chosen()
        assert counted == one.pair.id
        assert originals(ledger)[one.pair.id].twin_path == made.twin_path
        assert one.pair.twin_path == "repaired/simplify/twin/moved.png"
    events: list[object] = []
    stamp = (tmp_path / one.pair.twin_path).stat().st_mtime_ns
    assert rulings(checked(tmp_path, repair=True, tell=events.append)) == {"moved": "keep"}
    assert rulings(checked(tmp_path)) == {"moved": "keep"}
    assert events == []
    assert (tmp_path / one.pair.twin_path).stat().st_mtime_ns == stamp


def test_a_deleted_repair_is_made_again_with_the_same_bytes(tmp_path: Path) -> None:
    place_twin(tmp_path, "moved", frame(3), twin(3, x=6.4))
    (one,) = checked(tmp_path, repair=True).pairs
    file = tmp_path / one.pair.twin_path
    data = file.read_bytes()
    file.unlink()

    assert rulings(checked(tmp_path)) == {"moved": "reject"}
    assert rulings(checked(tmp_path, repair=True)) == {"moved": "keep"}
    assert file.read_bytes() == data


def test_a_repair_is_taken_back_for_good_until_it_is_asked_for_again(tmp_path: Path) -> None:
    place_twin(tmp_path, "moved", frame(3), twin(3, x=6))
    (one,) = checked(tmp_path, repair=True).pairs

    back = checked(tmp_path, unrepair=["moved"])

    assert rulings(back) == {"moved": "reject"}
    assert "a person took the repair back" in back.pairs[0].reasons[-1]
    assert not (tmp_path / one.pair.twin_path).exists()
    assert rulings(checked(tmp_path, repair=True)) == {"moved": "reject"}
    assert rulings(checked(tmp_path, repair_again=["moved"])) == {"moved": "keep"}


def test_what_cannot_be_repaired_says_why_and_is_not_tried_twice(tmp_path: Path) -> None:
    place_twin(tmp_path, "other", frame(3), recoloured(twin(11), a=8))
    place_twin(tmp_path, "same", frame(4), recoloured(frame(4), a=8))

    report = checked(tmp_path, repair=True)

    assert set(rulings(report).values()) == {"reject"}
    assert all("not repaired: " in one.reasons[-1] for one in report.pairs)
    page = (tmp_path / "reports" / "pairs.html").read_text(encoding="utf-8")
    assert "kontext --retry rejected" in page
    assert checked(tmp_path, repair=True, dry_run=True).would_repair == ()


def test_a_twin_made_anew_has_nothing_of_the_old_repair(tmp_path: Path) -> None:
    place_twin(tmp_path, "moved", frame(3), twin(3, x=6))
    checked(tmp_path, repair=True)
    place_twin(tmp_path, "moved", frame(3), twin(3, x=9))

    (one,) = checked(tmp_path).pairs

    assert (one.ruling, one.repair) == ("reject", None)
    assert rulings(checked(tmp_path, repair=True)) == {"moved": "keep"}


def test_looser_limits_bring_the_pair_back_as_it_was_made(tmp_path: Path) -> None:
    made = place_twin(tmp_path, "moved", frame(3), twin(3, x=6))
    checked(tmp_path, repair=True)

    (one,) = checked(tmp_path, settings=["shift_px=30", "detail_max=2", "gradient_ncc=0"]).pairs

    assert one.pair.twin_path == made.twin_path


def test_a_person_outranks_the_repair_and_may_ask_for_one(tmp_path: Path) -> None:
    place_twin(tmp_path, "moved", frame(3), twin(3, x=6))
    place_twin(tmp_path, "near", frame(4), twin(4, x=1.1))
    checked(tmp_path, decisions={"moved": "reject"})
    with Ledger(tmp_path) as ledger:
        near = ledger.get(Pair, name="near")
        assert near
        ledger.put(Verdict(near.id, "person", "look", ("repair",)))

    report = checked(tmp_path, repair=True)

    assert rulings(report) == {"moved": "reject", "near": "keep"}
    assert report.pairs[0].repair is None
    assert report.pairs[1].repair is not None


def test_the_command_repairs_shows_before_and_after_and_takes_back(curate: Cli) -> None:
    place_twin(curate.workspace, "moved", frame(3), twin(3, scale=1.03))
    command = "pair-check", "--clip", "none"
    curate(*command)

    assert "Would repair 1 pair" in curate(*command, "--repair", "--dry-run").stdout
    answer = json.loads(curate(*command, "--repair", "--json").stdout)

    (pair,) = answer["pairs"]
    assert pair["verdict"] == "keep"
    assert pair["repair"]["before"]["shift_px"] > 5
    assert "resampled alike" in pair["repair"]["steps"][0]
    page = (curate.workspace / "reports" / "pairs.html").read_text(encoding="utf-8")
    assert "../repaired/simplify/twin/moved.png" in page
    assert "../twins/simplify/twin/moved.png" in page
    assert "moved" in curate("pair-check", "--unrepair", "moved").stdout
    assert curate("pair-check", "--unrepair", "mowed").returncode == 2


def test_a_damaged_half_fails_and_the_other_repairs_are_done(tmp_path: Path) -> None:
    place_twin(tmp_path, "good", frame(3), twin(3, x=6))
    broken = tmp_path / place_twin(tmp_path, "broken", frame(4), twin(4, x=6)).twin_path
    checked(tmp_path)
    data = broken.read_bytes()
    stamp = broken.stat()
    broken.write_bytes(data[:500] + bytes(len(data) - 500))
    os.utime(broken, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))

    report = checked(tmp_path, repair=True)

    assert rulings(report) == {"broken": "reject", "good": "keep"}
    assert [failure.item for failure in report.failures] == ["broken"]
    images.write(broken, twin(4, x=6))
    with Ledger(tmp_path) as ledger:
        assert len(ledger.all(Task, station="repair")) == 1
