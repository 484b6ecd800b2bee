"""What `curate merge` says it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curate.cli import console

if TYPE_CHECKING:
    from curate.merge.run import Merged, Report


def plain(report: Report) -> dict[str, object]:
    """A merge as one JSON object."""
    return {
        "inputs": report.inputs,
        "outputs": report.outputs,
        "page": report.page,
        "modules": report.modules,
        "already_there": report.already_there,
        "merged": report.merged,
        "failures": report.failures,
    }


def say(report: Report, *, dry_run: bool, blocks: bool) -> None:
    """A merge in a few lines, or with `blocks` also a table of its modules."""
    names = ", ".join(path.as_posix() for path in report.outputs)
    if report.already_there:
        console.show(f"{names} is there already, from the same files and settings.")
    elif dry_run:
        first, second, *_ = (path.name for path in report.inputs)
        console.show(f"{first} − {second} would be written to {names}: {report.modules} modules.")
    elif report.merged:
        _say_merged(report, report.merged, blocks=blocks)


def _say_merged(report: Report, merged: Merged, *, blocks: bool) -> None:
    totals = merged.totals
    cosine = "" if totals.cosine is None else f", cosine {totals.cosine:.5f}"
    console.show(
        f"{len(merged.modules)} modules; norms {totals.norm_a:.4g} and {totals.norm_b:.4g}, "
        f"difference {totals.norm_d:.4g}{cosine}; multiplier {merged.multiplier:.4g}"
    )
    left_out = [f"{count} {reason}" for reason, count in merged.left_out.items()]
    if left_out:
        console.show(f"left out: {', '.join(left_out)}")
    if merged.one_sided:
        console.show(f"{merged.one_sided} modules are in one of the two files only")
    for text in merged.notices:
        console.note(f"note: {text}")
    if blocks:
        _show_blocks(merged)
    for one in merged.written:
        console.show(
            f"rank {one.rank}, {one.size_mb:.1f} MB, keeps {one.kept_energy:.1%} of the difference",
            lead=f"{one.path.as_posix()}:",
        )
    console.show(f"report: {report.page.as_posix()}")


def _show_blocks(merged: Merged) -> None:
    rows = [
        (one.name, one.norm_a, one.norm_b, one.norm_d, one.cosine, f"{one.kept_energy:.1%}")
        for one in merged.modules
    ]
    console.show_table(("module", "‖A‖", "‖B‖", "‖A − B‖", "cosine", "kept"), rows)
