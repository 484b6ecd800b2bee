"""Two small LoRAs whose difference is known, as Musubi Tuner would have saved them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate import files

_BLOCKS = 2
_MODULES = {
    "self_attn_q": (96, 96),
    "self_attn_k": (96, 96),
    "self_attn_v": (96, 96),
    "self_attn_o": (96, 96),
    "cross_attn_q": (96, 96),
    "cross_attn_k": (96, 96),
    "cross_attn_v": (96, 96),
    "cross_attn_o": (96, 96),
    "ffn_0": (256, 96),
    "ffn_2": (96, 256),
}
"""A Wan block's modules, (rows, columns): the shape of the 14B model at a fiftieth of its size."""

_RANK, _ALPHA = 16, 8.0
_PLANTED_RANK = 4
_WEAKER = 0.6
_SEED = 20240607

Matrices = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Planted:
    """The two files, and by module what the first changes more than the second."""

    dense: Path
    sparse: Path
    difference: Matrices


def draw(folder: Path) -> Planted:
    """Write dense.safetensors and sparse.safetensors to `folder`; always the same ones.

    The halves agree in 12 of their 16 ranks. In the other four the dense one holds the concept,
    of known size and direction, and the sparse one the same less strongly. Alpha is 8 at rank 16,
    so whoever takes it for the rank finds a difference twice too large.
    """
    rng = np.random.default_rng(_SEED)
    dense: dict[str, NDArray[Any]] = {}
    sparse: dict[str, NDArray[Any]] = {}
    difference: Matrices = {}
    for block in range(_BLOCKS):
        for module, (rows, columns) in _MODULES.items():
            name = f"lora_unet_blocks_{block}_{module}"
            up, down = _factors(rng, rows, columns)
            weaker = up.copy()
            weaker[:, :_PLANTED_RANK] *= _WEAKER
            for half, half_up in ((dense, up), (sparse, weaker)):
                half[f"{name}.lora_down.weight"] = down
                half[f"{name}.lora_up.weight"] = half_up
                half[f"{name}.alpha"] = np.array(_ALPHA, np.float32)
            concept = (up.astype(np.float64) - weaker) @ down.astype(np.float64)
            difference[name] = _ALPHA / _RANK * concept
    first, second = folder / "dense.safetensors", folder / "sparse.safetensors"
    _save(first, dense)
    _save(second, sparse)
    return Planted(first, second, difference)


def recovery(planted: Planted, merged: Path) -> float:
    """The relative error of a merged LoRA, over all planted modules that it holds.

    |found − planted| / |planted| in the Frobenius norm; 0 is exact. What was not targeted, and so
    is not in the file, does not count. Read with the safetensors library, and applied as loaders
    do: up @ down × alpha / rank.

    Raises:
        KeyError: the file holds none of the planted modules.
    """
    from safetensors.numpy import load_file

    tensors = load_file(merged)
    error = size = 0.0
    for name, wanted in planted.difference.items():
        if f"{name}.lora_up.weight" not in tensors:
            continue
        up = tensors[f"{name}.lora_up.weight"].astype(np.float64)
        down = tensors[f"{name}.lora_down.weight"].astype(np.float64)
        found = float(tensors[f"{name}.alpha"]) / len(down) * up @ down
        error += float(np.sum((found - wanted) ** 2))
        size += float(np.sum(wanted**2))
    if not size:
        raise KeyError(merged.name)
    return float(np.sqrt(error / size))


def _factors(
    rng: np.random.Generator, rows: int, columns: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    up = rng.standard_normal((rows, _RANK)) * 0.02
    down = rng.standard_normal((_RANK, columns)) / np.sqrt(columns)
    return up.astype(np.float32), down.astype(np.float32)


def _save(file: Path, tensors: dict[str, NDArray[Any]]) -> None:
    # the safetensors library writes metadata in a random order
    metadata = {
        "ss_network_module": "networks.lora_wan",
        "ss_network_dim": str(_RANK),
        "ss_network_alpha": str(_ALPHA),
        "ss_base_model_version": "wan",
        "modelspec.architecture": "wan2.1/lora",
    }
    header: dict[str, object] = {"__metadata__": metadata}
    start = 0
    for name, values in tensors.items():
        places = [start, start + values.nbytes]
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": places}
        start += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    data = b"".join(np.ascontiguousarray(values, "<f4").tobytes() for values in tensors.values())
    files.write_bytes(file, len(text).to_bytes(8, "little") + text + data)
