"""Whole merges: what is in the written file, against the dense optimum."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import load_file
from safetensors.torch import save_file as save_torch

from curate.merge import run
from curate.merge.run import Settings
from tests.merge import drawn
from tests.merge.whole import merged, refused, spelled


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 10**6),
    ranks=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    alphas=st.tuples(*[st.sampled_from([None, 1.0, 3.0, 16.0])] * 2),
    spellings=st.tuples(*[st.sampled_from(["musubi", "fun", "comfy", "diffusers"])] * 2),
    apart=st.sampled_from([1.0, 1e-1, 1e-2]),
    rank=st.integers(1, 8),
)
def test_any_two_files_give_the_dense_optimum(
    tmp_path, seed, ranks, alphas, spellings, apart, rank
):
    one = drawn.factors(seed, rank=ranks[0])
    other = drawn.factors(seed + 1, rank=ranks[1])
    if ranks[0] == ranks[1]:
        other = {
            key: tuple(a + apart * b for a, b in zip(one[key], other[key], strict=True))
            for key in one
        }
    plain = [drawn.musubi(p, alpha=a) for p, a in zip((one, other), alphas, strict=True)]
    right = drawn.wanted(
        *(drawn.save(tmp_path / f"plain{i}", t) for i, t in enumerate(plain)), rank=rank
    )
    files = [
        drawn.save(tmp_path / f"{i}.safetensors", spelled(t, s))
        for i, (t, s) in enumerate(zip(plain, spellings, strict=True))
    ]

    out = merged(tmp_path, *files, ranks=(rank,), format="musubi", dtype="float32")

    assert drawn.error(drawn.applied(out), right) < 1e-6


@pytest.mark.parametrize("apart", [1e-2, 1e-4, 1e-6])
def test_halves_that_are_almost_the_same_give_an_exact_difference(tmp_path, apart):
    first, second = drawn.pair(tmp_path, apart=apart)

    out = merged(tmp_path, first, second, ranks=(3,))

    assert drawn.error(drawn.applied(out), drawn.wanted(first, second, 3)) < 1e-6


@pytest.mark.parametrize(
    ("dtype", "limit"), [("float32", 1e-6), ("float16", 2e-3), ("bfloat16", 1e-2)]
)
def test_the_result_comes_in_the_dtype_that_was_asked_for(tmp_path, dtype, limit):
    first, second = drawn.pair(tmp_path, apart=1e-3)

    out = merged(tmp_path, first, second, dtype=dtype)

    with safe_open(out, "pt") as opened:
        found = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - no dict
    assert {str(t.dtype) for n, t in found.items() if "weight" in n} == {f"torch.{dtype}"}
    plain = {name: values.float().numpy() for name, values in found.items()}
    drawn.save(tmp_path / "plain", plain)
    assert drawn.error(drawn.applied(tmp_path / "plain"), drawn.wanted(first, second, 4)) < limit


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float8_e4m3fn])
def test_halves_may_be_in_any_dtype_and_the_result_has_the_first_ones(tmp_path, dtype):
    paths = []
    for number in (1, 2):
        tensors = drawn.musubi(drawn.factors(number), alpha=4.0)
        paths.append(tmp_path / f"{number}.safetensors")
        save_torch({n: torch.from_numpy(t).to(dtype) for n, t in tensors.items()}, paths[-1])

    out = merged(tmp_path, *paths)

    with safe_open(out, "pt") as opened:
        found = opened.get_tensor("lora_unet_blocks_0_ffn_0.lora_up.weight").dtype
    assert found == (torch.bfloat16 if dtype == torch.float8_e4m3fn else dtype)


def test_what_overflows_float16_is_refused(tmp_path):
    first, second = drawn.pair(tmp_path)

    assert "too large for float16" in refused(tmp_path, first, second, dtype="float16", alpha=1e12)


def test_musubis_keys_are_written_with_an_alpha_equal_to_the_rank(tmp_path):
    out = merged(tmp_path, *drawn.pair(tmp_path), ranks=(3,))

    tensors = load_file(out)
    assert tensors["lora_unet_blocks_1_ffn_0.lora_down.weight"].shape == (3, 24)
    assert tensors["lora_unet_blocks_1_ffn_0.lora_up.weight"].shape == (30, 3)
    assert tensors["lora_unet_blocks_1_ffn_0.alpha"] == 3


@pytest.mark.parametrize("spelling", ["musubi", "fun", "comfy", "diffusers"])
def test_the_result_has_the_first_files_spelling(tmp_path, spelling):
    tensors = drawn.musubi(drawn.factors(1))
    first = drawn.save(tmp_path / "a.safetensors", spelled(tensors, spelling))
    second = drawn.save(tmp_path / "b.safetensors", drawn.musubi(drawn.factors(2)))

    out = merged(tmp_path, first, second)

    weights = {name for name in load_file(out) if not name.endswith(".alpha")}
    assert weights == set(spelled(tensors, spelling))


def test_the_comfy_format_has_dots_and_no_alpha(tmp_path):
    out = merged(tmp_path, *drawn.pair(tmp_path), format="comfy")

    names = set(load_file(out))
    assert "diffusion_model.blocks.0.cross_attn.k.lora_A.weight" in names
    assert not any("alpha" in name for name in names)


def test_unknown_dots_are_refused_by_name(tmp_path):
    parts = {"lora_unet_odd_thing.lora_down.weight": np.ones((2, 5), np.float32),
             "lora_unet_odd_thing.lora_up.weight": np.ones((5, 2), np.float32)}  # fmt: skip
    first = drawn.save(tmp_path / "a.safetensors", parts)
    second = drawn.save(tmp_path / "b.safetensors", {n: 2 * t for n, t in parts.items()})

    assert "odd_thing" in refused(tmp_path, first, second, format="comfy")


def test_swapping_the_files_negates(tmp_path):
    first, second = drawn.pair(tmp_path)
    forth = drawn.applied(merged(tmp_path, first, second))

    back = drawn.applied(merged(tmp_path, second, first))

    assert drawn.error(back, {stem: -one for stem, one in forth.items()}) < 1e-6


def test_alpha_multiplies_and_a_negative_one_turns_the_sign_of_lora_up(tmp_path):
    files = drawn.pair(tmp_path)
    once = drawn.applied(merged(tmp_path, *files))

    times = merged(tmp_path, *files, alpha=-2.5)

    assert drawn.error(drawn.applied(times), {s: -2.5 * one for s, one in once.items()}) < 1e-6
    assert all(t > 0 for name, t in load_file(times).items() if name.endswith("alpha"))


def test_ignoring_alpha_is_said_with_its_factor(tmp_path):
    first, second = drawn.pair(tmp_path, alpha=0.5)

    report = run.merge(None, first, second, tmp_path / "o.safetensors", Settings(ignore_alpha=True))

    assert "8 times as strong" in report.merged.notices[0]
    right = {s: 8 * one for s, one in drawn.wanted(first, second, 4).items()}
    assert drawn.error(drawn.applied(tmp_path / "o.safetensors"), right) < 1e-6


def test_a_third_lora_is_added_with_its_weight(tmp_path):
    first, second = drawn.pair(tmp_path)
    drift = drawn.save(tmp_path / "drift.safetensors", drawn.musubi(drawn.factors(9), alpha=1.0))

    out = merged(tmp_path, first, second, ranks=(12,), added=((drift, -0.5),))

    a, b, c = (drawn.applied(path) for path in (first, second, drift))
    assert drawn.error(drawn.applied(out), {s: a[s] - b[s] - 0.5 * c[s] for s in a}) < 1e-6
