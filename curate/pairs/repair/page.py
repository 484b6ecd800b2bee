"""The repairs as a section of the page: before and after, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from curate.pairs.checked import Checked
from curate.pairs.legend import minus
from curate.pairs.repair.record import Repair

_STYLE = """<style>
.repairs { margin: 1rem 1.5rem; } .repairs h2 { font-size: 1.05rem; }
.repairs .four { display: grid; grid-template-columns: repeat(4, 1fr); gap: 2px; }
.repairs figure { margin: 0; } .repairs figcaption { font-size: .8rem; }
.repairs img { width: 100%; height: auto; display: block; }
</style>"""

_SHOWN = ("shift_px", "detail_ratio", "lightness_shift", "a_shift", "b_shift", "chroma_slope",
          "contrast_ratio", "ssim")  # fmt: skip


def section(checked: Sequence[Checked], picture: Callable[[str], str]) -> str:
    """HTML of the repairs in force and of those that were refused; empty if there is none.

    Args:
        checked: the pairs.
        picture: an image file in, its address out.
    """
    tried = [(one, one.repair) for one in checked if one.repair]
    if not tried:
        return ""
    kept = "".join(_kept(one, repair, picture) for one, repair in tried if not repair.reason)
    refused = "".join(
        f"<li>{escape(one.halves.label)}: {escape(minus(repair.reason))}"
        for one, repair in tried
        if repair.reason
    )
    if refused:
        refused = (
            "<p>Not repaired; make these twins anew with <code>curate kontext --retry "
            f"rejected</code>:</p><ul>{refused}</ul>"
        )
    return f"{_STYLE}<div class=repairs><h2>Repairs</h2>{kept}{refused}</div>\n"


def _kept(one: Checked, repair: Repair, picture: Callable[[str], str]) -> str:
    files = (
        ("frame before", repair.halves.frame_file),
        ("twin before", repair.halves.twin_file),
        ("frame after", one.halves.frame_file),
        ("twin after", one.halves.twin_file),
    )
    label = escape(one.halves.label)
    figures = "".join(
        f'<figure><img src="{picture(file)}" alt="{what} of {label}" loading=lazy>'
        f"<figcaption>{what}</figcaption></figure>"
        for what, file in files
    )
    numbers = "".join(
        f"<tr><td>{key}<td>{minus(f'{before:.3f}')}<td>{minus(f'{after:.3f}')}"
        for key in _SHOWN
        if (before := repair.original.measures.get(key)) is not None
        and (after := one.pair.measures.get(key)) is not None
    )
    done = minus(f"{'; '.join(repair.steps)}; detail moved by {repair.detail_moved:+.2%}")
    return (
        f"<details open><summary>{label}: {escape(done)}</summary><div class=four>{figures}</div>"
        f"<table><tr><th>measure<th>before<th>after{numbers}</table></details>"
    )
