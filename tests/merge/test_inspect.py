"""`curate inspect`: one file, or two side by side."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import load_file

from curate.merge import run
from curate.merge.run import Settings
from tests.conftest import Cli
from tests.merge import drawn


def test_a_file_is_told_by_its_spelling_ranks_alphas_and_norms(tmp_path):
    path, _ = drawn.pair(tmp_path, alpha=2.0)

    found = run.inspect(path).first

    assert found.spelling == "lora_unet_ … lora_down.weight/lora_up.weight"
    assert found.ranks == {4: 6}
    assert found.alphas == {"2": 6}
    assert found.dtypes == {"F32": 6}
    changes = drawn.applied(path)
    for one in found.modules:
        change = changes["lora_unet_" + one.name.replace(".", "_")]
        assert one.norm == pytest.approx(np.linalg.norm(change))
    block = np.sqrt(sum(np.sum(c**2) for s, c in changes.items() if "blocks_1" in s))
    assert found.blocks["blocks.1"] == pytest.approx(block)


def key(stem, rows, columns):
    return {
        f"{stem}.lora_down.weight": np.ones((1, columns), np.float16),
        f"{stem}.lora_up.weight": np.ones((rows, 1), np.float16),
    }


@pytest.mark.parametrize(
    ("tensors", "model"),
    [
        (key("lora_unet_blocks_0_self_attn_q", 5120, 5120), "Wan 14B"),
        (key("lora_unet_blocks_0_self_attn_q", 1536, 1536), "Wan 1.3B"),
        (
            key("lora_unet_blocks_0_self_attn_q", 5120, 5120)
            | key("lora_unet_blocks_0_cross_attn_k_img", 5120, 5120),
            "Wan 14B I2V",
        ),
        (key("lora_unet__blocks_0_self_attn_q", 1536, 1536), "Wan 1.3B (Wan-Fun spelling)"),
        (key("lora_unet_single_blocks_3_linear1", 21504, 3072), "Flux"),
        (key("lora_unet_down_blocks_1_attentions_0_attn2_to_k", 640, 2048), "SDXL"),
        (key("lora_unet_down_blocks_1_attentions_0_attn2_to_k", 640, 768), "Stable Diffusion 1.5"),
        (key("something", 3, 3), "unknown"),
    ],
)
def test_the_model_is_guessed_from_names_and_sizes(tmp_path, tensors, model):
    assert run.inspect(drawn.save(tmp_path / "a.safetensors", tensors)).first.model == model


def test_two_files_are_compared_module_by_module(tmp_path):
    first, second = drawn.pair(tmp_path, apart=0.1)
    a, b = drawn.applied(first), drawn.applied(second)

    found = run.inspect(first, second).compared

    inner = sum(np.sum(a[s] * b[s]) for s in a)
    norms = [np.sqrt(sum(np.sum(c**2) for c in x.values())) for x in (a, b)]
    difference = np.sqrt(sum(np.sum((a[s] - b[s]) ** 2) for s in a))
    assert found.totals.cosine == pytest.approx(inner / np.prod(norms))
    assert found.totals.norm_d == pytest.approx(difference)
    assert found.cancellation == pytest.approx(1 - difference**2 / (norms[0] ** 2 + norms[1] ** 2))


def test_the_angles_are_those_between_the_spaces(tmp_path):
    up = np.eye(6)[:, :2]
    turned = up.copy()
    angle = np.radians(1e-4)
    turned[:, 1] = np.cos(angle) * up[:, 1] + np.sin(angle) * np.eye(6)[:, 3]
    down = np.eye(5)[:2]
    stem = "lora_unet_x"
    files = [
        drawn.save(
            tmp_path / f"{i}.safetensors",
            {f"{stem}.lora_up.weight": u, f"{stem}.lora_down.weight": down},
        )
        for i, u in enumerate((up, turned))
    ]

    (found,) = run.inspect(*files).compared.angles

    assert max(found.writes) == pytest.approx(1e-4, rel=1e-6)
    assert min(found.writes) == pytest.approx(0, abs=1e-9)
    assert max(found.reads) == pytest.approx(0, abs=1e-9)


def test_a_merged_file_tells_how_it_was_made(tmp_path):
    curate = Cli(tmp_path)
    first, second = drawn.pair(tmp_path)
    run.merge(None, first, second, tmp_path / "o.safetensors", Settings(targets=("attn",)))

    ran = curate("inspect", "o.safetensors")

    assert ran.returncode == 0, ran.stderr
    assert "a.safetensors" in ran.stdout
    assert '"targets": ["attn"]' in ran.stdout


def test_json_and_page(tmp_path):
    curate = Cli(tmp_path)
    drawn.pair(tmp_path)

    ran = curate("inspect", "a.safetensors", "b.safetensors", "--json", "--html", "p.html")

    told = json.loads(ran.stdout)
    assert len(told["compared"]["modules"]) == 6
    assert told["first"]["ranks"] == {"4": 6}
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert page.count("<figure>") == 6
    assert "blocks.1.ffn.0" in page


def test_the_strongest_differences_come_first_and_as_many_as_asked(tmp_path):
    curate = Cli(tmp_path)
    first, second = drawn.pair(tmp_path)
    a, b = drawn.applied(first), drawn.applied(second)
    strongest = max(a, key=lambda stem: np.linalg.norm(a[stem] - b[stem]))

    ran = curate("inspect", "a.safetensors", "b.safetensors", "--top", 1)

    (line,) = [line for line in ran.stdout.splitlines() if line.startswith("blocks.")]
    assert line.split()[0].replace(".", "_") == strongest.removeprefix("lora_unet_")


def test_other_models_are_refused(tmp_path):
    curate = Cli(tmp_path)
    drawn.pair(tmp_path)
    drawn.save(tmp_path / "c.safetensors", key("something", 3, 3))

    ran = curate("inspect", "a.safetensors", "c.safetensors")

    assert ran.returncode == 3
    assert "share no module" in ran.stderr


def test_a_damaged_file_is_a_sentence(tmp_path):
    curate = Cli(tmp_path)
    drawn.pair(tmp_path)
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "a.safetensors").read_bytes()[:2000])

    ran = curate("inspect", "cut.safetensors")

    assert ran.returncode == 3
    assert "truncated" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_nothing_is_changed(tmp_path):
    first, second = drawn.pair(tmp_path)
    before = load_file(first)

    run.inspect(first, second)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.safetensors", "b.safetensors"]
    assert load_file(first).keys() == before.keys()
