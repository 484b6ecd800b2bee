"""Which modules of two files are merged, at which rank and strength."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load_file

from curate.merge import run
from curate.merge.run import Settings
from tests.merge import drawn
from tests.merge.whole import merged


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
