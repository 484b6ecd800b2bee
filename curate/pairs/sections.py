"""What the page shows of the pairs together: the purity of each set, the repairs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from curate.pairs import report
from curate.pairs.repair import page as repairs
from curate.pairs.report import Checked
from curate.pairs.whole import page as purity
from curate.pairs.whole.run import Whole


def of(
    checked: Sequence[Checked], wholes: Sequence[Whole], page: Path, *, is_alone: bool = False
) -> list[str]:
    """The sections of `page` as HTML; with `is_alone` their images are in the file."""
    picture = report.embedded if is_alone else report.link
    found = [
        purity.section(wholes),
        repairs.section(checked, lambda file: picture(file, page.parent)),
    ]
    return [part for part in found if part]
