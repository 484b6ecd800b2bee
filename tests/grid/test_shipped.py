"""The shipped Wan2.1 graph, judged by a real ComfyUI that has empty files in the models' places."""

import json

import pytest

from curate.grid import shipped
from curate.grid.shipped import Options
from tests.comfyui.models import empty_files

MORE = ("--style-lora", "style.safetensors:0.7", "--accelerator", "lightx2v.safetensors")
LORA = ("--lora", "slider.safetensors")
WITH_ALL = Options(style_loras=("style.safetensors:0.7",), accelerator="lightx2v.safetensors")


@pytest.mark.parametrize("frames", ["1", "33"])
def test_the_server_accepts_the_shipped_graph(curate, comfy, frames):
    with empty_files(comfy.base, shipped.graph(WITH_ALL)):
        done = curate("grid", *LORA, *MORE, "--frames", frames, "--server", comfy.url, "--check")

    assert done.returncode == 0, done.stderr
    assert "has every node and model, and accepts the graph" in done.stdout
    assert comfy.queued() == set()


def test_the_server_tells_a_value_that_it_does_not_accept(curate, comfy):
    with empty_files(comfy.base, shipped.graph(Options())):
        done = curate("grid", *LORA, "--sampler", "magic", "--server", comfy.url, "--check")

    assert done.returncode == 4
    assert "sampler_name" in done.stderr


def test_missing_models_are_named_with_their_folders_before_anything_is_queued(curate, comfy):
    with empty_files(comfy.base, {"4": shipped.graph(Options())["4"]}):
        done = curate("grid", *LORA, *MORE, "--server", comfy.url)

    assert done.returncode == 4
    for name, folder in (
        ("wan2.1_t2v_14B_fp8_e4m3fn.safetensors", "diffusion_models"),
        ("umt5_xxl_fp8_e4m3fn_scaled.safetensors", "text_encoders"),
        ("wan_2.1_vae.safetensors", "vae"),
        ("lightx2v.safetensors", "loras"),
        ("style.safetensors", "loras"),
    ):
        assert f"{name} in models/{folder}" in done.stderr


def test_loras_have_their_cells_at_strength_0_in_common(curate):
    loras = ("--lora", "a.safetensors", "--lora", "b.safetensors")

    done = curate("grid", *loras, "--strengths", "-1,0,1", "--dry-run", "--json")

    planned = json.loads(done.stdout)["planned"]
    assert len(planned) == 6 * (2 * 2 + 1)
    assert sum(name.endswith("strength 0") for name in planned) == 6
