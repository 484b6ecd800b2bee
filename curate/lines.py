"""The ledger as lines of JSON, out and back in."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

from curate import files
from curate.errors import BadInput, LedgerUnreadable
from curate.ledger import Ledger
from curate.rows import TABLES, restored, stored


def dump(ledger: Ledger, file: Path) -> None:
    """Write every record as a line of JSON, ordered by key: equal ledgers give equal files."""
    lines = (
        json.dumps(
            {"table": table} | {column.name: getattr(noun, column.name) for column in fields(noun)},
            sort_keys=True,
            ensure_ascii=False,
            default=lambda figures: json.loads(figures.text),
        )
        for kind, table in TABLES.items()
        for noun in ledger.each(kind)
    )
    with files.appearing(file) as part, part.open("w", encoding="utf-8", newline="\n") as text:
        text.writelines(line + "\n" for line in lines)


def load(ledger: Ledger, file: Path) -> int:
    """Read back what `dump` wrote, over what is here; returns the number of records.

    Raises:
        BadInput: a line is not one of ours; nothing is read then.
    """
    kinds = {table: kind for kind, table in TABLES.items()}
    count = 0
    with ledger.transaction():
        for number, line in enumerate(_lines(file), start=1):
            try:
                values = json.loads(line)
                kind = kinds[values.pop("table")]
                row = {name: stored(value) for name, value in values.items()}
                ledger.put(restored(kind, [row[column.name] for column in fields(kind)]))
            except (ValueError, KeyError, TypeError, AttributeError, LedgerUnreadable) as error:
                raise BadInput(
                    f"Line {number} of {file} is not a ledger record.",
                    remedy="Give a file that `curate ledger export` wrote.",
                ) from error
            count = number
    return count


def _lines(file: Path) -> list[str]:
    try:
        return [line for line in file.read_text(encoding="utf-8").split("\n") if line]
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"Cannot read {file}: {error}.", remedy="Check the path.") from error
