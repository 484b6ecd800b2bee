"""How much a picture differs from another, from afar."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Floats = NDArray[np.float32]

_ROOT = np.sqrt(np.arange(256, dtype=np.float32) * 255)
"""Square-root luma spreads the shadows, where a cut between two dark shots would be lost."""


class Look(NamedTuple):
    """Square-root luma of a frame, the same about its mean, and the root of that one's power."""

    root: Floats
    about: Floats
    power: float

    @classmethod
    def of(cls, thumb: Gray) -> Look:
        root = np.asarray(cv2.LUT(thumb, _ROOT), np.float32)
        about = root - np.float32(cv2.mean(root)[0])
        return cls(root, about, float(cv2.norm(about)))

    def jump(self, old: Look) -> float:
        """Mean absolute difference."""
        return float(cv2.norm(self.root, old.root, cv2.NORM_L1)) / self.root.size

    def likeness(self, old: Look) -> float:
        """Normalised cross-correlation."""
        power = self.power * old.power
        return float(np.vdot(self.about, old.about)) / power if power > self.root.size else 1.0
