"""Where curate works: the workspace, the ledger, the disk."""

from __future__ import annotations

from pathlib import Path

from curate.errors.base import PlaceError


class WorkspaceUnusable(PlaceError):
    def __init__(self, workspace: Path, reason: str, remedy: str = "") -> None:
        super().__init__(
            f"Cannot use {workspace} as the workspace: {reason}.",
            remedy=remedy
            or "Name a folder you may write to with `curate -w DIR …` or CURATE_WORKSPACE.",
        )


class LedgerUnreadable(PlaceError):
    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(
            f"Cannot open the ledger {file}: {reason}.",
            remedy="Move it away and rerun, or restore a copy; the images beside it are unharmed.",
        )


class LedgerBusy(PlaceError):
    def __init__(self, file: Path) -> None:
        super().__init__(
            f"Another curate has been writing to {file} for half a minute.",
            remedy="Wait until it is done, then run the same command again.",
        )


class InUse(PlaceError):
    def __init__(self, work: str, workspace: Path, holder: str) -> None:
        super().__init__(
            f"Another {work} is at work in {workspace}: {holder or 'another process'}.",
            remedy="Wait until it is done; its servers can be more than one, with --server twice.",
        )


class DiskFull(PlaceError):
    def __init__(self, file: Path) -> None:
        super().__init__(
            f"The disk is full: {file} was not written.",
            remedy="Free some space and run the same command again.",
        )


class NotWritable(PlaceError):
    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(
            f"Cannot write {file}: {reason}.", remedy="Choose a folder that you may write to."
        )
