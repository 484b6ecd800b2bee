"""How much a picture shows, whatever bars stand around it."""

from __future__ import annotations

import numpy as np

from curate.extract import letterbox
from curate.extract.figures import TONES, Figures, Floats


def inside(figures: Figures) -> Floats:
    """Of each frame inside its own bars: what is plain between black bars shows nothing either.

    From the colour layout where the frame has bars on both sides of an axis, alike and black; of
    any other frame as it was measured.
    """
    width, height = len(figures.columns), len(figures.rows)
    boxes, numbers = np.unique(figures.lit, axis=0, return_inverse=True)
    contrast = figures.contrast.copy()
    across, down = TONES
    for number, box in enumerate(boxes.tolist()):
        left, right = letterbox.sides(box[0], box[2], 0, width, width)
        top, bottom = letterbox.sides(box[1], box[3], 0, height, height)
        if (left, top, right, bottom) == (0, 0, width, height):
            continue
        rows = np.flatnonzero(numbers.ravel() == number)
        layout = figures.tones[rows][:, : across * down].reshape(-1, down, across)
        cells = layout[
            :,
            -(-top * down // height) : bottom * down // height,
            -(-left * across // width) : right * across // width,
        ]
        contrast[rows] = cells.reshape(len(rows), -1).astype(np.float32).std(axis=1)
    return contrast
