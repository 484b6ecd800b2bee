"""The keys that Musubi Tuner's own parsers know, and the types of their values."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources

from curate.errors import BadSetting, nearest

_DATA = json.loads(resources.files(__package__).joinpath("musubi.json").read_text(encoding="utf-8"))
VERSION = str(_DATA["version"])
"""The release of Musubi Tuner whose keys these are."""


def keys(part: str) -> dict[str, str]:
    """Key -> type of the options of a script, or of a part of a dataset file such as `video`."""
    return dict(_DATA[part])


def choices(key: str) -> tuple[str, ...]:
    """The only values that the trainer's parser takes for an option, none where it takes any."""
    return tuple(_DATA["choices"].get(key, ()))


def value(key: str, kind: str, text: str) -> object:
    """`text` as a value of a kind: str, int, float, number, bool or list (words).

    Raises:
        BadSetting: it is none, or not one that Musubi takes.
    """
    known = choices(key)
    if known and text not in known:
        raise BadSetting(f"{key} cannot be {text!r}.", remedy=nearest(text, known))
    try:
        return _READ[kind](text)
    except ValueError as error:
        raise BadSetting(
            f"{key} cannot be {text!r}.", remedy=f"Give {key} {_WORDS[kind]}."
        ) from error


def is_of(kind: str, found: object) -> bool:
    """Whether a value read from a file has the type that Musubi's schema wants."""
    return type(found) in _TYPES[kind]


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _number(text: str) -> float:
    return int(text) if text.lstrip("-").isdecimal() else float(text)


_READ: dict[str, Callable[[str], object]] = {
    "str": str,
    "int": int,
    "float": float,
    "number": _number,
    "bool": _truth,
    "list": str.split,
}
_TYPES = {
    "str": (str,),
    "int": (int,),
    "float": (float,),
    "number": (int, float),
    "bool": (bool,),
    "list": (list,),
}
_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "number": "a number",
    "bool": "true or false",
    "list": "words with spaces between them",
}
