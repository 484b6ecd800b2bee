"""A noun as a row of its table, and back: dicts and tuples are stored as JSON."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, get_origin, get_type_hints

from curate import records

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
    return _as_text(value) if isinstance(value, dict | tuple | list) else value


def restored(kind: type[N], row: Iterable[object]) -> N:
    """The noun of a kind that a row holds."""
    build: Callable[..., N] = kind
    values = dict(zip(_FIELDS[kind], row, strict=True))
    for name, container in _CONTAINERS[kind].items():
        values[name] = container(json.loads(str(values[name])))
    return build(**values)


def restored_all(kind: type[N], rows: Sequence[Sequence[Any]]) -> list[N]:
    """The nouns that rows hold, made a column at a time: a frozen noun's own `__init__` is slow."""
    nouns = [object.__new__(kind) for _ in rows]
    for name, column in zip(_FIELDS[kind], restored_columns(kind, rows), strict=True):
        deque(map(getattr(kind, name).__set__, nouns, column), maxlen=0)
    return nouns


def restored_columns(
    kind: type[Any], rows: Sequence[Sequence[Any]], names: Sequence[str] = ()
) -> list[Iterable[Any]]:
    """The columns of rows that hold a noun's fields of these names, or all of its fields.

    Their JSON is parsed at one go, which takes half as long.
    """
    own = names or _FIELDS[kind]
    columns: list[Iterable[Any]] = list(zip(*rows, strict=True)) or [()] * len(own)
    for index, name in enumerate(own):
        if container := _CONTAINERS[kind].get(name):
            parsed = json.loads(f"[{','.join(columns[index])}]")
            columns[index] = parsed if container is dict else map(container, parsed)
    return columns


@cache
def writing(kind: type[Any]) -> tuple[str, Callable[[Any], Sequence[object]]]:
    """The marks of a statement that writes a noun of a kind, and what makes a row of one."""
    names = _FIELDS[kind]
    values, as_text = attrgetter(*names), [names.index(name) for name in _CONTAINERS[kind]]

    def row(noun: Any) -> Sequence[object]:
        found = list(values(noun))
        for place in as_text:
            found[place] = _as_text(found[place])
        return found

    return ", ".join("?" * len(names)), row


def condition(where: Mapping[str, object]) -> tuple[str, list[object]]:
    """The end of a statement about the rows whose columns have these values, and its values."""
    clauses = " AND ".join(f"{column} = ?" for column in where)
    return (f" WHERE {clauses}" if clauses else ""), list(where.values())


def _containers(kind: type[Any]) -> dict[str, Callable[[Any], object]]:
    """Which fields of a noun are stored as JSON, and as what they come back."""
    origins = {name: get_origin(hint) for name, hint in get_type_hints(kind).items()}
    return {name: origin for name, origin in origins.items() if origin in (dict, tuple)}


_FIELDS = {kind: [column.name for column in fields(kind)] for kind in TABLES}
_CONTAINERS = {kind: _containers(kind) for kind in TABLES}
