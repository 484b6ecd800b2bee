"""What is measured once a second, for each frame from its own shot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from curate.extract.figures import Figures
from curate.extract.shots import Span


def within(figures: Figures, spans: Sequence[Span]) -> Figures:
    """The same with density and lettering as measured before in each span, or first in it.

    So no frame has those of another shot, or of the dissolve that it follows, unless its span is
    so short that nothing was measured there.
    """
    last = np.where(figures.drawn, np.arange(len(figures)), 0)
    for span in spans:
        rows = slice(span.first, span.stop)
        measured = np.flatnonzero(figures.drawn[rows])
        first = span.first + int(measured[0]) if len(measured) else 0
        last[rows] = np.maximum(last[rows], first)
    last = np.maximum.accumulate(last)
    return replace(figures, density=figures.density[last], letters=figures.letters[last])
