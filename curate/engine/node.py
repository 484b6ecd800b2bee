"""What runs in a worker process of a Ray node."""

from __future__ import annotations

import os
import pickle
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path

from curate.engine.outcome import Outcome, worked


def run(folder: str, work: bytes, item: bytes) -> bytes:
    """Do a pickled work on a pickled item; an outcome without the item, pickled.

    They come pickled so that they are read in the caller's `folder`, for relative paths.
    """
    _enter(folder)
    outcome: Outcome[object, object] = worked(pickle.loads(work), pickle.loads(item))
    return pickle.dumps((outcome.result, outcome.failure))


def look(folder: str, paths: Sequence[Path]) -> tuple[str, list[str]]:
    """The source of curate that this node has, and those of the paths that it does not see."""
    _enter(folder)
    return source(), [str(path) for path in paths if not path.exists()]


@cache
def source() -> str:
    """A hash of the program's own files, alike on all machines that have the same curate."""
    package = Path(__file__).parents[1]
    digest = blake2b(digest_size=8)
    for file in sorted(package.rglob("*.py"), key=lambda file: file.as_posix()):
        digest.update(file.relative_to(package).as_posix().encode())
        digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


@cache
def _enter(folder: str) -> None:
    """Work where the caller works; a node without that folder is only given absolute paths."""
    with suppress(OSError):
        os.chdir(folder)
