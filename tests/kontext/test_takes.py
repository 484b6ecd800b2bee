"""Several twins a frame: variants, tries, and which of them counts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from curate import images
from curate.errors import BadSetting, NothingYet
from curate.kontext import run, takes
from curate.kontext.takes import Takes
from curate.ledger import Ledger
from curate.pairs.run import pair_check
from curate.records import Task, Twin, Verdict
from tests.pictures import place_frames

SHAKY = str(Path(__file__).with_name("shaky.py"))
SMALL = {"size": "320x176"}


@pytest.fixture
def ledger(tmp_path):
    place_frames(tmp_path / "data", 1)
    with Ledger(tmp_path / "data") as opened:
        yield opened


def make(ledger, *, backend="embedded", recipe=None, dry_run=False, **settings):
    how = run.recipes.of("simplify", backend, **SMALL | (recipe or {}))
    return run.kontext(ledger, how, takes=Takes(**settings), dry_run=dry_run)


def twins(ledger):
    return sorted(ledger.all(Twin), key=lambda twin: twin.variant)


def rulings(ledger):
    return [ruling for _, ruling in sorted(ledger.chosen().items())]


def test_a_frame_has_as_many_twins_as_asked_each_beside_a_frame_half_of_its_name(ledger):
    report = make(ledger, variants=3)

    names = [f"film_00-00-00.000{suffix}" for suffix in ("", "_v2", "_v3")]
    assert [twin.name for twin in twins(ledger)] == names
    assert len({twin.seed for twin in report.made}) == 3
    for twin in report.made:
        assert ledger.path(twin.frame_path).stem == ledger.path(twin.twin_path).stem == twin.name
        assert ledger.path(twin.frame_path).read_bytes() == (
            ledger.path(report.made[0].frame_path).read_bytes()
        )


def test_more_variants_are_made_beside_those_there_are(ledger):
    make(ledger)
    first = twins(ledger)

    report = make(ledger, variants=2)

    assert (report.kept, [twin.variant for twin in report.made]) == (1, [2])
    assert twins(ledger)[:1] == first


def test_fewer_variants_leave_those_there_are_and_make_a_lost_one_again(ledger):
    make(ledger, variants=2)
    ledger.path(twins(ledger)[1].twin_path).unlink()

    report = make(ledger)

    assert [twin.variant for twin in report.made] == [2]
    assert report.kept == 1


def test_another_recipe_takes_the_place_of_all_variants(ledger):
    make(ledger, variants=2)
    second = ledger.path(twins(ledger)[1].twin_path)

    make(ledger, recipe={"size": "multiple-of-16", "seed": 3})

    assert [(twin.variant, twin.seed) for twin in twins(ledger)] == [(1, 3)]
    assert not second.exists()
    assert len(ledger.all(Task, station="kontext")) == 1


def test_a_fixed_seed_is_counted_on(ledger):
    make(ledger, variants=3, recipe={"seed": 5})

    assert [twin.seed for twin in twins(ledger)] == [5, 6, 7]


def test_seeds_depend_on_the_frame_and_on_the_variant_and_fit_a_javascript_number():
    seeds = [
        takes.seed_of(frame, variant, None)
        for frame in ("ab" * 16, "cd" * 16)
        for variant in (1, 2)
    ]

    assert len(set(seeds)) == 4
    assert all(0 <= seed < 2**48 for seed in seeds)


def test_rejected_frames_are_tried_again_until_one_is_kept_and_no_longer(tmp_path):
    """The closed loop: `curate kontext --retry rejected && curate pair-check`, without a person."""
    place_frames(tmp_path / "data", 5)
    with Ledger(tmp_path / "data") as ledger:
        make(ledger, backend=SHAKY)
        pair_check(ledger)
        first = rulings(ledger)
        rounds = 0
        while make(ledger, backend=SHAKY, retry=True, tries=9).made:
            pair_check(ledger)
            rounds += 1
        made = twins(ledger)

        assert "reject" in first
        assert rulings(ledger) == ["keep"] * 5
        assert 0 < rounds < 9
        for frame in {twin.frame_id for twin in made}:
            *failed, last = [twin.seed % 3 for twin in made if twin.frame_id == frame]
            assert last == 0
            assert 0 not in failed


def test_a_frame_is_tried_at_most_so_often_and_then_said_to_be_hopeless(ledger):
    make(ledger, backend=SHAKY, recipe={"seed": 1}, variants=2)  # 5 and 10 px off
    pair_check(ledger)

    report = make(ledger, backend=SHAKY, recipe={"seed": 1}, retry=True, tries=2)

    assert (report.made, report.hopeless) == ((), 1)
    assert len(make(ledger, backend=SHAKY, recipe={"seed": 1}, retry=True, tries=3).made) == 1
    pair_check(ledger)
    assert rulings(ledger) == ["keep"]


def test_what_was_not_checked_yet_is_not_tried_again(ledger):
    make(ledger, backend=SHAKY, recipe={"seed": 1})
    pair_check(ledger)
    make(ledger, backend=SHAKY, recipe={"seed": 1}, retry=True)

    assert not make(ledger, backend=SHAKY, recipe={"seed": 1}, retry=True).made
    assert len(twins(ledger)) == 2


def test_trying_again_needs_checked_pairs(ledger):
    make(ledger)

    with pytest.raises(NothingYet, match="checked pairs"):
        make(ledger, retry=True)


def test_a_persons_rulings_are_respected(ledger):
    make(ledger, backend=SHAKY, recipe={"seed": 1}, variants=2)
    checked = pair_check(ledger).pairs
    names = [pair.halves.name for pair in checked]

    pair_check(ledger, decisions={names[1]: "keep"})
    assert not make(ledger, backend=SHAKY, recipe={"seed": 1}, retry=True).made
    pair_check(ledger, decisions={names[1]: "reject"})
    made = make(ledger, backend=SHAKY, recipe={"seed": 1}, retry=True).made

    assert [twin.variant for twin in made] == [3]
    assert len(ledger.all(Verdict, judge="person")) == 1


def test_trying_again_with_another_recipe_leaves_what_there_is(ledger):
    make(ledger, backend=SHAKY, recipe={"seed": 1})
    pair_check(ledger)

    make(ledger, retry=True)

    assert [twin.backend for twin in twins(ledger)] == [SHAKY, "embedded"]
    assert make(ledger, backend=SHAKY, recipe={"seed": 1}).kept == 1
    assert len(twins(ledger)) == 2


def test_a_try_makes_as_many_variants_as_asked(ledger):
    make(ledger, backend=SHAKY, recipe={"seed": 1})
    pair_check(ledger)

    planned = make(ledger, backend=SHAKY, retry=True, variants=4, tries=3, dry_run=True).planned

    assert planned == tuple(f"simplify/film_00-00-00.000_v{n}" for n in (2, 3))


def test_a_control_is_made_beside_the_twins_and_named_by_each_of_them(ledger):
    report = make(ledger, backend=SHAKY, recipe={"seed": 1}, variants=2, control=True)

    control = ledger.path("twins/simplify/control/film_00-00-00.000.png")
    assert report.controls == 1
    assert {twin.control_path for twin in ledger.all(Twin)} == {ledger.relative(control)}
    first = twins(ledger)[0]
    assert np.array_equal(images.read(control), images.read(ledger.path(first.frame_path)))
    assert not pair_check(ledger).failures  # it is no pair of its own
    (task,) = ledger.all(Task, item="simplify/control/film_00-00-00.000")
    assert (task.settings["seed"], task.settings["variant"]) == (first.seed, 0)


def test_a_control_made_later_or_earlier_is_named_by_the_twins_that_it_fits(ledger):
    make(ledger, backend=SHAKY)
    assert [twin.control_path for twin in twins(ledger)] == [""]

    later = make(ledger, backend=SHAKY, control=True)
    make(ledger, backend=SHAKY, variants=2)

    assert (later.controls, later.made, later.kept) == (1, (), 1)
    assert all(twin.control_path for twin in twins(ledger))
    make(ledger, backend=SHAKY, recipe={"size": "multiple-of-16", "seed": 9})
    assert [twin.control_path for twin in twins(ledger)] == [""]


def test_a_control_that_stands_is_not_made_again_a_lost_one_is(ledger):
    make(ledger, backend=SHAKY, control=True)
    control = ledger.path(twins(ledger)[0].control_path)

    assert make(ledger, backend=SHAKY, control=True).kept == 2
    control.unlink()
    assert make(ledger, backend=SHAKY, control=True).controls == 1
    assert control.exists()


def test_a_twin_by_another_recipe_does_not_name_a_control_that_does_not_fit_it(ledger):
    make(ledger, backend=SHAKY, recipe={"seed": 1}, control=True)
    pair_check(ledger)

    make(ledger, retry=True)

    assert [bool(twin.control_path) for twin in twins(ledger)] == [True, False]


def test_no_twin_names_a_control_that_is_being_made_again(ledger):
    make(ledger, backend=SHAKY, control=True)
    ledger.path(twins(ledger)[0].control_path).unlink()
    recipe = run.recipes.of("simplify", SHAKY, **SMALL)

    next(run._begun(ledger, run.plan(ledger, recipe, Takes(control=True)).todo))  # killed here

    assert [twin.control_path for twin in twins(ledger)] == [""]


def test_what_reads_no_instruction_makes_no_control(ledger):
    with pytest.raises(BadSetting, match="embedded"):
        make(ledger, control=True)


def test_a_twin_cut_off_on_disk_is_noticed_and_made_again(ledger):
    make(ledger)
    file = ledger.path(twins(ledger)[0].twin_path)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])

    report = make(ledger)

    assert len(report.made) == 1
    assert file.read_bytes() == whole


def test_a_twin_that_a_person_painted_on_stands(ledger):
    make(ledger)
    file = ledger.path(twins(ledger)[0].twin_path)
    painted = images.read(file).copy()
    painted[:20, :20] = (255, 0, 0)
    images.write(file, painted)

    assert not make(ledger).made
    assert np.array_equal(images.read(file), painted)
    images.write(file, painted[:, :160])
    assert len(make(ledger).made) == 1


def test_a_dry_run_with_a_control_writes_nothing(ledger):
    planned = make(ledger, backend=SHAKY, control=True, dry_run=True).planned

    assert planned == ("simplify/film_00-00-00.000", "simplify/control/film_00-00-00.000")
    assert not (ledger.workspace / "twins").exists()


def test_a_frame_with_nothing_to_simplify_is_not_tried_again(ledger):
    make(ledger, backend=SHAKY, recipe={"seed": 1})
    pair_check(ledger)
    (rule,) = ledger.all(Verdict, judge="rule")
    assert rule.ruling == "reject"
    ledger.put(replace(rule, reasons=("nothing to simplify: the frame holds .4 bits/px",)))

    report = make(ledger, backend=SHAKY, recipe={"seed": 1}, retry=True)

    assert (report.made, report.kept, report.hopeless) == ((), 0, 1)
