"""What a merge tells: its metadata, its report, its warnings."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import load_file

from curate.merge import run
from curate.merge.run import Settings
from tests.merge import drawn
from tests.merge.whole import merged, metadata


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
