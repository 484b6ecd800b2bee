"""What the page shows of the pairs together: the purity of each set, the repairs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from curate.pairs import cards
from curate.pairs.checked import Checked
from curate.pairs.repair import page as repairs
from curate.pairs.whole import page as purity
from curate.pairs.whole.compare import Compared
from curate.pairs.whole.run import Whole


def of(
    checked: Sequence[Checked],
    wholes: Sequence[Whole],
    page: Path,
    compared: Sequence[Compared] = (),
    *,
    is_alone: bool = False,
) -> list[str]:
    """The sections of `page` as HTML; with `is_alone` their images are in the file."""
    picture = cards.embedded if is_alone else cards.links(page.parent)
    found = [purity.section(wholes), purity.comparison(compared), repairs.section(checked, picture)]
    return [part for part in found if part]
