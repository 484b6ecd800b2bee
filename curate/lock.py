"""One at a time: a lock on a file, which ends with the process that holds it, however it ends."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from curate.errors import InUse, NotWritable

_FAR = 1 << 30
"""Where the locked byte is: on Windows others cannot read it."""


@contextmanager
def held(file: Path, work: str) -> Iterator[None]:
    """Hold the lock on `file`; it stays behind, empty.

    Args:
        file: of this purpose only; in it stands who holds it.
        work: what is done meanwhile, for whoever comes second.

    Raises:
        InUse: another process holds it.
        NotWritable: the file cannot be made.
    """
    try:
        lock = os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
    except OSError as error:
        raise NotWritable(file, error.strerror or str(error)) from error
    with lock:
        if not _is_taken(lock):
            raise InUse(work, file.parent, lock.read(200).decode("utf-8", "replace"))
        lock.truncate(0)
        lock.write(f"process {os.getpid()} on {socket.gethostname()}".encode())
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)


def _is_taken(lock: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            lock.seek(_FAR)
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
            lock.seek(0)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        return False
    return True
