"""What measures are taken to say; no server, no picture."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.errors import BadInput, BadSetting
from curate.grid import findings, noise, prompts, statistics, strengths, words

NUMBERS = st.lists(st.floats(-100, 100, allow_nan=False), min_size=2, max_size=9)


def row(**measures):
    """A row of cells: each measure as one value for each strength from -2 to 2."""
    count = len(next(iter(measures.values())))
    return {
        float(n - count // 2): {name: values[n] for name, values in measures.items()}
        for n in range(count)
    }


def found(*rows, concept="density"):
    return findings.of("slider", rows, concept)


CLIMBS = (0.5, 0.6, 0.7, 0.8, 0.9)


def test_spearman_is_the_correlation_of_the_ranks():
    assert statistics.spearman([1, 2, 3, 4], [10, 100, 1000, 1e6]) == 1
    assert statistics.spearman([1, 2, 3, 4], [4, 3, 2, 1]) == -1
    # by hand: d = 1, -1, 0, 0, 0 of five: 1 - 6 * 2 / (5 * 24)
    assert statistics.spearman([1, 2, 3, 4, 5], [2, 1, 3, 4, 5]) == pytest.approx(0.9)
    # equal values have their mean rank: 1, 2.5, 2.5, 4
    assert statistics.spearman([1, 2, 3, 4], [1, 2, 2, 3]) == pytest.approx(0.9486832980505138)
    assert statistics.spearman([1, 2, 3], [7, 7, 7]) is None


@settings(max_examples=50, deadline=None)
@given(NUMBERS, NUMBERS)
def test_spearman_is_symmetrical_bounded_and_turns_with_the_sign(a, b):
    size = min(len(a), len(b))
    a, b = a[:size], b[:size]
    rho = statistics.spearman(a, b)

    assert rho == statistics.spearman(b, a)
    if rho is not None:
        assert -1 <= rho <= 1
        assert statistics.spearman(a, [-value for value in b]) == pytest.approx(-rho)


def test_the_slope_is_that_of_the_best_line():
    found = statistics.trend([-1, 0, 1, 2], [1.0, 3.0, 5.0, 7.0])

    assert found == statistics.Trend(1.0, 2.0, True)
    assert not statistics.trend([-1, 0, 1], [1, 3, 2]).is_monotone
    assert not statistics.trend([-1, 0, 1], [1, 1, 2]).is_monotone


def test_a_concept_that_follows_is_usable_as_far_as_nothing_else_moves():
    one = found(row(density=CLIMBS, green_red=(0, 0, 0, -1, -5)))

    assert one.usable == (-2, 1)
    assert one.ends == ("", "a green cast at +2")
    assert one.warnings == (
        "A green cast from strength +2: Green to red, Δa -5.00 at +2 (limit 2.3).",
    )
    assert "Usable from -2 to +1: a green cast at +2." in words.usable(one)


def test_a_concept_that_turns_back_ends_the_range():
    one = found(row(density=(0.5, 0.6, 0.7, 0.8, 0.75)))

    assert one.usable == (-2, 1)
    assert one.ends[1] == "the concept turns back at +2"
    assert one.monotone_rows == 0


def test_a_concept_that_falls_with_the_strength_follows_too():
    one = found(row(density=CLIMBS[::-1]))

    assert one.concept.spearman == -1
    assert one.usable == (-2, 2)


def test_a_slider_that_does_nothing_has_no_usable_range():
    one = found(row(density=(0.7, 0.701, 0.702, 0.703, 0.704)))

    assert one.usable is None
    assert "the concept does not follow" in words.usable(one)


def test_one_row_of_three_with_a_fault_is_no_finding_on_the_lora():
    calm, wild = row(density=CLIMBS, lightness=(0,) * 5), row(density=CLIMBS, lightness=(9,) * 5)
    wild[0.0]["lightness"] = 0

    one = found(calm, calm, wild)

    assert one.warnings == ()
    assert one.points["lightness"][-1].high == 9


def test_a_light_slider_may_change_the_light():
    changes = row(density=(0.7,) * 5, lightness=(-20, -10, 0, 10, 20))

    assert found(changes, concept="light").usable == (-2, 2)
    assert any("Darker" in w for w in found(changes).warnings)


def test_noise_is_compared_with_the_noise_at_strength_0():
    grainy = row(density=CLIMBS, noise=(3.0, 3.0, 3.0, 3.1, 5.0))

    assert found(grainy).warnings == (
        "Noise from strength +2: Noise +2.00 levels at +2 (limit 1.5).",
    )


def test_noise_beyond_4_is_said_to_be_what_sliders_do():
    late = {float(s): {"density": 0.7 + s / 20, "noise": 0.0 if s < 5 else 4.0} for s in range(7)}

    assert found(late).warnings[0].endswith("as sliders do beyond ±4.")


def test_a_measure_that_could_not_be_had_is_left_out_of_the_median():
    one = found(row(density=CLIMBS, shift_px=(None, 0, 0, 0, 20)), row(density=CLIMBS))

    assert [point.strength for point in one.points["shift_px"]] == [-1, 0, 1, 2]
    assert "Out of place from strength +2" in one.warnings[0]


def test_rows_that_failed_altogether_do_not_count():
    assert found(row(density=CLIMBS), {}, {0.0: {"density": 1.0}}).rows == 1


@pytest.mark.parametrize("sigma", [2.0, 6.0])
def test_noise_is_measured_beside_a_dense_drawing(sigma):
    random = np.random.default_rng(1)
    drawing = np.full((256, 256), 120.0)
    drawing[:, 64:] += 60 * random.integers(0, 2, (256, 192))

    clean = noise.sigma(drawing.astype(np.uint8))
    noisy = drawing + random.normal(0, sigma, drawing.shape)

    assert clean == 0
    assert noise.sigma(noisy.clip(0, 255).astype(np.uint8)) == pytest.approx(sigma, rel=0.25)


def test_strengths_are_sorted_without_doubles_and_with_0():
    assert strengths.parsed("3, -1,−2,3") == (-2, -1, 0, 3)
    assert [strengths.said(s) for s in (-0.0, 1.5, -3.0)] == ["0", "+1.5", "-3"]


def test_a_prompt_file_has_a_prompt_a_line_and_comments(tmp_path):
    file = tmp_path / "prompts.txt"
    file.write_text("\ufeff# rooms\n a room, evening \n\n雨の街\n", encoding="utf-8")

    assert prompts.read(file) == ("a room, evening", "雨の街")
    assert len(prompts.read(None)) == 6


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"# only\n", "has no prompt"), (b"a\na\n", "a prompt twice"), (b"\xff\xfe\x00", "UTF-8")],
)
def test_a_prompt_file_that_cannot_be_used_is_refused(tmp_path, data, said):
    file = tmp_path / "prompts.txt"
    file.write_bytes(data)

    with pytest.raises(BadInput) as caught:
        prompts.read(file)

    assert said in f"{caught.value} {caught.value.remedy}"


def test_a_prompt_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadInput, match="no file"):
        prompts.read(tmp_path / "none.txt")


@pytest.mark.parametrize("text", ["", "a,b", "0,0", "nan", "1e999"])
def test_strengths_that_are_none_are_refused(text):
    with pytest.raises(BadSetting):
        strengths.parsed(text)
