"""LoRA files drawn for the tests, and what loaders would make of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

Arrays = dict[str, NDArray[Any]]

MUSUBI = "lora_unet_blocks_{block}_{flat}.{end}"
ENDS = {"down": "lora_down.weight", "up": "lora_up.weight", "alpha": "alpha"}
SIZES = {"self_attn_q": (24, 20), "cross_attn_k": (24, 20), "ffn_0": (30, 24)}


def factors(
    seed: int, *, rank: int = 4, sizes: Mapping[str, tuple[int, int]] = SIZES, blocks: int = 2
) -> dict[tuple[int, str], tuple[NDArray[Any], NDArray[Any]]]:
    """(block, module) -> up and down, of the sizes that trained ones have."""
    rng = np.random.default_rng(seed)
    return {
        (block, flat): (
            rng.standard_normal((rows, rank)) * 0.1,
            rng.standard_normal((rank, columns)) / columns**0.5,
        )
        for block in range(blocks)
        for flat, (rows, columns) in sizes.items()
    }


def musubi(
    parts: Mapping[tuple[int, str], tuple[NDArray[Any], NDArray[Any]]],
    *,
    alpha: float | None = None,
    dtype: Any = np.float32,
) -> Arrays:
    """The tensors of a Musubi file."""
    tensors: Arrays = {}
    for (block, flat), (up, down) in parts.items():
        stem = f"lora_unet_blocks_{block}_{flat}"
        tensors[f"{stem}.lora_down.weight"] = down.astype(dtype)
        tensors[f"{stem}.lora_up.weight"] = up.astype(dtype)
        if alpha is not None:
            tensors[f"{stem}.alpha"] = np.array(alpha, np.float32)
    return tensors


def save(path: Path, tensors: Arrays, metadata: dict[str, str] | None = None) -> Path:
    save_file({name: np.array(t, order="C") for name, t in tensors.items()}, path, metadata)
    return path


def pair(folder: Path, *, alpha: float | None = 2.0, apart: float = 1.0) -> tuple[Path, Path]:
    """Two Musubi files that differ by about the share `apart`."""
    one, other = factors(1), factors(2)
    second = {
        key: tuple(a + apart * b for a, b in zip(one[key], other[key], strict=True)) for key in one
    }
    return (
        save(folder / "a.safetensors", musubi(one, alpha=alpha)),
        save(folder / "b.safetensors", musubi(second, alpha=alpha)),
    )


def applied(path: Path) -> Arrays:
    """What a loader adds to the model: stem -> up @ down × alpha / rank, in float64."""
    tensors = load_file(path)
    changes: Arrays = {}
    for name, up in tensors.items():
        for up_end, down_end in (
            (".lora_up.weight", ".lora_down.weight"),
            (".lora_B.weight", ".lora_A.weight"),
        ):
            if name.endswith(up_end):
                stem = name.removesuffix(up_end)
                down = tensors[stem + down_end].astype(np.float64)
                scale = float(tensors.get(f"{stem}.alpha", len(down))) / len(down)
                flat = up.astype(np.float64).reshape(len(up), -1)
                changes[stem] = scale * flat @ down.reshape(len(down), -1)
    return changes


def best(matrix: NDArray[Any], rank: int) -> NDArray[Any]:
    """The best approximation of a rank, by a dense SVD in float64."""
    u, s, vt = np.linalg.svd(matrix, full_matrices=False)
    return (u[:, :rank] * s[:rank]) @ vt[:rank]


def wanted(first: Path, second: Path, rank: int) -> Arrays:
    """The best rank-`rank` difference of two files, module by module."""
    a, b = applied(first), applied(second)
    return {stem: best(a[stem] - b[stem], rank) for stem in a}


def error(found: Arrays, right: Arrays, size: Arrays | None = None) -> float:
    """The relative Frobenius error over all modules."""
    off = sum(float(np.sum((found[stem] - right[stem]) ** 2)) for stem in right)
    whole = sum(float(np.sum(np.square(one))) for one in (size or right).values())
    return float((off / whole) ** 0.5)
