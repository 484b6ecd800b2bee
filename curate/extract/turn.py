"""One `curate extract` at a time in a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from curate import lock
from curate.errors import NotWritable
from curate.events import Notice, Tell

_FILE = "extract.lock"


@contextmanager
def taken(workspace: Path, tell: Tell) -> Iterator[None]:
    """Wait until no other process extracts into `workspace`; it is given back however this ends.

    On a file system without locks nobody waits.

    Raises:
        NotWritable: the workspace refuses.
    """
    path = workspace / _FILE
    try:
        file = path.open("ab")
    except OSError as error:
        raise NotWritable(path, error.strerror or str(error)) from error
    with file:
        if not lock.taken(file):
            tell(Notice(f"Another curate extract works in {workspace}; waiting for it to end."))
            lock.taken(file, wait=True)
        yield
