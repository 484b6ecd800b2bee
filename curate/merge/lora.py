"""A LoRA file as modules: which tensors each has, and the shape of the change it makes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from curate.errors import LoraUnreadable
from curate.merge import names, numbers
from curate.merge.files import Entry, TensorFile

_NEEDED = {
    "lora": ("down", "up"),
    "loha": ("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"),
    "lokr": (),
    "whole": (),
}
_WHOLE = ("diff", "diff_b", "diff_m")


@dataclass(frozen=True, slots=True)
class Shape:
    """The change's size as a matrix: `rows` × `columns`, the columns holding in × kernel.

    `kernel` is empty for a linear layer and None where the file does not say it; `rank` bounds the
    rank of the change.
    """

    rows: int
    columns: int
    kernel: tuple[int, ...] | None
    rank: int


@dataclass(frozen=True, slots=True)
class Module:
    """One module's tensors; `tensors` maps roles (up, down, alpha, …) to names in the file."""

    key: str
    name: str
    stem: str
    kind: str
    style: int
    tensors: Mapping[str, str]
    shape: Shape | None
    dtype: str


@dataclass(slots=True)
class _Found:
    name: str
    stem: str
    style: int = 0
    tensors: dict[str, str] = field(default_factory=dict)


def modules(file: TensorFile) -> dict[str, Module]:
    """The modules of a LoRA file by canonical name, in the file's order.

    Raises:
        LoraUnreadable: it has none, or something in it is not understood; the module is named.
    """
    found: dict[str, _Found] = {}
    flux = any("single_transformer_blocks" in name for name in file.entries)
    for tensor in file.entries:
        key = names.parse(tensor, flux=flux)
        if isinstance(key, str):
            raise LoraUnreadable(file.path, key)
        one = found.setdefault(key.module, _Found(key.name, key.stem))
        if key.role in one.tensors:
            other = one.tensors[key.role]
            raise LoraUnreadable(file.path, f"{tensor} and {other} are the same part of {key.name}")
        one.tensors[key.role] = tensor
        if key.style is not None:
            one.style, one.stem = key.style, key.stem
    if not found:
        raise LoraUnreadable(file.path, "it holds no tensors")
    return {module: _checked(file, module, one) for module, one in found.items()}


def _checked(file: TensorFile, key: str, one: _Found) -> Module:
    kind = _kind(one.tensors)
    missing = [role for role in _NEEDED.get(kind, ()) if role not in one.tensors]
    if kind == "none" or missing:
        lacks = " and ".join(f"lora_{m}" if kind == "lora" else m for m in missing) or "its factors"
        raise LoraUnreadable(file.path, f"{one.name} lacks {lacks}")
    for role, tensor in one.tensors.items():
        if role != "alpha" and file.entries[tensor].dtype not in numbers.FLOATS:
            dtype = file.entries[tensor].dtype
            raise LoraUnreadable(file.path, f"{tensor} holds {dtype}, not floating-point numbers")
    entries = {role: file.entries[tensor] for role, tensor in one.tensors.items()}
    if "alpha" in entries and math.prod(entries["alpha"].shape) != 1:
        raise LoraUnreadable(file.path, f"the alpha of {one.name} is not one number")
    try:
        shape = _SHAPES[kind](entries) if kind in _SHAPES else None
    except (ValueError, KeyError, IndexError) as error:
        shapes = ", ".join(f"{r} {list(e.shape)}" for r, e in entries.items() if r != "alpha")
        raise LoraUnreadable(
            file.path, f"the parts of {one.name} do not fit together: {shapes}"
        ) from error
    main = next(e for role, e in entries.items() if role != "alpha")
    return Module(key, one.name, one.stem, kind, one.style, one.tensors, shape, main.dtype)


def _kind(tensors: Mapping[str, str]) -> str:
    if "up" in tensors or "down" in tensors:
        return "lora"
    if any(role.startswith("hada_") for role in tensors):
        return "loha"
    if any(role.startswith("lokr_") for role in tensors):
        return "lokr"
    return "whole" if any(role in tensors for role in _WHOLE) else "none"


def _lora_shape(parts: Mapping[str, Entry]) -> Shape:
    down, up, mid = parts["down"].shape, parts["up"].shape, parts.get("lora_mid")
    rank, rows = down[0], up[0]
    _require(len(down) >= 2 and len(up) >= 2 and min(down[0], math.prod(up)) > 0)
    _require(math.prod(up[1:]) == rank)
    if mid is None:
        return Shape(rows, math.prod(down[1:]), down[2:], rank)
    _require(mid.shape[:2] == (rank, rank) and math.prod(down[2:]) == 1)
    kernel = mid.shape[2:]
    return Shape(rows, down[1] * math.prod(kernel), kernel, rank)


def _loha_shape(parts: Mapping[str, Entry]) -> Shape:
    sides: list[tuple[int, int, tuple[int, ...] | None, int]] = []
    for side in ("1", "2"):
        a, b = parts[f"hada_w{side}_a"].shape, parts[f"hada_w{side}_b"].shape
        core = parts.get(f"hada_t{side}")
        _require(len(a) == 2 and len(b) == 2)
        if core is None:
            _require(a[1] == b[0])
            sides.append((a[0], b[1], None, a[1]))
        else:
            _require(core.shape[:2] == (a[0], b[0]) and len(core.shape) > 2)
            size = math.prod(core.shape[2:])
            sides.append((a[1], b[1] * size, core.shape[2:], a[0]))
    _require(sides[0][:3] == sides[1][:3])
    rows, columns, kernel, _ = sides[0]
    return Shape(rows, columns, kernel, sides[0][3] * sides[1][3])


def _lokr_shape(parts: Mapping[str, Entry]) -> Shape:
    rows1, columns1, kernel1, rank1 = _lokr_side(parts, "1")
    rows2, columns2, kernel2, rank2 = _lokr_side(parts, "2")
    _require(not kernel1)
    return Shape(rows1 * rows2, columns1 * columns2, kernel2, rank1 * rank2)


def _lokr_side(
    parts: Mapping[str, Entry], side: str
) -> tuple[int, int, tuple[int, ...] | None, int]:
    if whole := parts.get(f"lokr_w{side}"):
        rows, columns = whole.shape[0], math.prod(whole.shape[1:])
        _require(len(whole.shape) >= 2)
        return rows, columns, whole.shape[2:], min(rows, columns)
    a, b = parts[f"lokr_w{side}_a"].shape, parts[f"lokr_w{side}_b"].shape
    core = parts.get(f"lokr_t{side}")
    _require(len(a) == 2 and len(b) == 2)
    if core is None:
        _require(a[1] == b[0])
        return a[0], b[1], (None if side == "2" else ()), a[1]
    _require(core.shape[:2] == (a[0], b[0]) and len(core.shape) > 2)
    return a[1], b[1] * math.prod(core.shape[2:]), core.shape[2:], a[0]


def _require(fits: bool) -> None:
    if not fits:
        raise ValueError


_SHAPES = {"lora": _lora_shape, "loha": _loha_shape, "lokr": _lokr_shape}
