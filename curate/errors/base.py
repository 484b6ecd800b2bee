"""The root of the tree, its branches, and a failure as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class CurateError(Exception):
    """What happened, in one sentence, and the way out in another."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that has become data: it crosses processes and enters the ledger."""

    item: str
    message: str
    remedy: str
    exit_code: int

    @classmethod
    def of(cls, item: str, error: BaseException) -> Failure:
        if isinstance(error, CurateError):
            return cls(item, str(error), error.remedy, error.exit_code)
        return cls(
            item,
            f"Unexpected {type(error).__name__} on {item}: {error}.",
            "Run the command again; if it happens again, report it with this line.",
            1,
        )


def nearest(word: str, words: Iterable[str]) -> str:
    """A clause naming the known word most like `word`, or all of them."""
    from difflib import get_close_matches

    known = sorted(words)
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known)}."


class UsageError(CurateError):
    exit_code = 2


class BadInput(CurateError):
    exit_code = 3


class PlaceError(CurateError):
    exit_code = 3


class NoComfy(CurateError):
    exit_code = 4


class ItemFailed(CurateError):
    exit_code = 1
