"""Merges that would make no sense: each is refused in words, and nothing is written."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load_file

from curate.errors import BadSetting
from curate.merge import run
from curate.merge.run import Settings
from tests.merge import drawn
from tests.merge.whole import merged, refused


def test_a_file_minus_itself_is_no_difference(tmp_path):
    first, _ = drawn.pair(tmp_path)
    twin = drawn.save(tmp_path / "twin.safetensors", load_file(first))

    assert "no difference" in refused(tmp_path, first, twin)


def test_full_differences_that_are_the_same_are_no_difference(tmp_path):
    tensors = drawn.musubi(drawn.factors(1), alpha=2.0)
    tensors["lora_unet_blocks_0_ffn_0.diff_b"] = np.full(30, 3.0, np.float32)
    first, twin = (drawn.save(tmp_path / f"{n}.safetensors", tensors) for n in "ab")

    assert "no difference" in refused(tmp_path, first, twin)


def test_zeros_can_be_asked_for(tmp_path):
    first, _ = drawn.pair(tmp_path)
    twin = drawn.save(tmp_path / "twin.safetensors", load_file(first))

    out = merged(tmp_path, first, twin, allow_zero=True)

    assert not any(one.any() for one in drawn.applied(out).values())


def test_other_sizes_are_refused_with_the_module_and_both_sizes(tmp_path):
    first = drawn.save(tmp_path / "a.safetensors", drawn.musubi(drawn.factors(1)))
    small = drawn.factors(2, sizes={"self_attn_q": (24, 20), "ffn_0": (12, 24)})
    second = drawn.save(tmp_path / "b.safetensors", drawn.musubi(small))

    message = refused(tmp_path, first, second)

    assert "blocks.0.ffn.0 is 30 × 24 in a.safetensors and 12 × 24 in b.safetensors" in message


def test_files_without_a_common_module_are_refused(tmp_path):
    first = drawn.save(tmp_path / "a.safetensors", drawn.musubi(drawn.factors(1)))
    other = {"lora_unet_x.lora_down.weight": np.ones((2, 3)),
             "lora_unet_x.lora_up.weight": np.ones((3, 2))}  # fmt: skip
    second = drawn.save(tmp_path / "b.safetensors", other)

    assert "share no module" in refused(tmp_path, first, second)


def test_fused_against_split_is_refused_by_name(tmp_path):
    def flux(part, rows):
        stem = f"lora_unet_double_blocks_0_img_attn_{part}"
        return {f"{stem}.lora_down.weight": np.ones((2, 8)),
                f"{stem}.lora_up.weight": np.ones((rows, 2))}  # fmt: skip

    first = drawn.save(tmp_path / "a.safetensors", flux("qkv", 24) | flux("proj", 8))
    second = drawn.save(tmp_path / "b.safetensors", flux("q", 8) | flux("proj", 8))

    message = refused(tmp_path, first, second)

    assert "double_blocks.0.img_attn.q on its own" in message
    assert "double_blocks.0.img_attn.qkv" in message


def test_a_full_difference_against_a_low_rank_one_is_refused(tmp_path):
    first, _ = drawn.pair(tmp_path)
    tensors = load_file(first)
    for name in [n for n in tensors if "0_ffn_0" in n]:
        del tensors[name]
    tensors["lora_unet_blocks_0_ffn_0.diff"] = np.ones((30, 24), np.float32)
    second = drawn.save(tmp_path / "c.safetensors", tensors)

    assert "blocks.0.ffn.0 is a full difference in c" in refused(tmp_path, first, second)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("ending", ["lora_down.weight", "lora_up.weight", "alpha"])
def test_a_number_that_is_none_is_named(tmp_path, bad, ending):
    first, second = drawn.pair(tmp_path)
    tensors = load_file(second)
    name = f"lora_unet_blocks_1_ffn_0.{ending}"
    tensors[name] = tensors[name].copy()
    tensors[name][...] = bad
    drawn.save(second, tensors)

    assert "blocks_1_ffn_0" in (message := refused(tmp_path, first, second)) or (
        "blocks.1.ffn.0" in message
    )


@pytest.mark.parametrize("name", ["a.safetensors", "b.safetensors"])
def test_an_input_is_never_overwritten(tmp_path, name):
    first, second = drawn.pair(tmp_path)
    before = (tmp_path / name).read_bytes()

    with pytest.raises(BadSetting, match="one of the LoRAs"):
        run.merge(None, first, second, tmp_path / name, Settings())

    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize(
    "asked",
    [{"ranks": (0,)}, {"ranks": (2, 2)}, {"energy": 0.9, "size_mb": 3.0}, {"energy": 1.5},
     {"size_mb": -1.0}, {"mixed_ranks": True}, {"alpha": 0.0}, {"alpha": float("nan")},
     {"target_norm": 0.0}, {"percentile": 100.0}, {"top": 0}, {"workers": 0}],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(tmp_path, asked):
    with pytest.raises(BadSetting):
        run.merge(None, *drawn.pair(tmp_path), tmp_path / "o.safetensors", Settings(**asked))
