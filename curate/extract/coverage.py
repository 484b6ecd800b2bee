"""Which few frames stand for many: crowded ones, and none for what another shows already."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curate.extract.figures import Floats, Gray

REACH = 24.0
"""Colour layouts (0…255) so far apart in the root mean square are hardly alike any more (.37)."""

_CROWDED = 1.0
"""Weight of a frame's own density against what it covers."""


def covering(density: Floats, tones: Gray, count: int) -> list[int]:
    """The places of `count` frames that cover all of them best, in the order they were taken.

    Maximises facility location with a modular reward, over sets S of frames:

        f(S) = Σ_i d_i · max_{j in S} s(i, j) + Σ_{j in S} d_j

    d is the density over the largest, s(i, j) = exp(−|t_i − t_j|² / reach²) the likeness of two
    colour layouts. f is monotone and submodular (Lin and Bilmes 2011), so that taking the frame
    with the largest gain each time comes to at least 1 − 1/e of the best set (Nemhauser, Wolsey
    and Fisher 1978). Of equal gains the earlier frame's counts, so the result is always the same.

    Args:
        density: of each frame, any unit, at least 0.
        tones: of each frame, uint8, shape (frames, cells).
        count: at most so many; fewer if there are no more frames.
    """
    worth = density / max(1e-6, float(density.max(initial=0)))
    alike = _likeness(tones)
    covered = np.zeros(len(worth), np.float32)
    taken: list[int] = []
    for _ in range(min(count, len(worth))):
        gain = np.maximum(alike - covered, 0) @ worth + _CROWDED * worth
        gain[taken] = -1
        place = int(np.argmax(np.round(gain, 4)))
        taken.append(place)
        covered = np.maximum(covered, alike[place])
    return taken


def _likeness(tones: Gray) -> NDArray[np.float32]:
    """Of each frame with each, 0…1, shape (frames, frames)."""
    cells = tones.astype(np.float32)
    squares = (cells * cells).sum(axis=1)
    apart = squares[:, None] + squares[None] - 2 * cells @ cells.T
    return np.asarray(np.exp(-np.maximum(apart, 0) / (cells.shape[1] * REACH**2)), np.float32)
