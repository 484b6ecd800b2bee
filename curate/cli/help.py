"""Help in plain sections: typer's framed one takes a tenth of a second more and cuts long names."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup

WIDTH = 100
"""Columns at most, where the terminal has them."""


class Command(TyperCommand):
    """A command whose help has a section for each `rich_help_panel`."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        _write_options(self, ctx, formatter)


class Group(TyperGroup):
    """Commands, each with the first sentence of its help, whole."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        _write_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(n, c.get_short_help_str(limit=10 * WIDTH)) for n, c in found if c])


def _write_options(command: TyperCommand | TyperGroup, context: Any, formatter: Any) -> None:
    sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
    for option in command.get_params(context):
        if record := option.get_help_record(context):
            is_argument = option.param_type_name == "argument"
            panel = getattr(option, "rich_help_panel", None)
            title = panel or ("Arguments" if is_argument else "Options")
            sections.setdefault(title, []).append(record)
    for title, records in sections.items():
        if records:
            with formatter.section(title):
                formatter.write_dl(records)
