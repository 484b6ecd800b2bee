import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.pairs.score import score
from curate.pairs.verdict import DEFAULTS, LIMITS, thresholds

PERFECT = {
    "shift_px": 0.0,
    "gradient_ncc": 1.0,
    "a_shift": 0.0,
    "b_shift": 0.0,
    "lightness_shift": 0.0,
    "chroma_slope": 1.0,
    "contrast_ratio": 1.0,
    "tile_residual": 0.0,
    "detail_ratio": (DEFAULTS["detail_min"] + DEFAULTS["detail_max"]) / 2,
    "texture_least": (DEFAULTS["detail_min"] + DEFAULTS["detail_max"]) / 2,
    "clip_similarity": 1.0,
}


def test_a_perfect_pair_has_the_score_one():
    assert score(PERFECT, "density") == pytest.approx(1)


@pytest.mark.parametrize(
    ("measure", "worse"),
    [
        ("shift_px", 1.0),
        ("gradient_ncc", 0.8),
        ("a_shift", 1.5),
        ("lightness_shift", -1.5),
        ("chroma_slope", 0.9),
        ("chroma_slope", 1.05),
        ("contrast_ratio", 0.9),
        ("tile_residual", 20.0),
        ("texture_least", 0.8),
        ("detail_ratio", 0.35),
        ("clip_similarity", 0.7),
    ],
)
def test_whatever_is_worse_lowers_it(measure, worse):
    assert score(PERFECT | {measure: worse}, "density") < score(PERFECT, "density") - 1e-3


def test_a_measure_at_its_limit_counts_as_one_and_a_stricter_limit_lowers_the_score():
    limits = thresholds(["shift_px=0.75"])
    moved = PERFECT | {"shift_px": 0.75}

    assert score(moved, "density", limits) < score(moved, "density")


def test_colour_has_no_say_where_the_light_may_change():
    tinted = PERFECT | {"a_shift": 9.0, "lightness_shift": 30.0}

    assert score(tinted, "light") == pytest.approx(1)
    assert score(tinted, "density") < 0.5


def test_what_cannot_be_registered_is_worse_than_what_stands_at_its_limit():
    lost, at_limit = (PERFECT | {"shift_px": value} for value in (None, DEFAULTS["shift_px"]))

    assert score(lost, "density") < score(at_limit, "density")


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(sorted(PERFECT)), st.floats(-1e9, 1e9)))
def test_it_is_always_between_zero_and_one(measures):
    assert 0 < score(PERFECT | measures, "density") <= 1


def test_every_ideal_belongs_to_a_limit():
    from curate.pairs import score as module

    assert {*module._IDEALS, *module._DETAIL} <= {limit.key for limit in LIMITS}
