import pytest

from curate.errors import BadSetting, GraphUnusable
from curate.kontext import recipe, roles, shipped
from curate.kontext.shipped import Options
from tests.comfyui.graphs import INVERT, chain, written


def inputs(node, **options):
    return shipped.graph(Options(**options))[node]["inputs"]


def test_steps_guidance_sampler_scheduler_and_model_go_where_they_belong():
    assert inputs("11", steps=8)["steps"] == 8
    assert inputs("9", guidance=3.5)["guidance"] == 3.5
    assert inputs("11", sampler="heun")["sampler_name"] == "heun"
    assert inputs("11", scheduler="beta")["scheduler"] == "beta"
    assert inputs("1", model="kontext.sft")["unet_name"] == "kontext.sft"


def test_what_is_not_given_stays():
    assert inputs("11", steps=8) == inputs("11") | {"steps": 8}


def test_loras_are_chained_between_the_model_and_the_sampler_in_order():
    graph = shipped.graph(Options(loras=("turbo.safetensors:0.5", "sub/style.safetensors")))

    assert graph["11"]["inputs"]["model"] == ["lora2", 0]
    assert graph["lora2"]["inputs"] == {
        "model": ["lora1", 0],
        "lora_name": "sub/style.safetensors",
        "strength_model": 1.0,
    }
    assert graph["lora1"]["inputs"]["model"] == ["1", 0]
    assert graph["lora1"]["inputs"]["strength_model"] == 0.5
    assert roles.found(graph, roles.Named()) == roles.found(shipped.graph(Options()), roles.Named())


@pytest.mark.parametrize("lora", ["a.safetensors:strong", "a.safetensors:"])
def test_a_strength_that_is_no_number_is_refused(lora):
    with pytest.raises(BadSetting, match="gives no strength"):
        shipped.graph(Options(loras=(lora,)))


@pytest.mark.parametrize("model", ["kontext-Q4.gguf", "svdq-int4_r32-flux"])
def test_a_model_for_another_loader_is_shown_the_way(model):
    with pytest.raises(BadSetting) as caught:
        shipped.graph(Options(model=model))

    assert "--workflow" in caught.value.remedy


def test_another_size_takes_kontexts_scaling_out_of_the_shipped_graph():
    kontext, own = (recipe.of("simplify", size=size).graph for size in ("kontext", "1024x576"))

    assert "FluxKontextImageScale" in {node["class_type"] for node in kontext.values()}
    assert "FluxKontextImageScale" not in {node["class_type"] for node in own.values()}
    assert own["6"]["inputs"]["pixels"] == ["4", 0]


def test_another_size_is_refused_where_a_users_graph_scales(tmp_path):
    file = written(tmp_path / "own.json", chain(("FluxKontextImageScale", {})))

    with pytest.raises(GraphUnusable, match="one of Kontext's sizes"):
        recipe.of("simplify", workflow=file, size="1024x576")
    assert recipe.of("simplify", workflow=file).roles is not None


def test_options_of_the_shipped_graph_do_not_go_with_a_graph_of_ones_own(tmp_path):
    file = written(tmp_path / "own.json", chain(INVERT))

    with pytest.raises(BadSetting, match="not --workflow"):
        recipe.of("simplify", workflow=file, options=Options(steps=8))


def test_options_make_another_recipe_and_another_seed_or_instruction_does_not():
    prints = [
        recipe.of("simplify", options=options).fingerprint
        for options in (Options(), Options(steps=8), Options(loras=("a.safetensors",)))
    ]

    assert len(set(prints)) == 3
    assert recipe.of("night", seed=4).fingerprint == prints[0]
