"""One `curate extract` at a time in a workspace."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

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
        if not _locked(file, wait=False):
            tell(Notice(f"Another curate extract works in {workspace}; waiting for it to end."))
            _locked(file, wait=True)
        yield


def _locked(file: IO[bytes], *, wait: bool) -> bool:
    """Whether the lock is ours; True as well if the file system has none."""
    if sys.platform == "win32":
        import msvcrt

        while True:
            try:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            except OSError:  # LK_LOCK gives up after ten seconds
                if not wait:
                    return False
            else:
                return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
