"""The page about a merge or a LoRA: one HTML file that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from curate import files
from curate.merge import charts

if TYPE_CHECKING:
    from curate.merge.inspecting import Compared, Inspected
    from curate.merge.job import Job
    from curate.merge.merging import Merged
    from curate.merge.report import ModuleReport

_STYLE = """
body{font:14px/1.5 system-ui,sans-serif;color:#222;max-width:1180px;margin:2em auto;padding:0 1em}
h1{font-size:22px;margin-bottom:0}h2{font-size:16px;margin:2em 0 .5em}
figure{display:inline-block;vertical-align:top;margin:0 2em 1.5em 0}
figcaption{font-weight:600}.legend,.small,.quiet{font-size:11px;color:#666}
svg{display:block}.legend svg{display:inline}
svg text{font-size:11px;fill:#444}svg text.small{font-size:10px}
.mid{text-anchor:middle}.end{text-anchor:end}
.grid{stroke:#e3e0d8}.line{fill:none;stroke:#6e1c4c;stroke-width:2}
.mark{stroke:#d6604d;stroke-dasharray:3 3}.dot{fill:#6e1c4c}
.on,.off{stroke:#6e1c4c;stroke-width:3}.off{stroke:#d9cfc2}
table{border-collapse:collapse}td,th{padding:1px 10px 1px 0;text-align:right;white-space:nowrap}
th{border-bottom:1px solid #bbb;text-align:right}td:first-child,th:first-child{text-align:left}
.facts td{text-align:left;white-space:normal;overflow-wrap:anywhere}
.notice{background:#fdf3e1;border-left:4px solid #d6604d;padding:.4em .8em;margin:.5em 0}
""".strip()


def write(job: Job, merged: Merged) -> None:
    """Write the page beside the merge's output, under its name with .html."""
    files.write_text(job.output.with_suffix(".html"), of_merge(job, merged))


def of_merge(job: Job, merged: Merged) -> str:
    """The page: summary, notices, heatmaps, energy by rank, every module's figures."""
    rank = max((one.rank for one in merged.modules), default=0)
    return framed(
        job.output.name,
        [
            _inputs(job),
            *(f'<p class="notice">{escape(text)}</p>' for text in merged.notices),
            f'<div class="facts">{table(("", ""), _summary(merged))}</div>',
            "<h2>Where the difference is</h2>",
            charts.heatmap(
                {one.name: one.norm_d for one in merged.modules}, title="Norm of the difference"
            ),
            charts.heatmap(
                {one.name: one.kept_energy * 100 for one in merged.modules},
                title="Energy kept at the rank",
                unit=" %",
                top=100.0,
            ),
            "<h2>What a rank keeps</h2>",
            charts.curve(shares(merged.modules), chosen=rank, title="Kept energy by rank"),
            "<h2>Modules, strongest first</h2>",
            _modules(merged.modules),
        ],
    )


def write_inspected(
    file: Path, first: Inspected, second: Inspected | None, compared: Compared | None
) -> None:
    """Write the page about one LoRA, or about two and how they differ."""
    parts = [_of_file(first)]
    title = first.path.name
    if second and compared:
        title = f"{first.path.name} and {second.path.name}"
        parts += [_of_file(second), _of_two(compared)]
    files.write_text(file, framed(title, parts))


def framed(title: str, parts: Iterable[str]) -> str:
    """A whole HTML document."""
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>\n<h1>{escape(title)}</h1>\n"
        + "\n".join(part for part in parts if part)
        + "\n</html>\n"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """An HTML table; cells are taken as they are, so escape what is not a number."""
    top = "".join(f"<th>{cell}</th>" for cell in head) if any(head) else ""
    lines = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    return f"<table>{f'<tr>{top}' if top else ''}\n{lines}</table>"


def shares(modules: Sequence[ModuleReport]) -> list[float]:
    """The energy that each rank from 1 up keeps of all modules together."""
    longest = max((len(one.spectrum) for one in modules), default=0)
    squares = np.zeros(longest)
    for one in modules:
        squares[: len(one.spectrum)] += np.square(one.spectrum)
    total = float(squares.sum())
    return [float(share) for share in np.cumsum(squares) / total] if total else []


def _of_file(one: Inspected) -> str:
    rows = [
        ("Model", escape(one.model)),
        ("Spelling", escape(one.spelling)),
        ("Modules", counted(one.kinds)),
        ("Ranks", counted(one.ranks)),
        ("Alphas", counted(one.alphas)),
        ("Numbers", counted(one.dtypes)),
        ("Norm", f"{one.norm:.4g}"),
        *((escape(key), escape(value[:300])) for key, value in sorted(one.metadata.items())),
    ]
    picture = charts.heatmap({m.name: m.norm for m in one.modules}, title="Norm of the change")
    return (
        f'<h2>{escape(one.path.name)}</h2><div class="facts">{table(("", ""), rows)}</div>{picture}'
    )


def _of_two(compared: Compared) -> str:
    cosines = {m.name: 1 - m.cosine for m in compared.modules if m.cosine is not None}
    norms = {one.name: one.norm_d for one in compared.modules}
    widest = {one.name: max(one.writes, default=0.0) for one in compared.angles}
    return "".join(
        (
            "<h2>How they differ</h2>",
            charts.heatmap(norms, title="Norm of the difference"),
            charts.heatmap(cosines, title="1 − cosine"),
            charts.heatmap(widest, title="Largest angle between what they write to", unit="°"),
            charts.curve(shares(compared.modules), chosen=4, title="Difference kept by rank"),
            _modules(compared.modules),
        )
    )


def counted(counts: Mapping[Any, int]) -> str:
    """Values and how often each occurs: "16 ×320, 4 ×80"."""
    usual = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return escape(", ".join(f"{value} ×{count}" for value, count in usual))


def _inputs(job: Job) -> str:
    terms = " ".join(
        f"{'−' if weight < 0 else '+'} {'' if abs(weight) == 1 else f'{abs(weight):g} × '}"
        f"{escape(path.name)}"
        for path, weight in zip(job.inputs, job.weights, strict=True)
    )
    return f'<p class="quiet">{terms.removeprefix("+ ")}</p>'


def _summary(merged: Merged) -> list[tuple[str, str]]:
    totals = merged.totals
    rows = [
        ("Norms", f"{totals.norm_a:.4g} and {totals.norm_b:.4g}, difference {totals.norm_d:.4g}"),
        ("Cosine", "not measured" if totals.cosine is None else f"{totals.cosine:.6f}"),
        ("Multiplier", f"{merged.multiplier:.6g}"),
        ("Modules", str(len(merged.modules))),
        *((f"Left out, {reason}", str(count)) for reason, count in merged.left_out.items()),
    ]
    for one in merged.written:
        kept = f"rank {one.rank}, {one.size_mb:.1f} MB, keeps {one.kept_energy:.2%}"
        rows.append((escape(one.path.name), kept))
    return rows


def _modules(modules: Sequence[ModuleReport]) -> str:
    head = ("module", "‖A‖", "‖B‖", "‖A − B‖", "cosine", "rank", "kept", "spectrum")
    strongest = sorted(modules, key=lambda one: -one.norm_d)
    return table(head, (_row(one) for one in strongest))


def _row(one: ModuleReport) -> Sequence[str]:
    return (
        escape(one.name),
        f"{one.norm_a:.4g}",
        f"{one.norm_b:.4g}",
        f"{one.norm_d:.4g}",
        "" if one.cosine is None else f"{one.cosine:.5f}",
        str(one.rank),
        f"{one.kept_energy:.1%}",
        charts.bars(one.spectrum, one.rank),
    )
