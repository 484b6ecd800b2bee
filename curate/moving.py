"""The ledger on another disk than its workspace: a link stands in its place."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

from curate.errors import BadInput, NotWritable
from curate.ledger import FILE, Ledger


def move(workspace: Path, folder: Path) -> Path:
    """Move a workspace's ledger to `folder`; returns its file there.

    SQLite wants a local disk, where a workspace may lie on one that many machines see. Call it
    while nothing else writes to the ledger.

    Raises:
        BadInput: it lies elsewhere already, or another is in its place there.
        NotWritable: a file or the link cannot be made.
    """
    here = workspace / FILE
    root = workspace.absolute()
    mark = blake2b(os.fsencode(root), digest_size=4).hexdigest()
    there = folder.absolute() / f"{root.name}-{mark}.db"
    if here.is_symlink():
        raise BadInput(f"{here} is a link already.", remedy=f"The ledger is {here.readlink()}.")
    if there.exists():
        raise BadInput(f"{there} is there already.", remedy="Name another folder.")
    link = here.with_name(FILE + ".part")
    try:
        there.parent.mkdir(parents=True, exist_ok=True)
        with Ledger(workspace) as ledger:
            link.unlink(missing_ok=True)
            link.symlink_to(there)
            ledger.copy(there)
        os.replace(link, here)  # noqa: PTH105 - as in files.appearing
    except OSError as error:
        link.unlink(missing_ok=True)
        raise NotWritable(there, error.strerror or str(error)) from error
    return there
