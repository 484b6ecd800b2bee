"""Whole merges: what is in the written file, against the dense optimum."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import load_file
from safetensors.torch import save_file as save_torch

from curate.errors import BadSetting, LorasDiffer, LoraUnreadable
from curate.merge import run
from curate.merge.run import Settings
from tests.merge import drawn

DIFFUSERS = {"self_attn_q": "attn1.to_q", "cross_attn_k": "attn2.to_k", "ffn_0": "ffn.net.0.proj"}
NATIVE = {"self_attn_q": "self_attn.q", "cross_attn_k": "cross_attn.k", "ffn_0": "ffn.0"}


def spelled(tensors, spelling):
    """Musubi's tensors in another spelling."""
    again = {}
    for name, values in tensors.items():
        stem, _, ending = name.partition(".")
        _, _, _, block, flat = stem.split("_", 4)
        bare = {
            "musubi": f"lora_unet_blocks_{block}_{flat}",
            "fun": f"lora_unet__blocks_{block}_{flat}",
            "comfy": f"diffusion_model.blocks.{block}.{NATIVE[flat]}",
            "diffusers": f"transformer.blocks.{block}.{DIFFUSERS[flat]}",
        }[spelling]
        ending = (
            ending
            if spelling in ("musubi", "fun")
            else ending.replace("lora_down", "lora_A").replace("lora_up", "lora_B")
        )
        again[f"{bare}.{ending}"] = values
    return again


def merged(folder, first, second, **asked):
    output = folder / "out.safetensors"
    report = run.merge(None, first, second, output, Settings(**asked))
    assert not report.failures, report.failures
    return output


def refused(folder, first, second, **asked):
    """The message, whether it was found while planning or at work; nothing is written."""
    output = folder / "out.safetensors"
    try:
        report = run.merge(None, first, second, output, Settings(**asked))
        (failure,) = report.failures
        message, remedy = failure.message, failure.remedy
    except (LoraUnreadable, LorasDiffer, BadSetting) as error:
        message, remedy = str(error), error.remedy
    assert remedy
    assert not output.exists()
    assert not list(folder.glob("*.part"))
    return message


def metadata(path):
    with safe_open(path, "np") as opened:
        return opened.metadata()


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


def test_several_ranks_are_several_files_of_one_pass(tmp_path):
    first, second = drawn.pair(tmp_path)

    run.merge(None, first, second, tmp_path / "out.safetensors", Settings(ranks=(2, 4)))

    for rank in (2, 4):
        found = drawn.applied(tmp_path / f"out_r{rank}.safetensors")
        assert drawn.error(found, drawn.wanted(first, second, rank)) < 1e-6
    assert not (tmp_path / "out.safetensors").exists()


def test_a_rank_beyond_the_differences_is_filled_with_zeros_and_said(tmp_path):
    first, second = drawn.pair(tmp_path)

    report = run.merge(None, first, second, tmp_path / "o.safetensors", Settings(ranks=(20,)))

    assert "rank 8 at most" in report.merged.notices[0]
    tensors = load_file(tmp_path / "o.safetensors")
    assert tensors["lora_unet_blocks_0_ffn_0.lora_down.weight"].shape == (20, 24)
    right = drawn.wanted(first, second, 20)
    assert drawn.error(drawn.applied(tmp_path / "o.safetensors"), right) < 1e-6


def test_energy_finds_the_rank(tmp_path):
    first, second = drawn.pair(tmp_path)
    out = tmp_path / "o.safetensors"

    report = run.merge(None, first, second, out, Settings(energy=0.8))

    (written,) = report.merged.written
    assert written.kept_energy >= 0.8
    assert drawn.error(drawn.applied(out), drawn.wanted(first, second, written.rank)) < 1e-6


def test_mixed_ranks_warn_about_the_loaders_that_get_them_wrong(tmp_path):
    first, second = drawn.pair(tmp_path)
    out = tmp_path / "o.safetensors"

    report = run.merge(None, first, second, out, Settings(energy=0.7, mixed_ranks=True))

    assert any("diffusers" in text for text in report.merged.notices)
    for one in report.merged.modules:
        stem = "lora_unet_" + one.name.replace(".", "_")
        assert load_file(out)[f"{stem}.alpha"] == one.rank
        assert len(load_file(out)[f"{stem}.lora_down.weight"]) == one.rank


def test_a_size_is_kept(tmp_path):
    first, second = drawn.pair(tmp_path)
    out = tmp_path / "o.safetensors"

    report = run.merge(None, first, second, out, Settings(size_mb=0.008))

    assert report.merged.written[0].rank == 3
    assert 0.005 < out.stat().st_size / 1e6 <= 0.008


@pytest.mark.parametrize("norm_of", ["mean-before", "mean-after", "total-before", "total-after"])
def test_a_target_norm_is_met_exactly(tmp_path, norm_of):
    first, second = drawn.pair(tmp_path)
    rank = 8 if norm_of.endswith("before") else 2  # rank 8 loses nothing

    out = merged(tmp_path, first, second, ranks=(rank,), target_norm=1.5, norm_of=norm_of)

    norms = [np.linalg.norm(one) for one in drawn.applied(out).values()]
    found = np.mean(norms) if norm_of.startswith("mean") else np.linalg.norm(norms)
    assert found == pytest.approx(1.5, rel=1e-6)


@pytest.mark.parametrize(
    ("asked", "count"), [({"top": 2}, 2), ({"percentile": 50.0}, 3), ({"threshold": 1e-9}, 6)]
)
def test_weak_modules_are_left_out_and_counted(tmp_path, asked, count):
    first, second = drawn.pair(tmp_path)

    report = run.merge(None, first, second, tmp_path / "o.safetensors", Settings(**asked))

    assert len(report.merged.modules) == count
    assert report.merged.left_out == ({"too weak": 6 - count} if count < 6 else {})
    a, b = drawn.applied(first), drawn.applied(second)
    strongest = sorted(a, key=lambda stem: -np.linalg.norm(a[stem] - b[stem]))[:count]
    assert set(drawn.applied(tmp_path / "o.safetensors")) == set(strongest)


def test_percentiles_are_of_the_targeted_modules_only(tmp_path):
    first, second = drawn.pair(tmp_path)

    report = run.merge(
        None, first, second, tmp_path / "o.safetensors",
        Settings(targets=("attn",), percentile=50.0),
    )  # fmt: skip

    assert len(report.merged.modules) == 2


def test_what_is_not_targeted_can_stay_as_zeros(tmp_path):
    first, second = drawn.pair(tmp_path)

    out = merged(tmp_path, first, second, targets=("attn",), non_target="zero")

    tensors, changes = load_file(out), drawn.applied(out)
    assert set(tensors) == set(load_file(first))
    assert {len(t) for n, t in tensors.items() if "lora_down" in n} == {4}
    assert {float(t) for n, t in tensors.items() if "alpha" in n} == {4.0}
    assert not changes["lora_unet_blocks_0_ffn_0"].any()
    assert changes["lora_unet_blocks_0_self_attn_q"].any()


def test_a_module_of_one_file_is_kept_and_counted(tmp_path):
    a, b = (drawn.musubi(drawn.factors(n), alpha=4.0) for n in (1, 2))
    first = drawn.save(tmp_path / "a.safetensors", {n: t for n, t in a.items() if "1_ffn" not in n})
    second = drawn.save(tmp_path / "b.safetensors", b)
    out = tmp_path / "o.safetensors"

    report = run.merge(None, first, second, out, Settings())

    assert report.merged.one_sided == 1
    only = drawn.applied(second)["lora_unet_blocks_1_ffn_0"]
    found = drawn.applied(out)["lora_unet_blocks_1_ffn_0"]
    np.testing.assert_allclose(found, -only, atol=1e-6)


def test_common_only_leaves_it_out(tmp_path):
    a, b = (drawn.musubi(drawn.factors(n), alpha=4.0) for n in (1, 2))
    first = drawn.save(tmp_path / "a.safetensors", {n: t for n, t in a.items() if "1_ffn" not in n})
    second = drawn.save(tmp_path / "b.safetensors", b)
    out = tmp_path / "o.safetensors"

    report = run.merge(None, first, second, out, Settings(common_only=True))

    assert report.merged.left_out == {"one-sided": 1}
    assert "lora_unet_blocks_1_ffn_0" not in drawn.applied(out)


def test_full_differences_are_subtracted_whole(tmp_path):
    paths = []
    for number in (1, 2):
        tensors = drawn.musubi(drawn.factors(number), alpha=4.0)
        tensors["lora_unet_blocks_0_ffn_0.diff_b"] = np.full(30, 3.0 * number, np.float32)
        paths.append(drawn.save(tmp_path / f"{number}.safetensors", tensors))

    out = merged(tmp_path, *paths, alpha=2.0)

    np.testing.assert_allclose(load_file(out)["lora_unet_blocks_0_ffn_0.diff_b"], -6.0)


def test_convolutions_keep_their_kernels(tmp_path):
    rng = np.random.default_rng(0)
    paths = []
    for number in (1, 2):
        tensors = {
            "lora_unet_conv.lora_down.weight": rng.standard_normal((4, 5, 3, 3)),
            "lora_unet_conv.lora_up.weight": rng.standard_normal((6, 4, 1, 1)),
        }
        tensors = {name: t.astype(np.float32) for name, t in tensors.items()}
        paths.append(drawn.save(tmp_path / f"{number}.safetensors", tensors))

    out = merged(tmp_path, *paths, ranks=(2,))

    assert load_file(out)["lora_unet_conv.lora_down.weight"].shape == (2, 5, 3, 3)
    assert load_file(out)["lora_unet_conv.lora_up.weight"].shape == (6, 2, 1, 1)
    assert drawn.error(drawn.applied(out), drawn.wanted(*paths, 2)) < 1e-6


def test_a_loha_minus_a_lora_is_a_lora(tmp_path):
    rng = np.random.default_rng(0)
    sizes = {"a": (9, 2), "b": (2, 8)}
    parts = {f"hada_w{n}_{x}": rng.standard_normal(sizes[x]) for n in "12" for x in "ab"}
    loha = drawn.save(
        tmp_path / "a.safetensors", {f"lora_unet_x.{name}": t for name, t in parts.items()}
    )
    plain = {"lora_unet_x.lora_up.weight": rng.standard_normal((9, 3)),
             "lora_unet_x.lora_down.weight": rng.standard_normal((3, 8))}  # fmt: skip
    other = drawn.save(tmp_path / "b.safetensors", plain)

    out = merged(tmp_path, loha, other, ranks=(8,))

    change = (parts["hada_w1_a"] @ parts["hada_w1_b"]) * (parts["hada_w2_a"] @ parts["hada_w2_b"])
    right = change - plain["lora_unet_x.lora_up.weight"] @ plain["lora_unet_x.lora_down.weight"]
    assert drawn.error(drawn.applied(out), {"lora_unet_x": right}) < 1e-6


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


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_the_bytes_are_the_same_for_any_number_of_workers(tmp_path, workers):
    first, second = drawn.pair(tmp_path)
    once = merged(tmp_path, first, second, workers=1).read_bytes()
    page = (tmp_path / "out.html").read_bytes()

    assert merged(tmp_path, first, second, workers=workers).read_bytes() == once
    assert (tmp_path / "out.html").read_bytes() == page


def test_the_metadata_tells_how_it_was_made(tmp_path):
    first, second = drawn.pair(tmp_path)

    told = metadata(merged(tmp_path, first, second, targets=("attn",), alpha=2.0))

    import hashlib

    inputs = json.loads(told["curate.inputs"])
    assert [one["file"] for one in inputs] == ["a.safetensors", "b.safetensors"]
    assert [one["weight"] for one in inputs] == [1.0, -1.0]
    assert inputs[0]["sha256"] == hashlib.sha256(first.read_bytes()).hexdigest()
    options = json.loads(told["curate.options"])
    assert options == {"ranks": [4], "targets": ["attn"], "alpha": 2.0}
    assert told["ss_network_dim"] == told["ss_network_alpha"] == "4"
    assert told["ss_network_module"] == "networks.lora_wan"
    assert told["modelspec.architecture"] == "wan2.1/lora"
    assert {"sshs_model_hash", "sshs_legacy_hash", "curate.version"} <= set(told)


def test_the_report_has_every_modules_figures(tmp_path):
    first, second = drawn.pair(tmp_path, apart=0.01)
    a, b = drawn.applied(first), drawn.applied(second)

    report = run.merge(None, first, second, tmp_path / "o.safetensors", Settings(ranks=(2,)))

    for one in report.merged.modules:
        stem = "lora_unet_" + one.name.replace(".", "_")
        difference = a[stem] - b[stem]
        assert one.norm_a == pytest.approx(np.linalg.norm(a[stem]))
        assert one.norm_b == pytest.approx(np.linalg.norm(b[stem]))
        assert one.norm_d == pytest.approx(np.linalg.norm(difference))
        cosine = np.sum(a[stem] * b[stem]) / one.norm_a / one.norm_b
        assert one.cosine == pytest.approx(cosine)
        spectrum = np.linalg.svd(difference, compute_uv=False)[:8]
        np.testing.assert_allclose(one.spectrum, spectrum, atol=1e-9)
        assert one.kept_energy == pytest.approx(np.sum(spectrum[:2] ** 2) / np.sum(spectrum**2))


def test_unrelated_halves_and_a_rank_that_keeps_little_are_warned_about(tmp_path):
    files = [
        drawn.save(tmp_path / f"{n}.safetensors", drawn.musubi(drawn.factors(n, rank=8)))
        for n in (1, 2)
    ]

    report = run.merge(None, *files, tmp_path / "o.safetensors", Settings(ranks=(1,)))

    said = " ".join(report.merged.notices)
    assert "hardly agree" in said
    assert "keeps only" in said


def test_an_unusually_strong_module_is_named(tmp_path):
    first, second = drawn.pair(tmp_path)
    tensors = load_file(second)
    tensors["lora_unet_blocks_1_ffn_0.lora_up.weight"] = (
        tensors["lora_unet_blocks_1_ffn_0.lora_up.weight"] * 50
    )
    drawn.save(second, tensors)

    report = run.merge(None, first, second, tmp_path / "o.safetensors", Settings())

    assert any("blocks.1.ffn.0 is unusually strong" in text for text in report.merged.notices)
