"""The demo's two LoRAs, and what counts as recovering their difference."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from curate.demo import loras
from tests.conftest import Cli


@pytest.fixture
def planted(tmp_path):
    return loras.draw(tmp_path / "loras")


def test_they_are_the_same_ones_every_time(tmp_path):
    once, again = loras.draw(tmp_path / "once"), loras.draw(tmp_path / "again")

    assert once.dense.read_bytes() == again.dense.read_bytes()
    assert once.sparse.read_bytes() == again.sparse.read_bytes()


def test_they_carry_musubis_key_names_and_an_alpha_that_is_not_the_rank(planted):
    tensors = load_file(planted.dense)

    down = tensors["lora_unet_blocks_1_cross_attn_v.lora_down.weight"]
    assert len(down) == 16
    assert tensors["lora_unet_blocks_1_cross_attn_v.alpha"] == 8


def test_their_difference_is_the_planted_one(planted):
    dense, sparse = load_file(planted.dense), load_file(planted.sparse)

    for name, wanted in planted.difference.items():
        found = sum(
            sign
            * half[f"{name}.lora_up.weight"].astype(np.float64)
            @ half[f"{name}.lora_down.weight"].astype(np.float64)
            for sign, half in ((8 / 16, dense), (-8 / 16, sparse))
        )
        np.testing.assert_allclose(found, wanted, atol=1e-9)
        assert np.linalg.matrix_rank(wanted) <= 4


def test_merging_them_recovers_it(planted, tmp_path):
    curate = Cli(tmp_path)

    ran = curate("merge", planted.dense, planted.sparse, "-o", "out.safetensors", "--rank", 4)

    assert ran.returncode == 0, ran.stderr
    assert loras.recovery(planted, tmp_path / "out.safetensors") < 1e-6


def test_only_what_was_targeted_counts(planted, tmp_path):
    curate = Cli(tmp_path)

    ran = curate(
        "merge", planted.dense, planted.sparse, "-o", "out.safetensors", "--target", "attn"
    )

    assert ran.returncode == 0, ran.stderr
    assert loras.recovery(planted, tmp_path / "out.safetensors") < 1e-6


def test_a_result_of_twice_the_strength_is_an_error_of_one(planted, tmp_path):
    curate = Cli(tmp_path)
    curate("merge", planted.dense, planted.sparse, "-o", "out.safetensors", "--ignore-alpha")

    assert loras.recovery(planted, tmp_path / "out.safetensors") == pytest.approx(1)


def test_a_file_without_the_modules_is_no_recovery(planted, tmp_path):
    save_file({"other": np.zeros(3, np.float32)}, tmp_path / "other.safetensors")

    with pytest.raises(KeyError):
        loras.recovery(planted, tmp_path / "other.safetensors")
