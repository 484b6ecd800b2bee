"""Interlaced films: which frames show two moments at once, and one moment made of such a frame."""

from __future__ import annotations

from itertools import islice
from typing import Literal

import av
import cv2
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray

Weave = Literal["progressive", "interlaced", "telecined"]

_BLOCK_PX = 16
_COMB_RATIO = 1.5
_COMB_STEP = 6.0
_COMB_SHARE = 0.004
_PULLDOWN_FRAMES = 5
_LEAST_COMBED = 6


def woven(
    before: av.VideoFrame | None, frame: av.VideoFrame, after: av.VideoFrame | None
) -> av.VideoFrame:
    """One moment of a frame whose fields show two; any other frame as it is.

    By FFmpeg's bwdif (Weston's three-field filter with an edge-directed fallback), which looks at
    the frames before and after.
    """
    if not is_combed(frame):
        return frame
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format,
        time_base=frame.time_base,
    )
    filtered, sink = graph.add("bwdif", "send_frame"), graph.add("buffersink")
    source.link_to(filtered)
    filtered.link_to(sink)
    graph.configure()
    shown = [near for near in (before, frame, after) if near is not None]
    for near in shown:
        graph.push(near)
    graph.push(None)
    made = [graph.pull() for _ in shown][shown.index(frame)]
    assert isinstance(made, av.VideoFrame)
    made.pts, made.time_base = frame.pts, frame.time_base  # bwdif counts in half units
    return made


def is_combed(frame: av.VideoFrame) -> bool:
    """Whether neighbouring lines differ more than every other line does, in some blocks.

    Lines that lie nearer are more alike in a picture of one moment, and less alike where something
    moved between the two fields.
    """
    luma = frame.reformat(format="gray").to_ndarray().astype(np.int16)
    height = luma.shape[0] - luma.shape[0] % 4
    near = np.abs(np.diff(luma[:height], axis=0))[:-1]
    far = np.abs(luma[2:height] - luma[: height - 2])
    near_sum, far_sum = _blocks(near), _blocks(far)
    combed = (near_sum > _COMB_RATIO * far_sum + _COMB_STEP) & (near_sum > 0)
    return bool(combed.mean() > _COMB_SHARE)


def weave(frames: list[av.VideoFrame]) -> Weave:
    """What neighbouring frames of a film are made of.

    In a film that was telecined (3:2 pulldown) two frames of every five show two moments.
    """
    combed = [frame.interlaced_frame and is_combed(frame) for frame in frames]
    if sum(combed) < _LEAST_COMBED:
        return "progressive"
    pairs = list(zip(combed, islice(combed, _PULLDOWN_FRAMES, None), strict=False))
    repeated = sum(one and five for one, five in pairs) / max(1, sum(one for one, _ in pairs))
    share = sum(combed) / len(combed)
    return "telecined" if share < 0.6 and repeated > 0.8 else "interlaced"


def _blocks(differences: NDArray[np.int16]) -> NDArray[np.float32]:
    """The mean of each block of 16 × 16 px."""
    height, width = differences.shape
    size = (max(1, width // _BLOCK_PX), max(1, height // _BLOCK_PX))
    shrunk = cv2.resize(differences.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(shrunk, np.float32)
