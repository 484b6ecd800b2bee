"""Small films made for the tests, in the ways that films come."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

QUIET = {"libx265": {"x265-params": "log-level=none:pools=1"}, "libx264": {"preset": "ultrafast"}}


def noise(number: int, width: int, height: int) -> NDArray[np.uint8]:
    """Coarse coloured squares, others every twelve frames; a small bar counts the frames."""
    dice = np.random.default_rng(number // 12)
    squares = dice.integers(0, 255, (height // 8, width // 8, 3), np.uint8)
    picture = np.kron(squares, np.ones((8, 8, 1), np.uint8))
    picture[-2:, number % 12] = 255 - picture[-2:, number % 12]
    return picture


@contextmanager
def unhurried() -> Iterator[None]:
    """Take back the real-time priority that SVT-AV1 gives root's process: it starves all others."""
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)


def film(
    path: Path,
    codec: str,
    pixels: str,
    *,
    frames: int = 36,
    size: tuple[int, int] = (128, 64),
    times: Sequence[int] | None = None,
    rate: int = 24,
    gop: int = 12,
    options: Mapping[str, str] | None = None,
    container_options: Mapping[str, str] | None = None,
) -> Path:
    """Encode `noise`; `times` are PTS in units of 1/`rate` s."""
    given = dict(QUIET.get(codec, {})) | dict(options or {})
    with (
        unhurried(),
        av.open(path, "w", container_options=dict(container_options or {})) as container,
    ):
        stream = container.add_stream(codec, rate=rate, options=given)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        stream.codec_context.gop_size = gop
        for number, at in enumerate(times if times is not None else range(frames)):
            frame = av.VideoFrame.from_ndarray(noise(number, *size), "rgb24")
            frame = frame.reformat(format=pixels)
            frame.pts, frame.time_base = at, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def sound(path: Path) -> Path:
    """A film that has only sound."""
    with av.open(path, "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def whole(path: Path) -> list[av.VideoFrame]:
    """Every frame as PyAV decodes it."""
    with av.open(path) as container:
        return list(container.decode(video=0))
