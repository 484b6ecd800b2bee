"""curate.toml: defaults for the options of every command."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from curate.errors import BadSetting, UnknownSetting

FILE = Path("curate.toml")

Defaults = dict[str, object]


def load(file: Path, known: Mapping[str, Mapping[str, str]]) -> Defaults:
    """The defaults that `file` sets; none if it is not there.

    Args:
        file: TOML. A key at the top is an option of `curate` itself, a table one of a command.
        known: command -> option as written in the file -> the command's parameter. The options
            of `curate` itself stand under "".

    Returns:
        Parameter -> value, and command -> {parameter -> value}.

    Raises:
        BadSetting: not TOML, or a value where a table is meant.
        UnknownSetting: a key that is no option; the error names the nearest.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"Cannot read {file}: {error}.", remedy="Save it as UTF-8.") from error
    try:
        settings = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(
            f"{file} is not TOML: {error}.",
            remedy='Windows paths need forward slashes or single quotes: "C:/films".',
        ) from error

    defaults: Defaults = {}
    for key, value in settings.items():
        if key in known and key:
            defaults[key] = _table(file, key, value, known[key])
        else:
            defaults[_parameter(file, key, known[""], extra=known)] = value
    return defaults


def _table(file: Path, command: str, value: object, options: Mapping[str, str]) -> Defaults:
    if not isinstance(value, dict):
        raise BadSetting(
            f"{file} gives {command!r} a value, but it is a command.",
            remedy=f"Write [{command}] on a line of its own and its options below.",
        )
    return {
        _parameter(file, key, options, prefix=f"{command}."): setting
        for key, setting in value.items()
    }


def _parameter(
    file: Path,
    key: str,
    options: Mapping[str, str],
    *,
    prefix: str = "",
    extra: Mapping[str, object] | None = None,
) -> str:
    parameter = options.get(key) or options.get(key.replace("_", "-"))
    if parameter is None:
        raise UnknownSetting(
            file, prefix + key, [prefix + o for o in (*options, *(extra or ())) if o]
        )
    return parameter
