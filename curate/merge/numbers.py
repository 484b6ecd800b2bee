"""The number formats of safetensors files to and from numpy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BYTES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1,
    "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}  # fmt: skip
"""Bytes a number takes, by the name that safetensors gives the format."""

FLOATS = frozenset({"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})

_PLAIN = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip


def decode(raw: NDArray[np.uint8], dtype: str) -> NDArray[Any]:
    """Numbers from little-endian bytes; bfloat16 and the 8-bit floats become float32, exactly."""
    if dtype in _PLAIN:
        return raw.view(_PLAIN[dtype])
    if dtype == "BF16":
        bits = raw.view("<u2").astype(np.uint32)
        bits <<= 16
        return bits.view(np.float32)
    if dtype == "F8_E5M2":  # the upper half of a float16
        return (raw.astype("<u2") << 8).view("<f2").astype(np.float32)
    return _E4M3[raw]


def encode(values: NDArray[Any], dtype: str) -> NDArray[Any]:
    """A contiguous array whose bytes are `values` in a float format, nearest, ties to even.

    8-bit numbers are given as their bytes.
    """
    if BYTES[dtype] == 1:
        return np.ascontiguousarray(values, np.uint8)
    if dtype == "BF16":
        bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
        odd = (bits >> 16) & 1
        return ((bits + 0x7FFF + odd) >> 16).astype("<u2")
    return np.ascontiguousarray(values, _PLAIN[dtype])


def rounded(values: NDArray[Any], dtype: str) -> NDArray[Any]:
    """`values` held as narrowly as `encode` needs them: float32 for BF16, else `dtype` itself."""
    with np.errstate(over="ignore"):  # the caller looks for the infinities
        return values.astype(np.float32 if dtype == "BF16" else _PLAIN[dtype])


def _e4m3() -> NDArray[np.float32]:
    # 1 sign, 4 exponent (bias 7), 3 mantissa bits; no infinities, S.1111.111 is NaN (OCP FP8)
    code = np.arange(256)
    sign = np.where(code & 0x80, -1.0, 1.0)
    exponent, mantissa = (code >> 3) & 15, code & 7
    normal = np.ldexp(1 + mantissa / 8, exponent - 7)
    small = np.ldexp(mantissa / 8, -6)
    values = sign * np.where(exponent == 0, small, normal)
    values[(code & 0x7F) == 0x7F] = np.nan
    return values.astype(np.float32)


_E4M3 = _e4m3()
