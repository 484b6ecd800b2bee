"""Strengths: read from a list, said in labels and in file names."""

from __future__ import annotations

import math

from curate.errors import BadSetting

_EXAMPLE = "Write --strengths -3,-2,-1,0,1,2,3."


def parsed(text: str) -> tuple[float, ...]:
    """The strengths of a list such as "-3,-1.5,0,2", ascending; 0 is among them, asked or not.

    At 0 the LoRA does nothing: what the other cells are compared with.

    Raises:
        BadSetting: a word is no finite number, or there is nothing but 0.
    """
    words = [word.strip().replace("−", "-") for word in text.split(",") if word.strip()]
    try:
        numbers = {float(word) + 0.0 for word in words}
    except ValueError as error:
        raise BadSetting(f"--strengths {text} is no list of numbers.", remedy=_EXAMPLE) from error
    if not all(map(math.isfinite, numbers)):
        raise BadSetting("A strength is a finite number.", remedy=_EXAMPLE)
    if not numbers - {0.0}:
        raise BadSetting("A grid needs a strength that is not 0.", remedy=_EXAMPLE)
    return tuple(sorted(numbers | {0.0}))


def said(strength: float) -> str:
    """A strength for people: "+1.5", "0", "-3"."""
    return f"{strength:+g}" if strength else "0"
