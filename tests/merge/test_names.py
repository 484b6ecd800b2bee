"""Key spellings: golden lists of whole models, and one module in every spelling."""

from __future__ import annotations

import pytest

from curate.merge import names, natives
from curate.merge.names import Key

WAN = [f"{attn}_attn.{part}" for attn in ("self", "cross") for part in "qkvo"] + ["ffn.0", "ffn.2"]
WAN_I2V = [*WAN, "cross_attn.k_img", "cross_attn.v_img"]
FLUX_DOUBLE = [
    f"{stream}_{part}"
    for stream in ("img", "txt")
    for part in ("attn.qkv", "attn.proj", "mlp.0", "mlp.2", "mod.lin")
]
FLUX_SINGLE = ["linear1", "linear2", "modulation.lin"]
GOLDEN = {
    "Wan 14B": [f"blocks.{n}.{part}" for n in range(40) for part in WAN],
    "Wan 1.3B": [f"blocks.{n}.{part}" for n in range(30) for part in WAN],
    "Wan 14B I2V": [f"blocks.{n}.{part}" for n in range(40) for part in WAN_I2V],
    "Flux": [f"double_blocks.{n}.{part}" for n in range(19) for part in FLUX_DOUBLE]
    + [f"single_blocks.{n}.{part}" for n in range(38) for part in FLUX_SINGLE],
}
COUNTS = {"Wan 14B": 400, "Wan 1.3B": 300, "Wan 14B I2V": 480, "Flux": 304}


def flat(name):
    return name.replace(".", "_")


@pytest.mark.parametrize("model", GOLDEN)
@pytest.mark.parametrize(
    "spelling", ["lora_unet_{flat}.lora_down.weight", "lora_unet__{flat}.lora_down.weight",
                 "diffusion_model.{name}.lora_A.weight", "{name}.lora_A.default.weight",
                 "lycoris_{flat}.hada_w1_a"],
)  # fmt: skip
def test_every_module_of_a_model_is_known_in_every_spelling(model, spelling):
    listed = GOLDEN[model]
    assert len(listed) == COUNTS[model]

    for name in listed:
        key = names.parse(spelling.format(name=name, flat=flat(name)))
        assert isinstance(key, Key)
        assert (key.module, key.name) == (flat(name), name)


@pytest.mark.parametrize("model", GOLDEN)
def test_flattened_names_get_their_dots_back(model):
    assert [natives.dotted(flat(name)) for name in GOLDEN[model]] == GOLDEN[model]


@pytest.mark.parametrize("model", GOLDEN)
def test_both_formats_can_be_written(model):
    for name in GOLDEN[model]:
        assert names.spelled(flat(name), "musubi") == f"lora_unet_{flat(name)}"
        assert names.spelled(flat(name), "comfy") == f"diffusion_model.{name}"


@pytest.mark.parametrize(
    "key",
    [
        "lora_unet_blocks_7_self_attn_q.lora_up.weight",
        "lora_unet__blocks_7_self_attn_q.lora_up.weight",
        "lora_transformer_blocks_7_self_attn_q.lora_up.weight",
        "lycoris_blocks_7_self_attn_q.lora_up.weight",
        "diffusion_model.blocks.7.self_attn.q.lora_B.weight",
        "diffusion_model.blocks.7.self_attn.q.lora_B.default.weight",
        "diffusion_model.blocks.7.self_attn.q.lora_B",
        "diffusion_model.blocks.7.self_attn.q.lora.up.weight",
        "diffusion_model.blocks.7.self_attn.q_lora.up.weight",
        "diffusion_model.blocks.7.self_attn.q.lora_linear_layer.up.weight",
        "transformer.blocks.7.attn1.to_q.lora_B.weight",
        "base_model.model.blocks.7.attn1.to_q.lora_B.weight",
        "base_model.model.diffusion_model.blocks.7.self_attn.q.lora_B.weight",
        "unet.blocks.7.attn1.processor.to_q_lora.up.weight",
        "blocks.7.attn1.to_q.lora_B.weight",
    ],
)
def test_one_module_in_every_spelling(key):
    found = names.parse(key)

    assert isinstance(found, Key)
    assert (found.module, found.name) == ("blocks_7_self_attn_q", "blocks.7.self_attn.q")
    assert found.role == "up"
    ending = names.PAIRS[found.style][1]
    assert key in (f"{found.stem}.{ending}", f"{found.stem}{ending}")


@pytest.mark.parametrize(
    ("diffusers", "own"),
    [
        ("blocks.3.attn1.to_out.0", "blocks.3.self_attn.o"),
        ("blocks.3.attn2.to_k", "blocks.3.cross_attn.k"),
        ("blocks.3.attn2.add_v_proj", "blocks.3.cross_attn.v_img"),
        ("blocks.3.ffn.net.0.proj", "blocks.3.ffn.0"),
        ("blocks.3.ffn.net.2", "blocks.3.ffn.2"),
        ("vace_blocks.3.attn1.to_q", "vace_blocks.3.self_attn.q"),
        ("condition_embedder.time_proj", "time_projection.1"),
        ("condition_embedder.image_embedder.ff.net.0.proj", "img_emb.proj.1"),
        ("transformer_blocks.3.attn.to_out.0", "double_blocks.3.img_attn.proj"),
        ("transformer_blocks.3.ff_context.net.2", "double_blocks.3.txt_mlp.2"),
        ("transformer_blocks.3.norm1.linear", "double_blocks.3.img_mod.lin"),
        ("single_transformer_blocks.3.proj_out", "single_blocks.3.linear2"),
    ],
)
def test_diffusers_names_become_the_models_own(diffusers, own):
    found = names.parse(f"transformer.{diffusers}.lora_A.weight", flux="transformer_b" in diffusers)

    assert isinstance(found, Key)
    assert found.name == own


def test_other_models_transformer_blocks_keep_their_name():
    found = names.parse("transformer.transformer_blocks.3.attn.to_out.0.lora_A.weight")

    assert isinstance(found, Key)
    assert found.name == "transformer_blocks.3.attn.to_out.0"


def test_the_text_encoders_and_the_second_transformer_stay_apart():
    keys = [
        "lora_te1_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight",
        "lora_te2_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight",
        "lora_unet_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight",
        "transformer.blocks.0.attn1.to_q.lora_A.weight",
        "transformer_2.blocks.0.attn1.to_q.lora_A.weight",
    ]

    assert len({names.parse(key).module for key in keys}) == len(keys)


def test_a_block_is_known_by_its_kind_and_number():
    assert natives.place("blocks.7.self_attn.q") == ("blocks", 7, "self_attn.q")
    assert natives.place("double_blocks.7.img_attn.qkv") == ("double_blocks", 7, "img_attn.qkv")
    assert natives.place("input_blocks_4_1_transformer_blocks_0_attn1_to_q") == (
        "input_blocks",
        4,
        "1_transformer_blocks_0_attn1_to_q",
    )
    assert natives.place("head.head") is None
