"""Ids: hashes of contents, of settings, of the version of an algorithm."""

from __future__ import annotations

import json
from hashlib import blake2b
from pathlib import Path

_DIGEST_BYTES = 16
_CHUNK_BYTES = 1 << 20
_FILM_SAMPLES = 64
_SAMPLE_BYTES = 1 << 16


def of_bytes(data: bytes | memoryview) -> str:
    """Hex BLAKE2b-128 of `data`."""
    return blake2b(data, digest_size=_DIGEST_BYTES).hexdigest()


def of_file(path: Path) -> str:
    """Hex BLAKE2b-128 of a file's bytes."""
    digest = blake2b(digest_size=_DIGEST_BYTES)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def of_film(path: Path) -> str:
    """Hex BLAKE2b-128 of a film's size and of 64 evenly spaced samples of 64 KiB.

    A Blu-ray takes minutes to read from a hard disk; two films that agree in size and in all
    samples are one film.
    """
    size = path.stat().st_size
    digest = blake2b(str(size).encode(), digest_size=_DIGEST_BYTES)
    last = max(size - _SAMPLE_BYTES, 0)
    with path.open("rb") as file:
        for index in range(_FILM_SAMPLES):
            file.seek(last * index // (_FILM_SAMPLES - 1))
            digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def of_task(algorithm: str, **inputs: object) -> str:
    """Hex id of a task: what is done (`extract/1`), to what, with which settings.

    Raises:
        TypeError: an input has no canonical JSON form.
    """
    text = json.dumps([algorithm, inputs], sort_keys=True, ensure_ascii=False, allow_nan=False)
    return of_bytes(text.encode())
