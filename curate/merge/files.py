"""safetensors files: read with every claim of the header checked, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import RawIOBase
from mmap import ACCESS_READ, mmap
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from curate import files
from curate.errors import LoraUnreadable
from curate.merge import numbers

_LONGEST_HEADER = 100_000_000  # the safetensors library refuses more
_LEGACY_START, _LEGACY_BYTES = 0x100000, 0x10000  # the window of kohya's short hash
_HASH, _LEGACY_HASH = "sshs_model_hash", "sshs_legacy_hash"
_STRANGERS = (
    (b"PK\x03\x04", "it is a pickle in a zip (.pt, .ckpt), which can run any program when loaded"),
    (b"\x80", "it is a pickle (.pt, .ckpt), which can run any program when loaded"),
    (b"GGUF", "it is a GGUF model"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A tensor's dtype as safetensors names it, its shape and its bytes' place in the file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


class TensorFile:
    """An open safetensors file; a context manager. Its tensors may be read from many threads.

    Raises:
        LoraUnreadable: it is missing, truncated, a pickle, or its header contradicts itself.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("rb", buffering=0)
        except FileNotFoundError as error:
            raise LoraUnreadable(path, "there is no such file") from error
        except IsADirectoryError as error:
            raise LoraUnreadable(path, "it is a folder") from error
        except OSError as error:
            raise LoraUnreadable(path, (error.strerror or str(error)).lower()) from error
        try:
            self.entries, self.metadata = self._header()
            self._bytes = mmap(self._file.fileno(), 0, access=ACCESS_READ)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def read(self, name: str) -> NDArray[Any]:
        """A tensor as float16, float32 or float64; smaller floats become float32, exactly.

        It may be a view of the file, which must not be written to.
        """
        entry = self.entries[name]
        raw = np.frombuffer(self._bytes, np.uint8, entry.end - entry.start, entry.start)
        return numbers.decode(raw, entry.dtype).reshape(entry.shape)

    def stored(self, name: str) -> NDArray[Any]:
        """A tensor to be written again as it is: 8-bit floats as their bytes, else as `read`."""
        entry = self.entries[name]
        if numbers.BYTES[entry.dtype] > 1:
            return self.read(name)
        raw = np.frombuffer(self._bytes, np.uint8, entry.end - entry.start, entry.start)
        return raw.reshape(entry.shape)

    def _header(self) -> tuple[dict[str, Entry], dict[str, str]]:
        size = os.fstat(self._file.fileno()).st_size
        begin = self._file.read(8)
        for magic, reason in _STRANGERS:
            if begin.startswith(magic) and not _may_be_length(begin, size):
                raise LoraUnreadable(self.path, reason)
        length = int.from_bytes(begin, "little")
        if len(begin) < 8 or not _may_be_length(begin, size):
            raise LoraUnreadable(self.path, "it is no safetensors file, or cut off in its header")
        header = self._parsed(self._file.read(length))
        metadata = header.pop("__metadata__", {})
        if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
            raise LoraUnreadable(self.path, "its metadata is not text")
        entries = {name: self._entry(name, value, 8 + length) for name, value in header.items()}
        self._check_places(entries, size)
        return entries, metadata

    def _parsed(self, text: bytes) -> dict[str, Any]:
        try:
            header = json.loads(text, object_pairs_hook=_without_duplicates)
        except (ValueError, RecursionError) as error:
            doubled = f": {error}" if isinstance(error, _Doubled) else ""
            raise LoraUnreadable(self.path, f"its header is not valid{doubled}") from error
        if not isinstance(header, dict):
            raise LoraUnreadable(self.path, "its header is not an object")
        return header

    def _entry(self, name: str, value: object, origin: int) -> Entry:
        try:
            assert isinstance(value, dict)
            dtype, shape, places = value["dtype"], value["shape"], value["data_offsets"]
            start, end = places
            assert isinstance(dtype, str)
            assert all(type(n) is int and n >= 0 for n in (*shape, start, end))
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            raise LoraUnreadable(self.path, f"the header's entry for {name} is damaged") from error
        if dtype not in numbers.BYTES:
            raise LoraUnreadable(self.path, f"{name} has the unknown type {dtype}")
        if end - start != math.prod(shape) * numbers.BYTES[dtype]:
            raise LoraUnreadable(self.path, f"the size of {name} does not fit its shape")
        return Entry(dtype, tuple(shape), origin + start, origin + end)

    def _check_places(self, entries: Mapping[str, Entry], size: int) -> None:
        before, reached = "", 0
        for name, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].end)):
            if entry.start < reached:
                raise LoraUnreadable(self.path, f"{name} and {before} overlap")
            before, reached = name, entry.end
        if reached > size:
            raise LoraUnreadable(self.path, f"it is truncated, {reached - size} bytes are missing")


@dataclass(frozen=True, slots=True)
class Slot:
    """A tensor to be written: its name, its shape, its dtype as safetensors names it."""

    name: str
    shape: tuple[int, ...]
    dtype: str


def write(
    path: Path,
    slots: Sequence[Slot],
    values: Iterable[NDArray[Any]],
    metadata: Mapping[str, str],
    *,
    final: Callable[[], Mapping[str, str]] | None = None,
) -> None:
    """Write a safetensors file.

    The same arguments give the same bytes. kohya's hashes are added: SHA-256 of all tensors'
    bytes, and the first 8 digits of that of the file's bytes from 0x100000 to 0x110000.

    Args:
        path: the file.
        slots: what stands in it, in its order.
        values: the numbers of each; they are written as they come.
        metadata: beside kohya's hashes.
        final: asked for the metadata again when all is written, for what is not known before;
            every value must be as long as it was.

    Raises:
        DiskFull, NotWritable: as `files.appearing`.
    """
    header: dict[str, object] = {}
    reached = 0
    for slot in slots:
        end = reached + math.prod(slot.shape) * numbers.BYTES[slot.dtype]
        places = [reached, end]
        header[slot.name] = {"dtype": slot.dtype, "shape": slot.shape, "data_offsets": places}
        reached = end
    no_hashes = {_HASH: "0" * 64, _LEGACY_HASH: "0" * 8}
    begin = len(_encoded(header, {**metadata, **no_hashes}))
    with files.appearing(path) as part, part.open("w+b", buffering=0) as file:
        file.seek(begin)
        digest = hashlib.sha256()
        for slot, array in zip(slots, values, strict=True):
            assert array.shape == slot.shape, slot.name
            data = numbers.encode(array, slot.dtype).data.cast("B")
            _write_all(file, data)
            digest.update(data)
        notes = {**(final() if final else metadata), **no_hashes, _HASH: digest.hexdigest()}
        start = _encoded(header, notes)
        assert len(start) == begin, "the metadata grew"
        file.seek(0)
        _write_all(file, memoryview(start))
        file.seek(_LEGACY_START)
        notes[_LEGACY_HASH] = hashlib.sha256(file.read(_LEGACY_BYTES)).hexdigest()[:8]
        file.seek(0)
        _write_all(file, memoryview(_encoded(header, notes)))


def _write_all(file: RawIOBase, view: memoryview) -> None:
    while len(view):  # one call writes 2 GiB at most
        view = view[file.write(view) or 0 :]


def _encoded(header: Mapping[str, object], metadata: Mapping[str, str]) -> bytes:
    text = json.dumps({"__metadata__": metadata, **header}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _may_be_length(begin: bytes, size: int) -> bool:
    return 2 <= int.from_bytes(begin, "little") <= min(size - 8, _LONGEST_HEADER)


class _Doubled(ValueError):
    pass


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Doubled(f"{key} stands there twice")
        found[key] = value
    return found
