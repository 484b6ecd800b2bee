"""One at a time: a lock on a file, which ends with the process that holds it, however it ends."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

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
        if not taken(lock):
            raise InUse(work, file.parent, lock.read(200).decode("utf-8", "replace"))
        lock.truncate(0)
        lock.write(f"process {os.getpid()} on {socket.gethostname()}".encode())
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)


def taken(file: IO[bytes], *, wait: bool = False) -> bool:
    """Whether the lock on an open file is this process's now, or with `wait` once it is free.

    True as well on a file system without locks.
    """
    if sys.platform == "win32":
        import msvcrt

        while True:
            file.seek(_FAR)
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            except OSError:  # LK_LOCK gives up after ten seconds
                if not wait:
                    return False
            else:
                return True
            finally:
                file.seek(0)
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
