"""Whose pairs a dataset is of, where several instructions have some."""

from __future__ import annotations

from curate.errors import BadSetting, nearest


def prompt(asked: str | None, known: set[str]) -> str:
    """The instruction that is asked for, or the only one there is.

    Raises:
        BadSetting: there is none of that name, or none is asked for and there are several.
    """
    if asked is None and len(known) == 1:
        return next(iter(known))
    if asked is None:
        raise BadSetting(
            f"Pairs of several instructions are kept: {', '.join(sorted(known))}.",
            remedy="A slider has one concept: choose with --prompt NAME.",
        )
    name = asked.removesuffix(".txt")
    if name not in known:
        raise BadSetting(f"No pair of {name!r} is kept.", remedy=nearest(name, known))
    return name
