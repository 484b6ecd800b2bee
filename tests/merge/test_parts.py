import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from safetensors.torch import load_file as load_torch
from safetensors.torch import save_file as save_torch

from curate.errors import NoModuleChosen
from curate.merge import files, parts


def whole(file, dtype=np.float16):
    """A LoRA of four blocks with two modules each."""
    random = np.random.default_rng(1)
    tensors = {}
    for block in range(4):
        for module in ("self_attn_q", "ffn_0"):
            name = f"lora_unet_blocks_{block}_{module}"
            tensors[f"{name}.lora_down.weight"] = random.normal(size=(2, 6)).astype(dtype)
            tensors[f"{name}.lora_up.weight"] = random.normal(size=(6, 2)).astype(dtype)
            tensors[f"{name}.alpha"] = np.array(1.5, dtype)
    save_file(tensors, file, {"ss_network_dim": "2"})
    return tensors


def test_the_blocks_that_are_asked_for_stay_bit_by_bit_and_the_others_are_left_out(tmp_path):
    tensors = whole(tmp_path / "whole.safetensors")

    count = parts.write(tmp_path / "whole.safetensors", tmp_path / "part.safetensors", "1-2")

    kept = load_file(tmp_path / "part.safetensors")
    assert count == 4
    assert kept.keys() == {name for name in tensors if "_blocks_1_" in name or "_blocks_2_" in name}
    assert all(values.tobytes() == tensors[name].tobytes() for name, values in kept.items())


@pytest.mark.parametrize("dtype", ["float8_e4m3fn", "float8_e5m2", "bfloat16"])
def test_what_numpy_has_no_numbers_for_stays_bit_by_bit_too(tmp_path, dtype):
    name = "lora_unet_blocks_0_ffn_0"
    rng = torch.Generator().manual_seed(1)
    tensors = {
        f"{name}.{end}.weight": torch.randn(shape, generator=rng).to(getattr(torch, dtype))
        for end, shape in (("lora_down", (2, 6)), ("lora_up", (6, 2)))
    }
    save_torch(tensors, tmp_path / "whole.safetensors")

    parts.write(tmp_path / "whole.safetensors", tmp_path / "part.safetensors", "0")

    kept = load_torch(tmp_path / "part.safetensors")
    as_bytes = torch.uint8
    assert all(torch.equal(kept[n].view(as_bytes), t.view(as_bytes)) for n, t in tensors.items())


def test_the_parts_of_a_whole_are_the_whole(tmp_path):
    tensors = whole(tmp_path / "whole.safetensors", np.float32)
    together = {}
    for blocks in ("0", "1-3"):
        parts.write(tmp_path / "whole.safetensors", tmp_path / "part.safetensors", blocks)
        together |= load_file(tmp_path / "part.safetensors")

    assert together.keys() == tensors.keys()


def test_a_part_says_of_what_and_which_blocks_it_is(tmp_path):
    whole(tmp_path / "whole.safetensors")
    parts.write(tmp_path / "whole.safetensors", tmp_path / "part.safetensors", "0")

    with files.TensorFile(tmp_path / "part.safetensors") as file:
        assert file.metadata["ss_network_dim"] == "2"
        assert file.metadata[parts.BLOCKS] == "0"


def test_blocks_that_are_not_there_are_refused(tmp_path):
    whole(tmp_path / "whole.safetensors")

    with pytest.raises(NoModuleChosen, match="no blocks 9"):
        parts.write(tmp_path / "whole.safetensors", tmp_path / "part.safetensors", "9")
    assert not (tmp_path / "part.safetensors").exists()
