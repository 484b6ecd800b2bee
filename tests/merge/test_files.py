"""The reader and the writer of safetensors files."""

from __future__ import annotations

import contextlib
import json
import pickle
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import load_file
from safetensors.torch import save_file as save_torch

from curate.errors import LoraUnreadable
from curate.merge import files, lora, numbers
from tests.merge import drawn

KEY = "lora_unet_blocks_0_self_attn_q.lora_down.weight"


def raw(path, header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    size = len(text) if length is None else length
    path.write_bytes(size.to_bytes(8, "little") + text + data)
    return path


def entry(shape=(2, 2), places=(0, 16), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(places)}


def read_all(path):
    with files.TensorFile(path) as file:
        for module in lora.modules(file).values():
            for name in module.tensors.values():
                file.read(name)


def written(path, tensors, metadata):
    slots = [files.Slot(name, values.shape, dtype) for name, values, dtype in tensors]
    files.write(path, slots, [values for _, values, _ in tensors], metadata)


def complaint(path):
    with pytest.raises(LoraUnreadable) as caught:
        read_all(path)
    assert caught.value.remedy
    return str(caught.value)


DAMAGE = [
    ("missing", lambda _: None, "there is no such file"),
    ("folder", lambda p: p.mkdir(), "a folder"),
    ("empty", lambda p: p.write_bytes(b""), "no safetensors file"),
    ("text", lambda p: p.write_text("a LoRA, honest\n" * 9), "no safetensors file"),
    ("short", lambda p: p.write_bytes(b"\x01\x02"), "no safetensors file"),
    ("huge length", lambda p: raw(p, {}, length=2**63), "no safetensors file"),
    ("length past the end", lambda p: raw(p, {}, length=500), "no safetensors file"),
    ("no JSON", lambda p: raw(p, b"{nonsense"), "header is not valid"),
    ("deep JSON", lambda p: raw(p, b"[" * 100_000), "header is not valid"),
    ("not UTF-8", lambda p: raw(p, b'{"\xff": 1}'), "header is not valid"),
    ("a list", lambda p: raw(p, []), "not an object"),
    ("metadata of numbers", lambda p: raw(p, {"__metadata__": {"a": 1}}), "not text"),
    ("no entry", lambda p: raw(p, {KEY: 5}), "damaged"),
    ("half an entry", lambda p: raw(p, {KEY: {"dtype": "F32"}}), "damaged"),
    ("negative size", lambda p: raw(p, {KEY: entry((-2, -2))}, bytes(16)), "damaged"),
    ("a true shape", lambda p: raw(p, {KEY: entry((True, 4))}, bytes(16)), "damaged"),
    ("unknown type", lambda p: raw(p, {KEY: entry(dtype="F4")}, bytes(16)), "unknown type F4"),
    ("wrong size", lambda p: raw(p, {KEY: entry((2, 3))}, bytes(16)), "does not fit its shape"),
    ("backwards", lambda p: raw(p, {KEY: entry(places=(16, 0))}, bytes(16)), "does not fit"),
    ("truncated", lambda p: raw(p, {KEY: entry()}, bytes(9)), "7 bytes are missing"),
    (
        "overlap",
        lambda p: raw(p, {KEY: entry(), "b": entry(places=(8, 24))}, bytes(24)),
        "overlap",
    ),
    (
        "a key twice",
        lambda p: raw(p, b'{"k":%b,"k":%b}' % ((json.dumps(entry()).encode(),) * 2), bytes(16)),
        "twice",
    ),
    ("no tensors", lambda p: raw(p, {}), "no tensors"),
    ("pickle", lambda p: p.write_bytes(pickle.dumps({"a": 1})), "pickle"),
    ("zip pickle", lambda p: zipfile.ZipFile(p, "w").writestr("data.pkl", b"x"), "pickle"),
    ("torch", lambda p: torch.save({"a": torch.ones(2)}, p), "pickle"),
    ("gguf", lambda p: p.write_bytes(b"GGUF" + bytes(40)), "GGUF"),
]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16,
                                   torch.float8_e4m3fn, torch.float8_e5m2])  # fmt: skip
def test_every_float_format_reads_as_torch_reads_it(tmp_path, dtype):
    values = torch.randn(64, 33).to(dtype)
    save_torch({"x": values}, tmp_path / "x.safetensors")

    with files.TensorFile(tmp_path / "x.safetensors") as file:
        read = file.read("x")

    np.testing.assert_array_equal(read, values.to(torch.float64).numpy().astype(read.dtype))


def test_all_256_codes_of_the_8_bit_floats_read_as_torch_reads_them():
    codes = torch.arange(256, dtype=torch.uint8)
    for name, dtype in (("F8_E4M3", torch.float8_e4m3fn), ("F8_E5M2", torch.float8_e5m2)):
        right = codes.view(dtype).to(torch.float32).numpy()
        np.testing.assert_array_equal(numbers.decode(np.arange(256, dtype=np.uint8), name), right)


def test_bfloat16_is_rounded_as_torch_rounds_it():
    halfway = (np.arange(0x7F00, dtype=np.uint32) << 16 | 0x8000).view(np.float32)
    values = np.random.default_rng(0).standard_normal(10_000).astype(np.float32)
    values = np.concatenate([values, halfway])

    bits = numbers.encode(values, "BF16")

    right = torch.from_numpy(values).to(torch.bfloat16).view(torch.int16).numpy()
    np.testing.assert_array_equal(bits.view(np.int16), right)


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
def test_what_is_written_the_safetensors_library_reads(tmp_path, dtype):
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    tensors = [("x.alpha", np.array(3, np.float32), "F32"), ("x", values, dtype)]

    written(tmp_path / "x.safetensors", tensors, {"made": "here"})

    with safe_open(tmp_path / "x.safetensors", "pt") as opened:
        np.testing.assert_array_equal(opened.get_tensor("x").float().numpy(), values)
        assert opened.metadata()["made"] == "here"


def test_the_same_content_gives_the_same_bytes(tmp_path):
    tensors = [("x", np.ones((2, 2)), "F16")]

    for name in "ab":
        written(tmp_path / name, tensors, {"one": "1", "two": "2"})

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_kohyas_hash_is_of_the_tensors_alone(tmp_path):
    tensors = [("x", np.ones((2, 2)), "F32")]

    written(tmp_path / "a", tensors, {})
    written(tmp_path / "b", tensors, {"another": "title"})

    with files.TensorFile(tmp_path / "a") as a, files.TensorFile(tmp_path / "b") as b:
        assert a.metadata["sshs_model_hash"] == b.metadata["sshs_model_hash"]
        assert len(a.metadata["sshs_model_hash"]) == 64


def test_the_short_hash_is_of_the_files_bytes_from_1_mib_on(tmp_path):
    import hashlib

    tensors = [("x", np.random.default_rng(0).standard_normal((700, 700)), "F32")]
    written(tmp_path / "a", tensors, {})

    with files.TensorFile(tmp_path / "a") as file:
        told = file.metadata["sshs_legacy_hash"]

    window = (tmp_path / "a").read_bytes()[0x100000:0x110000]
    assert told == hashlib.sha256(window).hexdigest()[:8]


@pytest.mark.parametrize(("make", "says"), [pytest.param(*case, id=name) for name, *case in DAMAGE])
def test_a_damaged_file_is_a_sentence(tmp_path, make, says):
    path = tmp_path / "a.safetensors"
    closes = make(path)
    if hasattr(closes, "close"):
        closes.close()

    assert says in complaint(path)


@pytest.mark.parametrize(
    ("tensors", "says"),
    [
        ({"x.dora_scale": np.ones(3)}, "DoRA"),
        ({"x.oft_blocks": np.ones(3)}, "OFT"),
        ({"x.on_input": np.ones(3)}, "IA3"),
        ({"x.a1.weight": np.ones((3, 3))}, "GLoRA"),
        ({"x.something": np.ones(3)}, "no kind that is known"),
        ({"x.lora_down.weight": np.ones((3, 3))}, "x lacks lora_up"),
        ({"x.alpha": np.ones(1)}, "x lacks its factors"),
        ({"x.hada_w1_a": np.ones((3, 3))}, "lacks hada_w1_b and hada_w2_a"),
        (
            {"x.lora_down.weight": np.ones((3, 4)), "x.lora_up.weight": np.ones((5, 2))},
            "do not fit together",
        ),
        (
            {"x.lora_down.weight": np.ones((3, 4), np.int32), "x.lora_up.weight": np.ones((5, 3))},
            "I32",
        ),
        (
            {
                "x.lora_down.weight": np.ones((3, 4)),
                "x.lora_up.weight": np.ones((5, 3)),
                "x.alpha": np.ones(2),
            },
            "not one number",
        ),
        (
            {
                "lora_unet_x.lora_down.weight": np.ones((3, 4)),
                "diffusion_model.x.lora_A.weight": np.ones((3, 4)),
            },
            "the same part",
        ),
    ],
)
def test_what_is_not_understood_is_named(tmp_path, tensors, says):
    path = drawn.save(tmp_path / "odd.safetensors", tensors)

    assert says in complaint(path)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_file_with_any_bytes_changed_or_cut_is_read_or_refused_in_a_sentence(tmp_path, data):
    whole = drawn.save(tmp_path / "a.safetensors", drawn.musubi(drawn.factors(1), alpha=2.0))
    damaged = bytearray(whole.read_bytes())
    header = 8 + int.from_bytes(damaged[:8], "little")
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, header - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    path = tmp_path / "b.safetensors"
    path.write_bytes(damaged)

    with contextlib.suppress(LoraUnreadable):
        read_all(path)


def test_reading_leaves_the_file_alone_and_gives_what_the_library_gives(tmp_path):
    path = drawn.save(tmp_path / "a.safetensors", drawn.musubi(drawn.factors(1), alpha=2.0))

    with files.TensorFile(path) as file:
        for name, right in load_file(path).items():
            np.testing.assert_array_equal(file.read(name), right)
