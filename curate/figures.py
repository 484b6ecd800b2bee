"""Measures as the ledger keeps them: text to be read by people, numbers to be read at once."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any

HEAD_BYTES = 8  # as long as a number, so that those of many pairs are a table
_KNOWN: dict[bytes, tuple[str, ...]] = {}


class Figures(Mapping[str, float | None]):
    """A pair's measures, unpacked when one is asked for: of many pairs few are.

    `text` is their JSON; `numbers` what `packed` makes of them, empty where an older version wrote.
    """

    __slots__ = ("_values", "numbers", "text")

    def __init__(self, text: str, numbers: bytes = b"") -> None:
        self.text = text
        self.numbers = numbers
        self._values: dict[str, float | None] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The measures' names, sorted; pairs whose numbers have one head have one tuple."""
        named = head(self)
        if not named:
            return tuple(sorted(self._read()))
        if named not in _KNOWN:
            _KNOWN[named] = tuple(sorted(json.loads(self.text)))
        return _KNOWN[named]

    def __getitem__(self, name: str) -> float | None:
        return self._read()[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self._read().get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        return repr(self._read())

    def _read(self) -> dict[str, float | None]:
        if self._values is None:
            self._values = self._unpacked() if self.numbers else dict(json.loads(self.text))
        return self._values

    def _unpacked(self) -> dict[str, float | None]:
        names = self.names
        numbers = struct.unpack_from(f"<{len(names)}d", self.numbers, HEAD_BYTES)
        return {
            name: None if math.isnan(number) else number
            for name, number in zip(names, numbers, strict=True)
        }


def head(measures: Mapping[str, float | None]) -> bytes:
    """What tells the names of measures out of the ledger, empty if their numbers are not there."""
    return measures.numbers[:HEAD_BYTES] if type(measures) is Figures else b""


def packed(measures: Mapping[str, float | None]) -> bytes:
    """A head that tells the names, then the numbers in the order of the names; None is NaN.

    Empty where a value is no number.
    """
    if type(measures) is Figures and measures.numbers:
        return measures.numbers
    names = sorted(measures)
    numbers = [math.nan if measures[name] is None else measures[name] for name in names]
    named = blake2b("\n".join(names).encode(), digest_size=HEAD_BYTES).digest()
    try:
        return named + struct.pack(f"<{len(names)}d", *numbers)
    except struct.error:
        return b""
