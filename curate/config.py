"""Defaults for the options of every command, from curate.toml and from the environment."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from curate.errors import BadSetting, UnknownSetting

FILE = Path("curate.toml")

Defaults = dict[str, object]


@dataclass(frozen=True, slots=True)
class Option:
    """An option: the parameter it fills, and whether it may be repeated."""

    parameter: str
    is_list: bool = False


Known = Mapping[str, Mapping[str, Option]]
"""Command -> option as it is written -> what it fills; those of `curate` itself stand under ""."""


def environment(variables: Mapping[str, str], known: Known) -> Defaults:
    """The defaults that variables such as CURATE_WORKSPACE or CURATE_EXTRACT_COUNT set.

    A repeatable option takes several values with white space between them. An empty variable sets
    nothing.
    """
    defaults: Defaults = {}
    for command in known:
        if command and not any(name.startswith(variable(command, "")) for name in variables):
            continue
        found = {
            option.parameter: value.split() if option.is_list else value
            for name, option in known[command].items()
            if (value := variables.get(variable(command, name)))
        }
        if command and found:
            defaults[command] = found
        else:
            defaults |= found
    return defaults


def merged(weaker: Defaults, stronger: Defaults) -> Defaults:
    """Both, table by table; where both set an option, the stronger's value counts."""
    both = weaker | stronger
    for key, table in weaker.items():
        over = stronger.get(key)
        if isinstance(table, dict) and isinstance(over, dict):
            both[key] = table | over
    return both


def variable(command: str, option: str) -> str:
    """The environment variable that sets an option; those of `curate` itself have no command."""
    words = ("curate", command, option) if command else ("curate", option)
    return "_".join(words).replace("-", "_").upper()


def load(file: Path, known: Known) -> Defaults:
    """The defaults that `file` sets; none if it is not there.

    Args:
        file: TOML. A key at the top is an option of `curate` itself, a table one of a command.
        known: every command and option there is.

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
            defaults[_option(file, key, known[""], extra=known).parameter] = value
    return defaults


def _table(file: Path, command: str, value: object, options: Mapping[str, Option]) -> Defaults:
    if not isinstance(value, dict):
        raise BadSetting(
            f"{file} gives {command!r} a value, but it is a command.",
            remedy=f"Write [{command}] on a line of its own and its options below.",
        )
    table: Defaults = {}
    for key, setting in value.items():
        option = _option(file, key, options, prefix=f"{command}.")
        is_alone = option.is_list and not isinstance(setting, list)
        table[option.parameter] = [setting] if is_alone else setting
    return table


def _option(
    file: Path,
    key: str,
    options: Mapping[str, Option],
    *,
    prefix: str = "",
    extra: Mapping[str, object] | None = None,
) -> Option:
    option = options.get(key) or options.get(key.replace("_", "-"))
    if option is None:
        raise UnknownSetting(
            file, prefix + key, [prefix + o for o in (*options, *(extra or ())) if o]
        )
    return option
