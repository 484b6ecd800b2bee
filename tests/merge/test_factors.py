"""Every kind of adapter as thin factors, against its definition written out."""

from __future__ import annotations

import numpy as np
import pytest

from curate.merge import factors, files, lora
from tests.merge import drawn

RNG = np.random.default_rng(11)
STEM = "lora_unet_down_blocks_0_conv"


def normal(*shape):
    return RNG.standard_normal(shape)


def sides(kind, a, b):
    """Both sides' two factors, of shapes `a` and `b`."""
    return {f"{kind}_w{n}_{x}": normal(*(a if x == "a" else b)) for n in "12" for x in "ab"}


def tucker(core, a, b):
    """LyCORIS: core (i, j, *kernel), a (i, rows), b (j, in) -> (rows, in, *kernel)."""
    return np.einsum("ij...,ip,jr->pr...", core, a, b)


def lora_linear():
    up, down = normal(10, 4), normal(4, 7)
    return {"lora_up.weight": up, "lora_down.weight": down}, up @ down, 4


def lora_conv():
    up, down = normal(10, 4, 1, 1), normal(4, 7, 3, 3)
    change = np.einsum("or,rikl->oikl", up[..., 0, 0], down)
    return {"lora_up.weight": up, "lora_down.weight": down}, change, 4


def lora_video_patches():
    up, down = normal(10, 4, 1, 1, 1), normal(4, 7, 1, 2, 2)
    change = np.einsum("or,ritkl->oitkl", up[..., 0, 0, 0], down)
    return {"lora_up.weight": up, "lora_down.weight": down}, change, 4


def lora_with_mid():
    up, mid, down = normal(10, 4, 1, 1), normal(4, 4, 3, 3), normal(4, 7, 1, 1)
    change = np.einsum("op,pqkl,qi->oikl", up[..., 0, 0], mid, down[..., 0, 0])
    return {"lora_up.weight": up, "lora_mid.weight": mid, "lora_down.weight": down}, change, 4


def loha():
    parts = sides("hada", (10, 3), (3, 7))
    change = (parts["hada_w1_a"] @ parts["hada_w1_b"]) * (parts["hada_w2_a"] @ parts["hada_w2_b"])
    return parts, change, 3


def loha_tucker():
    parts = sides("hada", (3, 10), (3, 7))
    parts |= {f"hada_t{n}": normal(3, 3, 3, 3) for n in "12"}
    one, two = (
        tucker(parts[f"hada_t{n}"], parts[f"hada_w{n}_a"], parts[f"hada_w{n}_b"]) for n in "12"
    )
    return parts, one * two, 3


def lokr_whole():
    parts = {"lokr_w1": normal(2, 3), "lokr_w2": normal(5, 4)}
    return parts, np.kron(parts["lokr_w1"], parts["lokr_w2"]), None


def lokr_half():
    parts = {"lokr_w1": normal(3, 2), "lokr_w2_a": normal(5, 2), "lokr_w2_b": normal(2, 4)}
    return parts, np.kron(parts["lokr_w1"], parts["lokr_w2_a"] @ parts["lokr_w2_b"]), 2


def lokr_both():
    parts = sides("lokr", (4, 2), (2, 5))
    one, two = (parts[f"lokr_w{n}_a"] @ parts[f"lokr_w{n}_b"] for n in "12")
    return parts, np.kron(one, two), 2


def lokr_conv():
    parts = {"lokr_w1": normal(2, 3), "lokr_w2": normal(5, 4, 3, 3)}
    return parts, np.kron(parts["lokr_w1"][:, :, None, None], parts["lokr_w2"]), None


def lokr_tucker():
    parts = {
        "lokr_w1": normal(2, 3),
        "lokr_t2": normal(2, 2, 3, 3),
        "lokr_w2_a": normal(2, 5),
        "lokr_w2_b": normal(2, 4),
    }
    two = tucker(parts["lokr_t2"], parts["lokr_w2_a"], parts["lokr_w2_b"])
    return parts, np.kron(parts["lokr_w1"][:, :, None, None], two), 2


KINDS = [lora_linear, lora_conv, lora_video_patches, lora_with_mid, loha, loha_tucker,
         lokr_whole, lokr_half, lokr_both, lokr_conv, lokr_tucker]  # fmt: skip


@pytest.mark.parametrize("alpha", [None, 1.0, 6.0])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_factors_make_exactly_the_adapters_change(tmp_path, kind, alpha):
    parts, change, rank = kind()
    tensors = {f"{STEM}.{name}": values for name, values in parts.items()}
    if alpha is not None:
        tensors[f"{STEM}.alpha"] = np.array(alpha)
    path = drawn.save(tmp_path / "a.safetensors", tensors)

    with files.TensorFile(path) as file:
        (module,) = lora.modules(file).values()
        made = factors.load(file, module)
        found = made.scale * made.up @ made.down

    scale = 1.0 if alpha is None or rank is None else alpha / rank
    np.testing.assert_allclose(found, scale * change.reshape(len(change), -1), atol=1e-12)
    assert module.shape.rows == len(change)
    assert module.shape.columns == change[0].size
    assert made.up.shape[1] <= module.shape.rank
    if module.shape.kernel is not None:
        assert module.shape.kernel == change.shape[2:]


def test_ignoring_alpha_is_a_scale_of_one(tmp_path):
    parts, _, _ = lora_linear()
    tensors = {f"{STEM}.{name}": values for name, values in parts.items()}
    path = drawn.save(tmp_path / "a.safetensors", tensors | {f"{STEM}.alpha": np.array(1.0)})

    with files.TensorFile(path) as file:
        (module,) = lora.modules(file).values()

        assert factors.load(file, module).scale == 0.25
        assert factors.load(file, module, ignore_alpha=True).scale == 1.0
