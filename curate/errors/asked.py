"""Settings that cannot be used, and stations asked for too early."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from curate.errors.base import BadInput, CurateError, UsageError, nearest


class UnknownSetting(UsageError):
    def __init__(self, file: Path, key: str, known: Iterable[str]) -> None:
        message = f"{file} sets {key!r}, which is not a setting."
        super().__init__(message, remedy=nearest(key, known))


class BadSetting(UsageError):
    """An option or a line of curate.toml has a value that cannot be used."""


class NothingYet(BadInput):
    """The station before this one has not run."""

    def __init__(self, what: str, workspace: Path, command: str) -> None:
        super().__init__(f"There are no {what} in {workspace} yet.", remedy=f"Run `{command}`.")


class FolderEmpty(BadInput):
    def __init__(self, folder: Path, what: str) -> None:
        super().__init__(f"There are no {what} in {folder}.", remedy="Check the folder's path.")


class StrictFailed(CurateError):
    """A set of pairs differs systematically in more than its concept, and --strict was given."""

    exit_code = 5

    def __init__(self, failing: Mapping[str, Sequence[str]]) -> None:
        sets = "; ".join(f"{name}: {', '.join(axes)}" for name, axes in failing.items())
        super().__init__(
            f"The kept pairs drift ({sets}).",
            remedy="See what to do in the table: --repair, --drop-to-balance, or twins made anew.",
        )
