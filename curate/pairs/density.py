"""How much fine detail an image holds, and how much of it is left in the twin."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from curate import images

_LONG_SIDE_PX = 640
_QUALITY = 75


def detail_ratio(frame: NDArray[np.float32], twin: NDArray[np.float32]) -> float | None:
    """The twin's mean gradient over the frame's: 1 no edit, under 1 simpler, over 1 denser.

    The gradients count by their size, not squared: squares are ruled by the outlines, which a
    good twin keeps. On 174 simplified stills the squares called 27 % unedited (ratio above .93),
    the sizes 2 %. Do not warp the twin before: resampling takes 5 % of its fine detail.

    Args:
        frame: luma in [0, 255], shape (height, width).
        twin: same shape.

    Returns:
        None if the frame is flat.
    """
    detail = _mean_gradient(frame)
    return _mean_gradient(twin) / detail if detail > 0 else None


def density(image: images.RGB) -> float:
    """How cluttered a picture looks: bits per pixel of its luma as a JPEG at 640 px, quality 75.

    Exposure is normalised, so a dark picture is not called plain. Among thirteen measures this
    one came closest to a ranking by hand (Spearman .91 on 38 frames).

    Args:
        image: uint8, shape (height, width, 3).
    """
    luma = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
    height, width = luma.shape
    factor = _LONG_SIDE_PX / max(height, width)
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    small = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.float32)
    dark, bright = np.percentile(small, (1, 99))
    normal = (small - dark) * (255 / max(float(bright - dark), 32.0))
    grey = np.clip(normal, 0, 255).astype(np.uint8)
    data = images.encode_jpeg(np.repeat(grey[:, :, None], 3, axis=2), _QUALITY)
    return len(data) * 8 / float(grey.size)


def _mean_gradient(luma: NDArray[np.float32]) -> float:
    x = np.abs(np.diff(luma, axis=1))
    y = np.abs(np.diff(luma, axis=0))
    return float(x.mean(dtype=np.float64) + y.mean(dtype=np.float64))
