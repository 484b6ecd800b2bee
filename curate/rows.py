"""A noun as a row of its table, and back: dicts and tuples are stored as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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


def stored(value: object) -> object:
    """A field's value as SQLite keeps it."""
    if isinstance(value, dict | tuple | list):
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    return value


def restored(kind: type[N], row: Iterable[object]) -> N:
    """The noun of a kind that a row holds."""
    build: Callable[..., N] = kind
    values = list(row)
    for index, container in _CONTAINERS[kind]:
        values[index] = container(json.loads(str(values[index])))
    return build(*values)


def restored_all(kind: type[N], rows: Sequence[Sequence[Any]]) -> Iterator[N]:
    """The nouns that rows hold; their JSON is parsed at one go, which takes half as long."""
    build: Callable[..., N] = kind
    columns = list(zip(*rows, strict=True))
    for index, container in _CONTAINERS[kind] if rows else ():
        columns[index] = tuple(map(container, json.loads(f"[{','.join(columns[index])}]")))
    return map(build, *columns)


@cache
def writing(kind: type[Any]) -> tuple[str, Callable[[Any], tuple[object, ...]]]:
    """The marks of a statement that writes a noun of a kind, and what gives its values."""
    names = [column.name for column in fields(kind)]
    return ", ".join("?" * len(names)), attrgetter(*names)


def condition(where: Mapping[str, object]) -> tuple[str, list[object]]:
    """The end of a statement about the rows whose columns have these values, and its values."""
    clauses = " AND ".join(f"{column} = ?" for column in where)
    return (f" WHERE {clauses}" if clauses else ""), list(where.values())


def _containers(kind: type[Any]) -> list[tuple[int, Callable[[Any], object]]]:
    """Which fields of a noun are stored as JSON, by their place, and as what they come back."""
    origins = [get_origin(hint) for hint in get_type_hints(kind).values()]
    return [(place, origin) for place, origin in enumerate(origins) if origin in (dict, tuple)]


_CONTAINERS = {kind: _containers(kind) for kind in TABLES}
