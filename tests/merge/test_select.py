"""Choosing modules by name and by block."""

from __future__ import annotations

import pytest

from curate.errors import BadSetting, NoModuleChosen
from curate.merge.select import chosen

PARTS = [f"{a}_attn.{p}" for a in ("self", "cross") for p in "qkvo"] + ["ffn.0", "ffn.2"]
WAN = [f"blocks.{n}.{part}" for n in range(12) for part in PARTS]
FLUX = [f"double_blocks.{n}.img_attn.qkv" for n in range(4)] + [
    f"single_blocks.{n}.linear1" for n in range(6)
]


@pytest.mark.parametrize(
    ("target", "count"),
    [
        ("attn", 96),
        ("self_attn", 48),
        ("cross_attn", 48),
        ("ffn", 24),
        ("attn.q", 24),
        ("attn_q", 24),
        ("blocks.1.*", 10),
        ("blocks.*.ffn.0", 12),
        (r"\.(q|k)$", 48),
        (r"^blocks\.1\.", 10),
    ],
)
def test_a_target_is_a_preset_a_part_a_glob_or_a_regular_expression(target, count):
    assert len(chosen(WAN, targets=[target])) == count


def test_targets_add_up():
    assert len(chosen(WAN, targets=["ffn", "self_attn.q"])) == 36


@pytest.mark.parametrize(
    ("blocks", "count"),
    [(["0-3"], 40), (["1"], 10), (["0-1,5"], 30), (["0", "5"], 20), (["10-99"], 20)],
)
def test_blocks_are_numbers_and_ranges(blocks, count):
    assert len(chosen(WAN, blocks=blocks)) == count


def test_a_target_and_a_block_must_both_match():
    assert chosen(WAN, targets=["ffn"], blocks=["3"]) == {"blocks.3.ffn.0", "blocks.3.ffn.2"}


def test_what_is_excluded_goes():
    assert len(chosen(WAN, targets=["attn"], exclude=["*.o", "cross_attn"])) == 36


def test_nothing_asked_is_everything():
    assert chosen(WAN) == set(WAN)


@pytest.mark.parametrize(
    "asked", [{"targets": ["attn", "mlp"]}, {"blocks": ["40-50"]}, {"exclude": ["norm"]}]
)
def test_what_matches_nothing_is_an_error_that_lists_what_there_is(asked):
    with pytest.raises(NoModuleChosen) as caught:
        chosen(WAN, **asked)

    assert "self_attn.q ×12" in caught.value.remedy
    assert "blocks 0-11" in caught.value.remedy


def test_no_overlap_is_an_error_too():
    with pytest.raises(NoModuleChosen):
        chosen(WAN, targets=["ffn"], exclude=["ffn"])


@pytest.mark.parametrize("asked", [{"targets": ["(attn"]}, {"blocks": ["a-b"]}])
def test_what_cannot_be_read_is_a_bad_setting(asked):
    with pytest.raises(BadSetting):
        chosen(WAN, **asked)


def test_block_numbers_of_two_kinds_do_not_collide():
    with pytest.raises(BadSetting, match="double_blocks and single_blocks"):
        chosen(FLUX, blocks=["0-1"])

    assert chosen(FLUX, blocks=["single_blocks:0-1"]) == {
        "single_blocks.0.linear1",
        "single_blocks.1.linear1",
    }
