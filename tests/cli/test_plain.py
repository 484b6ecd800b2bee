from __future__ import annotations

import io

from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table
from rich.text import Text

from curate.cli import plain

TEXT = st.text("ab Δ−×ß.", max_size=30)


def by_rich(columns: list[str], rows: list[list[str]], is_right: list[bool]) -> str:
    table = Table(box=None, pad_edge=False)
    for column, right in zip(columns, is_right, strict=True):
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    drawn = io.StringIO()
    Console(file=drawn, width=120).print(table)
    return drawn.getvalue()


@given(rows=st.lists(st.tuples(TEXT, st.lists(TEXT, min_size=1).map("\n".join), TEXT)))
@example(rows=[])
@example(rows=[("a", "first\nsecond", "1.5"), ("b", "", "")])
def test_it_draws_what_rich_draws(rows):
    columns, is_right = ["pair", "reasons", "mean"], [False, False, True]
    cells = [[name, reasons, number.strip()] for name, reasons, number in rows]

    drawn = plain.table(columns, cells, is_right, 120)

    assert drawn == "" or drawn + "\n" == by_rich(columns, cells, is_right)


def test_what_it_cannot_draw_it_leaves_to_rich():
    for cell in ("x" * 200, "東京", "e\u0301", "tab\t"):
        assert plain.table(["pair"], [[cell]], [False], 120) == ""
