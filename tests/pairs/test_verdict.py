from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import BadSetting
from curate.pairs.verdict import DEFAULTS, LIMITS, judge, thresholds
from curate.records import Concept

GOOD: dict[str, float | None] = {
    "ssim": 0.83,
    "shift_px": 0.3,
    "registration_gain": 3.0,
    "gradient_ncc": 0.95,
    "edge_ncc": 0.9,
    "edges_held": 0.95,
    "a_shift": 0.2,
    "b_shift": -0.3,
    "lightness_shift": 0.4,
    "chroma_slope": 0.98,
    "contrast_ratio": 0.97,
    "tile_residual": 9.0,
    "detail_ratio": 0.6,
    "texture_left": 0.6,
    "texture_least": 0.4,
    "edges_anew": 0.3,
    "edges_moved": 0.0,
    "chroma_flat": 0.98,
    "contrast_flat": 0.97,
    "density_frame": 1.1,
    "clip_similarity": 0.9,
}
BAD: list[tuple[dict[str, float | None], str, str]] = [
    ({"shift_px": 4.0}, "out of register by 4.0 px", "reject"),
    ({"shift_px": None}, "cannot be brought into register", "reject"),
    ({"gradient_ncc": 0.2}, "edges do not match: gradient correlation 0.20", "reject"),
    ({"edges_held": 0.4}, "the twin's edges are not the frame's: correlation 0.40", "reject"),
    ({"a_shift": 3.0, "b_shift": 4.0}, "tinted as a whole by 5.0", "reject"),
    ({"lightness_shift": -3.0}, "darker as a whole by 3.0", "reject"),
    ({"edges_moved": 0.4}, "redrawn: 40% of the places", "reject"),
    ({"chroma_slope": 0.6, "chroma_flat": 0.6}, "greyed to 0.60", "reject"),
    ({"chroma_slope": 1.2}, "colours 1.20 times as strong", "reject"),
    ({"contrast_ratio": 0.7, "contrast_flat": 0.7}, "contrast 0.70", "reject"),
    ({"contrast_ratio": 1.2}, "contrast 1.20 times", "reject"),
    ({"tile_residual": 60.0}, "one place changed a lot, by 60", "look"),
    ({"edges_anew": 7.0}, "drawn anew: one place has edges of 7.0", "look"),
    ({"texture_least": 0.97}, "hardly simplified: 0.97 of the texture is left where", "reject"),
    ({"texture_least": 0.97, "density_frame": 0.3}, "nothing to simplify: the frame holds 0.30",
     "reject"),
    ({"texture_left": 1.6}, "1.60 times the frame's texture", "reject"),
    ({"detail_ratio": 0.01}, "only 0.01 of the frame's detail", "look"),
    ({"texture_least": None}, "the frame is flat", "reject"),
    ({"clip_similarity": 0.3}, "CLIP image similarity 0.30", "reject"),
]  # fmt: skip


def test_a_good_pair_is_kept_without_a_reason() -> None:
    judgement = judge(GOOD, "density")

    assert (judgement.ruling, judgement.reasons, judgement.not_measured) == ("keep", (), ())


@pytest.mark.parametrize(("change", "words", "ruling"), BAD)
def test_each_fault_has_its_own_reason_with_the_number(
    change: dict[str, float | None], words: str, ruling: str
) -> None:
    judgement = judge(GOOD | change, "density")

    assert judgement.ruling == ruling
    assert len(judgement.reasons) == 1
    assert words in judgement.reasons[0].text


def test_a_pair_with_several_faults_has_all_its_reasons_and_the_sterner_ruling() -> None:
    judgement = judge(GOOD | {"tile_residual": 50.0, "shift_px": 9.0}, "density")

    assert judgement.ruling == "reject"
    assert {reason.badge for reason in judgement.reasons} == {"out of register", "content"}


def test_similarity_that_was_not_measured_is_told_and_decides_nothing() -> None:
    judgement = judge(GOOD | {"clip_similarity": None}, "density")

    assert judgement.ruling == "keep"
    assert judgement.not_measured == ("CLIP image similarity",)


@pytest.mark.parametrize("concept", ["light", "none"])
def test_colour_brightness_and_detail_may_change_in_another_concept(concept: Concept) -> None:
    night = {"lightness_shift": -30.0, "b_shift": -12.0, "contrast_ratio": 0.5, "texture_left": 1.2}

    assert judge(GOOD | night, concept).ruling == "keep"


@pytest.mark.parametrize("concept", ["light", "none"])
def test_structure_stays_in_every_concept(concept: Concept) -> None:
    assert judge(GOOD | {"shift_px": 5.0}, concept).ruling == "reject"
    assert judge(GOOD | {"gradient_ncc": 0.2, "edge_ncc": 0.3}, concept).ruling == "reject"


def test_a_window_that_is_lit_at_night_is_no_fault() -> None:
    lit = GOOD | {"gradient_ncc": 0.2}

    assert judge(lit, "light").ruling == "keep"
    assert judge(lit, "none").ruling == "reject"


def test_a_tint_of_the_whole_moves_what_most_places_have_in_common_too() -> None:
    many = GOOD | {"a_shift": 4.0, "a_mode": 0.3, "b_mode": 0.2}
    whole = many | {"a_mode": 3.8}

    assert judge(many, "density").ruling == "keep"
    assert judge(whole, "density").ruling == "reject"


def test_a_displacement_by_which_nothing_fits_better_is_no_finding() -> None:
    vague = GOOD | {"shift_px": 6.0, "registration_gain": 1.02}

    assert judge(vague, "density").ruling == "keep"
    assert judge(vague, "density", thresholds(["shift_gain=1"])).ruling == "reject"


def test_content_counts_where_the_light_does_not_change() -> None:
    assert judge(GOOD | {"tile_residual": 60.0}, "none").ruling == "look"
    assert judge(GOOD | {"tile_residual": 60.0}, "light").ruling == "keep"


@pytest.mark.parametrize("concept", ["density", "light", "none"])
def test_a_twin_that_is_the_frame_is_no_edit_in_any_concept(concept: Concept) -> None:
    judgement = judge(GOOD | {"ssim": 1.0, "texture_left": 1.0, "texture_least": 1.0}, concept)

    assert [reason.badge for reason in judgement.reasons] == ["no edit"]


def test_a_threshold_can_be_set() -> None:
    assert judge(GOOD | {"shift_px": 4.0}, "density", thresholds(["shift_px=5"])).ruling == "keep"
    assert judge(GOOD, "density", thresholds(["ssim_min=0.9"])).reasons[0].badge == "SSIM"


@pytest.mark.parametrize(
    ("setting", "remedy"),
    [
        ("shift_pxx=2", "'shift_px'"),
        ("tint", "--set tint=2"),
        ("tint=much", "--set tint=2"),
        ("tint=nan", "--set tint=2"),
    ],
)
def test_a_wrong_setting_says_what_is_right(setting: str, remedy: str) -> None:
    with pytest.raises(BadSetting) as caught:
        thresholds([setting])

    assert remedy in caught.value.remedy


@given(
    st.dictionaries(
        st.sampled_from(sorted(GOOD)), st.none() | st.floats(allow_nan=False, width=32)
    ),
    st.sampled_from(["density", "light", "none"]),
)
def test_a_pair_is_kept_exactly_when_there_is_no_reason(
    change: dict[str, float | None], concept: Concept
) -> None:
    judgement = judge(GOOD | change, concept)

    assert (judgement.ruling == "keep") == (judgement.reasons == ())


def test_every_limit_has_a_default_and_no_two_share_a_key() -> None:
    assert len({limit.key for limit in LIMITS}) == len(LIMITS) == len(DEFAULTS) - 2
