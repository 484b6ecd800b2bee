"""What came back, checked before it counts as a twin."""

from __future__ import annotations

import numpy as np

from curate import images
from curate.errors import TwinUnusable
from curate.images import RGB

_SOME = 16  # one pixel of so many each way shows of nearly all pictures that they are not flat
_FLAT_LEVELS = 8  # a twin whose channels all stay within so few levels shows nothing


def png(name: str, frame: RGB, answer: bytes, *, may_be_equal: bool = False) -> bytes:
    """A server's answer as the file to keep, without the graph that ComfyUI writes into it.

    Raises:
        TwinUnusable: it is cut off, no image, or not `checked`.
    """
    twin = checked(name, frame, decoded(name, answer), may_be_equal=may_be_equal)
    return images.encode_png(twin)


def decoded(name: str, answer: bytes) -> RGB:
    """The pixels of an encoded answer.

    Raises:
        TwinUnusable: it is cut off, or no image.
    """
    try:
        return images.decode(answer)
    except (OSError, SyntaxError, ValueError) as error:
        raise TwinUnusable(name, "it is no whole image") from error


def checked(name: str, frame: RGB, twin: RGB, *, may_be_equal: bool = False) -> RGB:
    """`twin`, if it can be the frame's twin.

    Args:
        name: of the twin, for the error.
        frame: the frame's half, uint8, shape (height, width, 3).
        twin: what came back.
        may_be_equal: a control is, if the model changes nothing at all.

    Raises:
        TwinUnusable: it has another size, shows nothing, or is the frame itself.
    """
    if twin.dtype != np.uint8 or twin.ndim != 3 or twin.shape[2] != 3:
        raise TwinUnusable(name, f"it is {twin.dtype} of shape {twin.shape}, not RGB in uint8")
    if twin.shape != frame.shape:
        came, wanted = (f"{shape[1]}×{shape[0]}" for shape in (twin.shape, frame.shape))
        raise TwinUnusable(name, f"it is {came} px where the frame's half is {wanted}")
    if _is_flat(twin[::_SOME, ::_SOME]) and _is_flat(twin):
        raise TwinUnusable(name, "it is black" if twin.max() < _FLAT_LEVELS else "it is flat")
    if not may_be_equal and np.array_equal(frame[0], twin[0]) and np.array_equal(frame, twin):
        raise TwinUnusable(name, "it is the frame itself, not one pixel was changed")
    return twin


def _is_flat(pixels: RGB) -> bool:
    channels = np.ascontiguousarray(pixels.reshape(-1, 3).T)  # whose rows are reduced many at once
    spread = channels.max(axis=1) - channels.min(axis=1)
    return bool(spread.max() < _FLAT_LEVELS)
