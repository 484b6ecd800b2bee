"""Files that appear whole under their name or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from curate.errors import CurateError, DiskFull, NotWritable


def stamp(entry: os.stat_result) -> tuple[int, int]:
    """A file's size in bytes and time of change in ns: while they stand, so do its bytes."""
    return entry.st_size, entry.st_mtime_ns


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """Yield `path` + ".part" to write to; on success it becomes `path`, on error it is removed.

    Raises:
        DiskFull: no space is left, or a quota or file size limit is reached.
        NotWritable: the folder refuses.
    """
    part = path.with_name(path.name + ".part")
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        os.replace(part, path)  # noqa: PTH105 - Path.replace hides which of the two names failed
    except BaseException as error:
        _remove(part)
        if isinstance(error, OSError):
            raise _in_words(path, error) from error
        raise


def write_bytes(path: Path, data: bytes | memoryview) -> None:
    """Write `data` to `path`, whole or not at all."""
    with appearing(path) as part:
        part.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    r"""Write `text` to `path` as UTF-8 with "\n" line ends, whole or not at all."""
    write_texts(path, [text])


def write_texts(path: Path, texts: Iterable[str]) -> None:
    """The same of texts that follow one another, each written before the next is asked for."""
    with appearing(path) as part, part.open("wb") as file:
        for text in texts:
            file.write(text.encode())


def _remove(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError:  # a folder that refuses to write also refuses to delete
        return


def _in_words(path: Path, error: OSError) -> CurateError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(path)
    return NotWritable(path, error.strerror or str(error))
