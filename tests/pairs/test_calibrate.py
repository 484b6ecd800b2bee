from __future__ import annotations

import json

import numpy as np
import pytest

from curate.pairs.calibrate import Example, calibrated
from curate.pairs.verdict import DEFAULTS, judge
from tests.conftest import Cli
from tests.pairs.scenes import place_twins
from tests.pairs.test_verdict import GOOD


def examples(key: str, values: list[float], *, kept_under: float) -> list[Example]:
    return [Example(GOOD | {key: value}, "density", value < kept_under) for value in values]


def test_who_keeps_what_the_rule_rejects_is_proposed_a_wider_limit() -> None:
    found = calibrated(
        examples("shift_px", [0.2, 0.5, 1, 1.2, 1.8, 2.0, 2.4, 2.6, 4, 5, 6, 7], kept_under=3),
        DEFAULTS,
    )

    (proposal,) = found.proposals
    assert (proposal.key, proposal.now) == ("shift_px", DEFAULTS["shift_px"])
    assert 2.6 < proposal.proposed < 4
    assert (found.decided, found.agreed_now, found.agreed) == (12, 8, 12)
    assert (found.wrongly_caught, found.missed) == ((4, 0), (0, 0))


def test_who_rejects_what_the_rule_keeps_is_proposed_a_narrower_one() -> None:
    found = calibrated(
        examples("tile_residual", [3, 5, 8, 9, 10, 15, 18, 20, 22, 25, 27], kept_under=12), DEFAULTS
    )

    (proposal,) = found.proposals
    assert proposal.key == "tile"
    assert 10 < proposal.proposed < 15
    assert found.missed == (6, 0)


def test_who_agrees_with_the_rule_is_proposed_nothing() -> None:
    found = calibrated(
        examples("shift_px", [0.2, 0.4, 0.6, 0.8, 1, 1.2, 2, 3, 4, 5], kept_under=1.5), DEFAULTS
    )

    assert found.proposals == ()
    assert found.expected == 1


def test_rulings_without_a_pattern_are_not_promised_to_be_met() -> None:
    random = np.random.default_rng(1)
    noise = [
        Example(
            GOOD | {"shift_px": float(random.uniform(0, 3)), "ssim": float(random.uniform(0.5, 1))},
            "density",
            bool(random.random() < 0.5),
        )
        for _ in range(60)
    ]

    found = calibrated(noise, DEFAULTS)

    assert found.expected < found.agreed / found.decided
    assert found.expected < 0.7


def test_the_proposed_thresholds_do_what_was_said() -> None:
    decided = examples("shift_px", [0.2, 1, 1.8, 2, 2.4, 2.6, 4, 5, 6, 7], kept_under=3)

    found = calibrated(decided, DEFAULTS)

    limits = dict(DEFAULTS) | {one.key: one.proposed for one in found.proposals}
    agreed = [(judge(e.measures, e.concept, limits).ruling == "keep") == e.is_kept for e in decided]
    assert sum(agreed) == found.agreed


def test_the_command_proposes_settings_to_paste(curate: Cli) -> None:
    names = place_twins(curate.workspace, 10)
    flags = [word for name in names[:5] for word in ("--keep", name)]
    flags += [word for name in names[5:] for word in ("--reject", name)]

    few = curate("pair-check", "--clip", "none", "--calibrate")
    ended = curate("pair-check", "--clip", "none", "--calibrate", *flags)
    answer = json.loads(curate("pair-check", "--clip", "none", "--calibrate", "--json").stdout)

    assert few.returncode == 3
    assert "0 pairs were ruled on" in few.stderr
    assert "Of 10 pairs that you ruled on" in ended.stdout
    assert answer["calibration"]["decided"] == 10
    assert answer["calibration"]["agreed"] >= answer["calibration"]["agreed_now"] == 5
    if answer["calibration"]["proposals"]:
        assert "--set " in ended.stdout


@pytest.mark.parametrize("count", [0, 9])
def test_too_few_rulings_are_said_to_be_too_few(count: int) -> None:
    with pytest.raises(ValueError, match="at least 10"):
        calibrated(examples("shift_px", [1.0] * count, kept_under=2), DEFAULTS)
