"""The page that shows pairs, with what was measured and ruled: one HTML file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from itertools import chain
from pathlib import Path
from string import Template

from curate import files
from curate.pairs import cards, legend
from curate.pairs.checked import Checked
from curate.pairs.columns import measured
from curate.pairs.verdict import LIMITS, Thresholds
from curate.records import Ruling

_CARDS = "\0"  # stands in the page for what takes too much memory to be put together
RULINGS: tuple[Ruling, ...] = ("keep", "look", "reject")


def write(
    page: Path,
    checked: Sequence[Checked],
    limits: Thresholds,
    *,
    sections: Sequence[str] = (),
    is_alone: bool = False,
) -> None:
    """Write the page.

    Args:
        page: the file; its links to the images are relative, so the workspace can be moved.
        checked: the pairs.
        limits: the thresholds behind their verdicts.
        sections: HTML of what else is to be shown, such as the whole set's measures.
        is_alone: put the images into the file, as JPEG of at most 1024 px, so that it can be sent.

    Raises:
        DiskFull, NotWritable: as `files.appearing`.
    """
    counts = Counter(one.ruling for one in checked)
    badges = Counter(chain.from_iterable(map(_badges, checked)))
    numbers = legend.of(measured(one.pair.measures for one in checked))
    picture = cards.embedded if is_alone else cards.links(page.parent)
    before, after = (
        Template(_packed("report.html"))
        .substitute(
            total=len(checked),
            style=_packed("review/page/look.css") + _packed("report.css"),
            script=_packed("report.js"),
            numbers=json.dumps(legend.plain(numbers), ensure_ascii=False).replace("<", "\\u003c"),
            filters="".join(_filter(ruling, counts[ruling]) for ruling in RULINGS),
            reasons="".join(
                f'<option value="{escape(badge)}">{escape(badge)} ({count})</option>'
                for badge, count in badges.most_common()
            ),
            measures="".join(
                f'<option value="{escape(n.key)}">by {escape(n.label)}</option>' for n in numbers
            ),
            notices="".join(f"<p class=notice>{escape(text)}</p>" for text in _notices(checked)),
            cards=_CARDS,
            sections="".join(f"<section>{section}</section>" for section in sections),
            limits="".join(_limit(key, value) for key, value in limits.items()),
        )
        .split(_CARDS)
    )
    files.write_texts(page, chain([before], cards.written(checked, picture), [after]))


def _packed(name: str) -> str:
    return resources.files("curate.pairs").joinpath(name).read_text(encoding="utf-8")


def _badges(one: Checked) -> Iterable[str]:
    return dict.fromkeys([reason.badge for reason in one.judgement.reasons])


def _notices(checked: Sequence[Checked]) -> list[str]:
    makers = sorted({one.halves.made_by for one in checked if "preview" in one.halves.made_by})
    notices = [f"Twins of {maker}." for maker in makers]
    without = sum(one.pair.encoder == "" for one in checked)
    encoders = sorted({one.pair.encoder for one in checked} - {""})
    if without:
        notices.append(
            f"CLIP image similarity: not measured on {without} of {len(checked)} pairs. "
            "Give weights with curate pair-check --clip DIR."
        )
    if encoders:
        notices.append(f"Image similarity was measured with {', '.join(encoders)}.")
    return notices


def _filter(ruling: Ruling, count: int) -> str:
    return (
        f'<label class="{ruling}"><input type=checkbox value="{ruling}" checked> '
        f"{ruling} <b>{count}</b></label>"
    )


def _limit(key: str, value: float) -> str:
    limit = next((one for one in LIMITS if one.key == key), None)
    side = f"{limit.side} → {limit.ruling}" if limit else "a condition of others"
    badge = limit.badge if limit else ""
    concepts = ", ".join(sorted(limit.concepts)) if limit else ""
    return f"<tr><td><code>{key}</code><td>{value:g}<td>{side}<td>{badge}<td>{concepts}"
