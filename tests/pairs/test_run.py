from __future__ import annotations

import os
from pathlib import Path

import pytest

from curate import images
from curate.errors import BadSetting
from curate.ledger import Ledger
from curate.pairs.run import Report, pair_check
from curate.records import Pair, Verdict
from tests.pairs.scenes import place_twin, recoloured, scene, shifted, twin_of


def checked(workspace: Path, **options: object) -> Report:
    with Ledger(workspace) as ledger:
        return pair_check(ledger, **options)  # type: ignore[arg-type]


def rulings(report: Report) -> dict[str, str]:
    return {one.halves.label: one.ruling for one in report.pairs}


def test_good_and_bad_twins_are_told_apart_and_recorded(tmp_path: Path) -> None:
    place_twin(tmp_path, "good", scene(1), twin_of(1))
    place_twin(tmp_path, "moved", scene(2), shifted(twin_of(2), 5, 0))
    place_twin(tmp_path, "tinted", scene(3), recoloured(twin_of(3), a=-6))
    place_twin(tmp_path, "same", scene(4), scene(4))
    figure = twin_of(5)
    figure[150:260, 300:360] = (240, 20, 30)
    place_twin(tmp_path, "swapped", scene(5), figure)

    report = checked(tmp_path)

    assert rulings(report) == {
        "good": "keep",
        "moved": "reject",
        "tinted": "reject",
        "same": "reject",
        "swapped": "look",
    }
    with Ledger(tmp_path) as ledger:
        assert [pair.name for pair in sorted(ledger.all(Pair), key=lambda p: p.name)] == sorted(
            rulings(report)
        )
        assert {v.ruling for v in ledger.all(Verdict, judge="rule")} == {"keep", "look", "reject"}


def test_pairs_are_measured_once_and_judged_each_time(tmp_path: Path) -> None:
    place_twin(tmp_path, "moved", scene(2), shifted(twin_of(2), 5, 0))
    before = checked(tmp_path)
    events: list[object] = []

    after = checked(tmp_path, settings=["shift_px=20"], tell=events.append)

    assert (rulings(before), rulings(after)) == ({"moved": "reject"}, {"moved": "keep"})
    assert events == []


def test_a_touched_file_is_not_measured_again_but_a_changed_one_is(tmp_path: Path) -> None:
    twin = tmp_path / place_twin(tmp_path, "street", scene(1), twin_of(1)).twin_path
    checked(tmp_path)
    os.utime(twin, (1, 1))
    assert checked(tmp_path, dry_run=True).waiting == ()

    images.write(twin, scene(1))

    assert checked(tmp_path, dry_run=True).waiting == ("street",)
    assert rulings(checked(tmp_path)) == {"street": "reject"}


def test_a_twin_made_again_and_again_is_measured_once_each_time(tmp_path: Path) -> None:
    twin = tmp_path / place_twin(tmp_path, "street", scene(1), twin_of(1)).twin_path

    for pixels in (twin_of(1), scene(1), shifted(twin_of(1), 5, 0), twin_of(1)):
        images.write(twin, pixels)
        checked(tmp_path)

        assert checked(tmp_path, dry_run=True).waiting == ()


def test_a_persons_ruling_outranks_the_rules_whatever_is_rerun(tmp_path: Path) -> None:
    place_twin(tmp_path, "moved", scene(2), shifted(twin_of(2), 5, 0))
    place_twin(tmp_path, "good", scene(1), twin_of(1))
    checked(tmp_path, decisions={"moved": "keep", "good": "reject"})

    again = checked(tmp_path, settings=["tint=1"])

    assert rulings(again) == {"moved": "keep", "good": "reject"}
    assert again.pairs[1].reasons[0] == "a person ruled keep"
    assert "the rule: out of register" in again.pairs[1].reasons[1]


def test_a_persons_ruling_can_be_withdrawn(tmp_path: Path) -> None:
    place_twin(tmp_path, "moved", scene(2), shifted(twin_of(2), 5, 0))
    checked(tmp_path, decisions={"moved": "keep"})

    assert rulings(checked(tmp_path, decisions={"moved": None})) == {"moved": "reject"}
    assert rulings(checked(tmp_path)) == {"moved": "reject"}
    with Ledger(tmp_path) as ledger:
        assert ledger.all(Verdict, judge="person") == []


def test_a_persons_ruling_does_not_pass_to_a_new_twin(tmp_path: Path) -> None:
    place_twin(tmp_path, "street", scene(2), shifted(twin_of(2), 5, 0))
    checked(tmp_path, decisions={"street": "keep"})
    place_twin(tmp_path, "street", scene(2), shifted(twin_of(2), 9, 0))

    report = checked(tmp_path)

    assert rulings(report) == {"street": "reject"}
    with Ledger(tmp_path) as ledger:
        assert len(ledger.all(Verdict, judge="rule")) == 1


def test_a_name_that_no_pair_has_is_refused_with_the_nearest(tmp_path: Path) -> None:
    place_twin(tmp_path, "street", scene(1), twin_of(1))

    with pytest.raises(BadSetting) as caught:
        checked(tmp_path, decisions={"stret": "keep"})

    assert "'street'" in caught.value.remedy
    with Ledger(tmp_path) as ledger:
        assert ledger.all(Pair) == []


def test_a_night_is_judged_by_its_structure(tmp_path: Path) -> None:
    night = recoloured(scene(1), lightness=-15, b=-10)
    place_twin(tmp_path, "noon", scene(1), night, prompt="night", concept="light")

    assert rulings(checked(tmp_path)) == {"noon": "keep"}
    assert rulings(checked(tmp_path, concept="density")) == {"noon": "reject"}


def test_frames_with_twins_of_two_instructions_are_named_by_both(tmp_path: Path) -> None:
    for prompt in ("simplify", "blur"):
        place_twin(tmp_path, "street", scene(1), twin_of(1), prompt=prompt)

    report = checked(tmp_path)

    assert set(rulings(report)) == {"blur/street", "simplify/street"}
