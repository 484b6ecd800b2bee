"""A noun as a row of its table, and back: dicts and tuples are stored as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
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
}


def stored(value: object) -> object:
    """A field's value as SQLite keeps it."""
    if isinstance(value, dict | tuple | list):
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    return value


def restored(kind: type[N], row: Iterable[object]) -> N:
    """The noun of a kind that a row holds."""
    build: Callable[..., N] = kind
    return build(
        *(
            container(json.loads(str(value))) if container else value
            for container, value in zip(_CONTAINERS[kind], row, strict=True)
        )
    )


def _containers(kind: type[Any]) -> list[Callable[[Any], object] | None]:
    """For each field of a noun: dict or tuple if it is stored as JSON, else None."""
    origins = [get_origin(hint) for hint in get_type_hints(kind).values()]
    return [origin if origin in (dict, tuple) else None for origin in origins]


_CONTAINERS = {kind: _containers(kind) for kind in TABLES}
