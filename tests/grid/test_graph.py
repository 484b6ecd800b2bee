"""The roles of a graph that renders: found along the links, or named."""

import pytest

from curate.comfy.graph import Slot
from curate.errors import BadSetting, GraphUnusable
from curate.grid import graph as cells
from curate.grid import recipe, shipped
from curate.grid.graph import Named
from curate.grid.loras import Slider
from curate.grid.shipped import Options
from tests.comfyui.graphs import written
from tests.grid.served import node, sharpening

SLIDER = (Slider("slider", "slider.safetensors", None, "d1"),)


def found(graph, loras=(), **named):
    return cells.found(graph, Named(**named), loras)


def chained(*names, title=""):
    """A model, loaders of these LoRAs one after the other, a sampler."""
    graph = {"model": node("UNETLoader", unet_name="m"), "save": node("SaveImage",
             images=["k", 0], filename_prefix="x")}  # fmt: skip
    last = "model"
    for number, name in enumerate(names):
        graph[f"l{number}"] = node(
            "LoraLoaderModelOnly", model=[last, 0], lora_name=name, strength_model=1
        )
        last = f"l{number}"
    if title:
        graph[last]["_meta"] = {"title": title}
    graph["p"] = node("CLIPTextEncode", text="x")
    graph["n"] = node("CLIPTextEncode", text="bad")
    graph["k"] = node("KSampler", model=[last, 0], positive=["p", 0], negative=["n", 0], seed=1)
    return graph


WRAPPER = {
    "lora": node("WanVideoLoraSelect", lora="slider.safetensors", strength=1.0),
    "model": node("WanVideoModelLoader", model="wan.safetensors", lora=["lora", 0]),
    "text": node("WanVideoTextEncode", positive_prompt="a", negative_prompt="b"),
    "size": node("WanVideoEmptyEmbeds", width=832, height=480, num_frames=33),
    "sampler": node(
        "WanVideoSampler", model=["model", 0], text_embeds=["text", 0], seed=3,
        image_embeds=["size", 0],
    ),
    "decode": node("WanVideoDecode", samples=["sampler", 0]),
    "video": node("VHS_VideoCombine", images=["decode", 0], filename_prefix="w", frame_rate=16,
                  format="video/h264-mp4"),
}  # fmt: skip


def test_the_shipped_graphs_roles_are_found():
    parts = found(shipped.graph(Options()), strength=shipped.SLIDER)

    assert (parts.output.node, parts.text.node, parts.seed.node) == ("11", "6", "9")
    assert parts.strength == Slot("4", ("strength_model",))
    assert parts.lora == Slot("4", ("lora_name",))
    assert parts.suffix == "png"


def test_the_roles_of_a_graph_for_wanvideowrapper_are_found():
    parts = found(WRAPPER)

    assert parts.strength == Slot("lora", ("strength",))
    assert parts.lora == Slot("lora", ("lora",))
    assert parts.text == Slot("text", ("positive_prompt",))
    assert parts.seed == Slot("sampler", ("seed",))
    assert (parts.output.node, parts.suffix) == ("video", "mp4")


def test_the_place_of_a_loader_of_five_is_named_with_its_number():
    many = {f"lora_{n}": "none" for n in range(5)} | {f"strength_{n}": 1.0 for n in range(5)}
    names = {"lora_0": "fast.safetensors", "lora_1": "slider.safetensors"}
    graph = WRAPPER | {"lora": node("WanVideoLoraSelectMulti", **many | names)}

    assert found(graph, strength="lora.strength_1").lora == Slot("lora", ("lora_1",))
    with pytest.raises(GraphUnusable, match=r"lora.strength_0 .*, lora.strength_1 ") as caught:
        found(graph)
    assert "--strength-node" in caught.value.remedy


def test_of_several_loaders_the_one_that_names_the_lora_is_the_slider():
    graph = chained("fast.safetensors", "slider.safetensors", "style.safetensors")

    assert found(graph, ("slider.safetensors",)).strength.node == "l1"


def test_of_several_loaders_the_one_with_slider_in_its_title_is_it():
    graph = chained("fast.safetensors", "my.safetensors", title="The Slider")

    assert found(graph).strength.node == "l1"


def test_a_strength_that_comes_from_a_primitive_is_written_there():
    graph = chained("slider.safetensors")
    graph["l0"]["inputs"]["strength_model"] = ["number", 0]
    graph["number"] = node("PrimitiveFloat", value=1.0)

    parts = found(graph)

    assert parts.strength == Slot("number", ("value",))
    assert parts.lora == Slot("l0", ("lora_name",))


def test_a_graph_without_a_lora_is_asked_for_the_number():
    with pytest.raises(GraphUnusable, match="has no strength") as caught:
        found(sharpening())

    assert "--strength-node" in caught.value.remedy
    assert found(sharpening(), strength="sharp.alpha").strength == Slot("sharp", ("alpha",))


def test_what_cannot_be_read_back_is_refused():
    graph = chained("a") | {"save": node("SaveAnimatedWEBP", images=["k", 0], filename_prefix="")}

    with pytest.raises(GraphUnusable, match="cannot be read"):
        found(graph)


def test_binding_fills_the_roles_and_leaves_the_original():
    graph = shipped.graph(Options())
    parts = found(graph, strength="4")

    bound = cells.bound(
        graph, parts, strength=-1.5, lora="a.safetensors", text="rain", seed=9, prefix="p"
    )

    assert graph == shipped.graph(Options())
    assert bound["4"]["inputs"]["strength_model"] == -1.5
    assert bound["4"]["inputs"]["lora_name"] == "a.safetensors"
    assert bound["6"]["inputs"]["text"] == "rain"
    assert bound["7"]["inputs"]["text"] == ""
    assert bound["9"]["inputs"]["seed"] == 9
    assert bound["11"]["inputs"]["filename_prefix"] == "p"


def test_further_loras_stand_between_the_model_and_the_slider_in_order():
    graph = shipped.graph(
        Options(accelerator="fast.safetensors", style_loras=("sub/style.safetensors:0.6",))
    )

    assert graph["4"]["inputs"]["model"] == ["lora2", 0]
    assert graph["lora2"]["inputs"]["lora_name"] == "sub/style.safetensors"
    assert graph["lora2"]["inputs"]["strength_model"] == 0.6
    assert graph["lora2"]["inputs"]["model"] == ["lora1", 0]
    assert graph["lora1"]["inputs"]["model"] == ["1", 0]
    sampler = graph["9"]["inputs"]
    assert (sampler["steps"], sampler["cfg"], graph["5"]["inputs"]["shift"]) == (4, 1.0, 5.0)


def test_what_is_asked_for_outranks_what_an_accelerator_brings():
    graph = shipped.graph(Options(accelerator="fast.safetensors", steps=6, cfg=1.5, shift=8.0))

    assert graph["9"]["inputs"]["steps"] == 6
    assert graph["9"]["inputs"]["cfg"] == 1.5
    assert graph["5"]["inputs"]["shift"] == 8.0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (Options(size="800x450"), "no size that the model makes"),
        (Options(size="wide"), "no size that the model makes"),
        (Options(frames=32), "no clip of 32 frames"),
        (Options(model="wan-Q4.gguf"), "cannot load"),
        (Options(style_loras=("a.safetensors:much",)), "gives no strength"),
    ],
)
def test_what_the_model_cannot_take_is_refused(options, said):
    with pytest.raises(BadSetting, match=said):
        shipped.graph(options)


def test_a_lora_and_a_prompt_make_no_other_recipe_and_steps_do():
    prints = [
        recipe.of(SLIDER, options=options).fingerprint
        for options in (Options(), Options(steps=8), Options(frames=33))
    ]

    assert len(set(prints)) == 3
    other = (Slider("b", "b.safetensors", None, "d2"),)
    assert recipe.of(other).fingerprint == prints[0]


def test_options_of_the_shipped_graph_do_not_go_with_a_graph_of_ones_own(tmp_path):
    file = written(tmp_path / "own.json", chained("slider.safetensors"))

    with pytest.raises(BadSetting, match="not --workflow"):
        recipe.of(SLIDER, workflow=file, options=Options(steps=8))


def test_a_lora_has_no_place_where_the_number_is_no_strength_of_one(tmp_path):
    file = written(tmp_path / "own.json", sharpening())

    with pytest.raises(BadSetting, match="loads no LoRA"):
        recipe.of(SLIDER, workflow=file, named=Named(strength="sharp.alpha"))


def test_the_shipped_graph_needs_a_lora():
    with pytest.raises(BadSetting, match="No LoRA is named"):
        recipe.of(())


def test_only_a_loader_that_does_nothing_at_zero_is_shared_by_the_loras(tmp_path):
    own = written(tmp_path / "own.json", WRAPPER)

    assert recipe.of(SLIDER).shares_zero
    assert not recipe.of(SLIDER, workflow=own).shares_zero
