"""How much fine detail an image holds, and how much of it is left in the twin."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from curate import images

_LONG_SIDE_PX = 640
_QUALITY = 75
_NOISE_LEVELS = 4


def detail_left(frame: NDArray[np.uint8], twin: NDArray[np.uint8]) -> float | None:
    """The twin's mean gradient over the frame's: 1 no edit, under 1 simpler, over 1 denser.

    The gradients count by their size, not squared: squares are ruled by the outlines, which a
    good twin keeps. On 174 simplified stills the squares called 27 % unedited (ratio above .93),
    the sizes 2 %. Differences of up to 4 levels count as nothing: an image model leaves a trace of
    noise on flat colours, and takes away what grain a film has; neither makes a picture denser or
    simpler. Do not warp the twin before: resampling takes 5 % of its fine detail.

    Args:
        frame: luma, shape (height, width).
        twin: same shape.

    Returns:
        None if the frame is flat.
    """
    detail = _standing_out(frame)
    return _standing_out(twin) / detail if detail > 0 else None


def density(luma: NDArray[np.uint8]) -> float:
    """How cluttered a picture looks: bits per pixel of its luma as a JPEG at 640 px, quality 75.

    Exposure is normalised, so a dark picture is not called plain. Among thirteen measures this
    one came closest to a ranking by hand (Spearman .91 on 38 frames).

    Args:
        luma: shape (height, width).
    """
    height, width = luma.shape
    factor = _LONG_SIDE_PX / max(height, width)
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    small = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)
    counts = np.asarray(cv2.calcHist([small], [0], None, [256], [0, 256]), np.float64)
    shares = counts.ravel().cumsum() / small.size
    dark, bright = np.searchsorted(shares, (0.01, 0.99))
    levels = (np.arange(256) - dark) * (255 / max(int(bright) - int(dark), 32))
    normal = np.asarray(cv2.LUT(small, np.clip(levels, 0, 255).astype(np.uint8)), np.uint8)
    return len(images.encode_jpeg(normal, _QUALITY)) * 8 / float(normal.size)


def _standing_out(luma: NDArray[np.uint8]) -> float:
    """The mean differences along x and along y, added, each lessened by what counts as noise."""
    x, y = cv2.absdiff(luma[:, 1:], luma[:, :-1]), cv2.absdiff(luma[1:], luma[:-1])
    over = [cv2.threshold(gap, _NOISE_LEVELS, 0, cv2.THRESH_TOZERO)[1] for gap in (x, y)]
    return float(sum(cv2.mean(gap)[0] - _NOISE_LEVELS * np.count_nonzero(gap) / gap.size
                     for gap in over))  # fmt: skip
