"""Title cards and credits: letters on a plain ground."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]

_LEAST_LETTERS = 8
"""From so many letters in line on a plain ground a frame is called a card."""

_PLAIN_SHARE = 0.8
_PLAIN_STEP = 12
_STAND_OUT = 36
_LINE_SHARE = 0.6


def covered(small: Gray) -> float:
    """How much of a picture letters in line on a plain ground cover, in percent; 0 for no card.

    Marks that stand out from their surroundings count as letters, or as words of so many letters
    as their width holds, if at least three of like height share a line, and if what stands in
    lines is the most of all that stands out.

    Args:
        small: luma, uint8, shape (height, width), about 400 px wide.
    """
    height = small.shape[0]
    across = cv2.absdiff(small[:-1, 1:], small[:-1, :-1])
    down = cv2.absdiff(small[1:, :-1], small[:-1, :-1])
    plain = np.asarray(cv2.max(across, down)) < _PLAIN_STEP
    if np.count_nonzero(plain) < _PLAIN_SHARE * plain.size:
        return 0.0
    marks = (cv2.absdiff(small, _ground(small)) > _STAND_OUT).astype(np.uint8)
    left, top, across_px, down_px = cv2.boundingRect(marks)
    if not across_px:
        return 0.0
    marks = marks[top : top + down_px, left : left + across_px]
    _, _, stats, centres = cv2.connectedComponentsWithStats(marks)
    boxes = stats[1:]
    tall, wide = boxes[:, cv2.CC_STAT_HEIGHT], boxes[:, cv2.CC_STAT_WIDTH]
    shaped = (tall >= 4) & (tall < height * 0.2) & (wide < 12 * tall) & (wide * 6 > tall)
    total = boxes[:, cv2.CC_STAT_AREA].sum()
    if not shaped.any():
        return 0.0
    lined = _in_lines(centres[1:][shaped][:, 1], tall[shaped])
    area = boxes[shaped][lined][:, cv2.CC_STAT_AREA].sum()
    held = np.maximum(1, np.round(wide[shaped][lined] / tall[shaped][lined]))
    is_card = area > _LINE_SHARE * total and held.sum() >= _LEAST_LETTERS
    return 100 * float(area) / small.size if is_card else 0.0


def _ground(small: Gray) -> Gray:
    """What lies behind the letters: the median around, of every third pixel both ways."""
    height, width = small.shape
    sampled = np.ascontiguousarray(small[1::3, 1::3])
    reach = min(max(3, height // 15) | 1, 255)
    return np.asarray(cv2.resize(cv2.medianBlur(sampled, reach), (width, height)), np.uint8)


def _in_lines(heights_at: NDArray[np.float64], tall: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which marks have two others of like height (±40 %) with the centre at like height."""
    level = np.abs(heights_at[:, None] - heights_at[None, :]) < 0.35 * tall[:, None]
    alike = np.abs(tall[:, None] - tall[None, :]) < 0.4 * tall[:, None]
    return np.asarray((level & alike).sum(axis=1) >= 3)
