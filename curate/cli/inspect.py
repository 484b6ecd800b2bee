"""curate inspect: what is in a LoRA, or how two differ."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.cli import console
from curate.cli.options import Json

if TYPE_CHECKING:
    from curate.merge.run import Compared, Inspected, Inspection

_VALUE_LENGTH = 100


def inspect(
    file: Annotated[Path, typer.Argument(help="A .safetensors LoRA.")],
    second: Annotated[Path | None, typer.Argument(help="Another, to compare it with.")] = None,
    top: Annotated[
        int, typer.Option("--top", help="How many modules to list, the strongest first.")
    ] = 10,
    html: Annotated[
        Path | None, typer.Option("--html", help="Also write a page with heatmaps to this file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what a LoRA holds and how it was made; with two, how they differ."""
    from curate.merge import run

    found = run.inspect(file, second, html=html)
    if as_json:
        console.show_json(found)
    else:
        _say(found, top)


def _say(found: Inspection, top: int) -> None:
    _say_file(found.first)
    if found.second and found.compared:
        console.show()
        _say_file(found.second)
        console.show()
        _say_compared(found.compared, top)
    else:
        _say_modules(found.first, top)
    if found.page:
        console.show(f"page: {found.page.as_posix()}")


def _say_file(one: Inspected) -> None:
    console.show(f"{one.model}, {len(one.modules)} modules", lead=f"{one.path.name}:")
    rows = [
        ("spelling", one.spelling),
        ("kinds", _counted(one.kinds)),
        ("ranks", _counted(one.ranks)),
        ("alphas", _counted(one.alphas)),
        ("numbers", _counted(one.dtypes)),
        ("norm", f"{one.norm:.4g}"),
        *((key, _short(value)) for key, value in sorted(one.metadata.items())),
    ]
    console.show_table(("", ""), rows)


def _say_modules(one: Inspected, top: int) -> None:
    if one.blocks:
        rows = [(block, norm) for block, norm in one.blocks.items()]
        console.show_table(("block", "norm"), rows)
    strongest = sorted(one.modules, key=lambda module: -module.norm)[:top]
    console.show_table(
        ("module", "kind", "rank", "alpha", "norm"),
        [
            (m.name, m.kind, m.rank, "none" if m.alpha is None else m.alpha, m.norm)
            for m in strongest
        ],
    )


def _say_compared(compared: Compared, top: int) -> None:
    totals = compared.totals
    cosine = "not measured" if totals.cosine is None else f"{totals.cosine:.6f}"
    console.show(
        f"norms {totals.norm_a:.4g} and {totals.norm_b:.4g}, difference {totals.norm_d:.4g}; "
        f"cosine {cosine}; {compared.cancellation:.2%} cancels; "
        f"rank 4 keeps {totals.kept_energy:.1%} of the difference"
    )
    if compared.only_first or compared.only_second:
        console.show(
            f"{compared.only_first} modules are only in the first, "
            f"{compared.only_second} only in the second"
        )
    widest = {one.name: (max(one.writes), max(one.reads)) for one in compared.angles}
    rows = [
        (
            m.name,
            m.norm_a,
            m.norm_b,
            m.norm_d,
            m.cosine,
            f"{m.kept_energy:.1%}",
            *_angles(widest, m.name),
        )
        for m in sorted(compared.modules, key=lambda module: -module.norm_d)[:top]
    ]
    console.show_table(
        ("module", "‖A‖", "‖B‖", "‖A − B‖", "cosine", "kept at 4", "writes", "reads"), rows
    )


def _angles(widest: Mapping[str, tuple[float, float]], name: str) -> tuple[str, str]:
    if name not in widest:
        return "", ""
    writes, reads = widest[name]
    return f"{writes:.3g}°", f"{reads:.3g}°"


def _counted(counts: Mapping[Any, int]) -> str:
    usual = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return ", ".join(f"{value} ×{count}" for value, count in usual)


def _short(value: str) -> str:
    return value if len(value) <= _VALUE_LENGTH else f"{value[:_VALUE_LENGTH]}…"
