"""A noun as a row of its table, and back: dicts and tuples are stored as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, get_origin, get_type_hints

from curate import records
from curate.figures import Figures, packed
from curate.slots import built

N = TypeVar("N")

TABLES: dict[type[Any], str] = {
    records.Task: "tasks",
    records.Film: "films",
    records.Shot: "shots",
    records.Frame: "frames",
    records.Refusal: "refusals",
    records.Job: "jobs",
    records.Twin: "twins",
    records.Pair: "pairs",
    records.Verdict: "verdicts",
    records.Lora: "loras",
    records.Cell: "cells",
}


_as_text = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


def stored(value: object) -> object:
    """A field's value as SQLite keeps it."""
    if type(value) is Figures:
        return value.text
    if value == ():
        return "[]"  # of most verdicts
    return _as_text(value) if isinstance(value, dict | tuple | list) else value


def restored(kind: type[N], row: Iterable[object]) -> N:
    """The noun of a kind that a row holds."""
    build: Callable[..., N] = kind
    values = dict(zip(_FIELDS[kind], row, strict=True))
    for name, container in _CONTAINERS[kind].items():
        values[name] = container(json.loads(str(values[name])))
    return build(**values)


def restored_all(kind: type[N], rows: Sequence[Sequence[Any]]) -> list[N]:
    """The nouns that rows hold."""
    return built(kind, len(rows), *restored_columns(kind, rows))


def restored_columns(
    kind: type[Any], rows: Sequence[Sequence[Any]], names: Sequence[str] = ()
) -> list[Iterable[Any]]:
    """The columns of rows that hold a noun's fields of these names, or all of its fields.

    Their JSON is parsed at one go, which takes half as long; measures are parsed when asked for.
    """
    own = names or _FIELDS[kind]
    columns: list[Iterable[Any]] = list(zip(*rows, strict=True)) or [()] * len(own)
    numbers = columns[len(own) :]
    del columns[len(own) :]
    for index, name in enumerate(own):
        if (kind, name) == _MEASURES:
            columns[index] = map(Figures, columns[index], *numbers)
        elif container := _CONTAINERS[kind].get(name):
            parsed = json.loads(f"[{','.join(columns[index])}]")
            columns[index] = parsed if container is dict else map(container, parsed)
    return columns


@cache
def writing(kind: type[Any]) -> tuple[str, Callable[[Any], Sequence[object]]]:
    """The marks of a statement that writes a noun of a kind, and what makes a row of one."""
    names = _FIELDS[kind]
    values, as_text = attrgetter(*names), [names.index(name) for name in _CONTAINERS[kind]]
    has_numbers = kind is _MEASURES[0]

    def row(noun: Any) -> Sequence[object]:
        found = list(values(noun))
        for place in as_text:
            found[place] = stored(found[place])
        if has_numbers:
            found.append(packed(noun.measures))
        return found

    return ", ".join("?" * (len(names) + has_numbers)), row


def condition(where: Mapping[str, object]) -> tuple[str, list[object]]:
    """The end of a statement about the rows whose columns have these values, and its values."""
    clauses = " AND ".join(f"{column} = ?" for column in where)
    return (f" WHERE {clauses}" if clauses else ""), list(where.values())


def _containers(kind: type[Any]) -> dict[str, Callable[[Any], object]]:
    """Which fields of a noun are stored as JSON, and as what they come back."""
    origins = {name: get_origin(hint) for name, hint in get_type_hints(kind).items()}
    containers = {dict: dict, tuple: tuple, Mapping: dict}
    return {name: containers[origin] for name, origin in origins.items() if origin in containers}


_MEASURES = (records.Pair, "measures")
"""They are stored twice: as JSON, and in a last column as numbers."""

_FIELDS = {kind: [column.name for column in fields(kind)] for kind in TABLES}
_CONTAINERS = {kind: _containers(kind) for kind in TABLES}
