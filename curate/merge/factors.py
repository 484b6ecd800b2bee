"""A module's change as a product of two thin matrices, for every kind of low-rank adapter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from curate.errors import LoraUnreadable
from curate.merge.files import TensorFile
from curate.merge.lora import Module

Matrix: TypeAlias = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Factors:
    """The change `scale · up @ down`: `up` is (rows, r), `down` (r, columns), any float type.

    They may be views of the file, which must not be written to.
    """

    up: Matrix
    down: Matrix
    scale: float


def load(file: TensorFile, module: Module, *, ignore_alpha: bool = False) -> Factors:
    """Read a module's factors; the product is exactly the change that the adapter makes.

    Args:
        file: the open file.
        module: one of its low-rank modules.
        ignore_alpha: take every scale for 1.

    Raises:
        LoraUnreadable: alpha is not a finite number.
    """
    up, down, rank = _FORMS[module.kind](file, module)
    return Factors(up, down, 1.0 if ignore_alpha else scale(file, module, rank))


def scale(file: TensorFile, module: Module, rank: int | None) -> float:
    """The quotient alpha / rank; 1 without an alpha, or where LoKr has no factored side (None)."""
    if "alpha" not in module.tensors or rank is None:
        return 1.0
    alpha = float(file.read(module.tensors["alpha"]).reshape(()))
    if not np.isfinite(alpha):
        raise LoraUnreadable(file.path, f"the alpha of {module.name} is {alpha}")
    return alpha / rank


def rank(file: TensorFile, module: Module) -> int | None:
    """The rank that alpha is divided by, from the header alone."""
    shapes = {role: file.entries[tensor].shape for role, tensor in module.tensors.items()}
    if module.kind == "lora":
        return shapes["down"][0]
    if module.kind == "loha":
        return shapes["hada_w1_b"][0]
    # LyCORIS: the factored sides share one rank; with none, alpha has no meaning
    side = shapes.get("lokr_w1_b") or shapes.get("lokr_w2_b")
    return side[0] if side else None


def culprit(file: TensorFile, module: Module) -> str | None:
    """The first tensor of a module with a NaN or an infinity."""
    for tensor in module.tensors.values():
        if not np.isfinite(file.read(tensor)).all():
            return tensor
    return None


def _lora(file: TensorFile, module: Module) -> tuple[Matrix, Matrix, int | None]:
    up, down = (file.read(module.tensors[role]) for role in ("up", "down"))
    size = down.shape[0]
    up = up.reshape(len(up), size)
    if "lora_mid" in module.tensors:
        mid = file.read(module.tensors["lora_mid"]).astype(np.float64)
        down = np.tensordot(mid, down.reshape(size, -1).astype(np.float64), ([1], [0]))
        down = np.moveaxis(down, -1, 1)  # (rank, in, *kernel)
    return up, down.reshape(size, -1), rank(file, module)


def _loha(file: TensorFile, module: Module) -> tuple[Matrix, Matrix, int | None]:
    # (u1 d1) ∘ (u2 d2) = Σ_pq (u1_p ∘ u2_q)(d1_p ∘ d2_q): rank r1 · r2
    (u1, d1), (u2, d2) = (_loha_side(file, module, side) for side in ("1", "2"))
    up = (u1[:, :, None] * u2[:, None, :]).reshape(len(u1), -1)
    down = (d1[:, None, :] * d2[None, :, :]).reshape(-1, d1.shape[1])
    return up, down, rank(file, module)


def _loha_side(file: TensorFile, module: Module, side: str) -> tuple[Matrix, Matrix]:
    a, b = (_read(file, module, f"hada_w{side}_{letter}") for letter in "ab")
    if f"hada_t{side}" not in module.tensors:
        return a, b
    return a.T, _through(_read(file, module, f"hada_t{side}"), b)


def _lokr(file: TensorFile, module: Module) -> tuple[Matrix, Matrix, int | None]:
    # kron(u1 d1, u2 d2) = kron(u1, u2) kron(d1, d2)
    (u1, d1), (u2, d2) = (_lokr_side(file, module, side) for side in ("1", "2"))
    return np.kron(u1, u2), np.kron(d1, d2), rank(file, module)


def _lokr_side(file: TensorFile, module: Module, side: str) -> tuple[Matrix, Matrix]:
    if f"lokr_w{side}" in module.tensors:
        whole = _read(file, module, f"lokr_w{side}")
        whole = whole.reshape(len(whole), -1)
        rows, columns = whole.shape
        return (np.eye(rows), whole) if rows <= columns else (whole, np.eye(columns))
    a, b = (_read(file, module, f"lokr_w{side}_{letter}") for letter in "ab")
    if f"lokr_t{side}" not in module.tensors:
        return a, b
    return a.T, _through(_read(file, module, f"lokr_t{side}"), b)


def _through(core: Matrix, b: Matrix) -> Matrix:
    # core (i, j, *kernel), b (j, in) -> (i, in * kernel)
    mixed = np.moveaxis(np.tensordot(core, b, ([1], [0])), -1, 1)
    return mixed.reshape(len(core), -1)


def _read(file: TensorFile, module: Module, role: str) -> Matrix:
    return file.read(module.tensors[role]).astype(np.float64)


_FORMS = {"lora": _lora, "loha": _loha, "lokr": _lokr}
