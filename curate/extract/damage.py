"""Which frames a decoding error spoils: those behind it, up to the next keyframe."""

from __future__ import annotations

from typing import Any

import av

STRICT = {"err_detect": "explode"}
"""Makes FFmpeg's decoders report what they would conceal.

HEVC's finds half of it: of 650 frames that 24 damaged spots touched 285 lay behind an error, and
what it writes to its log besides told of no others.
"""


class Damage:
    """The errors of one stretch of decoding, in the order they come."""

    def __init__(self) -> None:
        self._since: int | None = None
        self._torn = False
        self._spans: list[tuple[int, int]] = []

    @property
    def is_any(self) -> bool:
        return self._since is not None or bool(self._spans)

    def failed(self, packet: av.Packet[Any]) -> None:
        """A packet could not be decoded."""
        if self._since is None:
            self._since = packet.dts if packet.dts is not None else packet.pts

    def decoded(self, packet: av.Packet[Any]) -> None:
        """A packet was decoded without an error that the decoder noticed.

        One with bytes missing, as the counters of a transport stream tell, is spoilt all the same,
        and so is the next: the gap may lie in that one. From a whole keyframe on, in the order of
        showing, all is sound again.
        """
        was_torn, self._torn = self._torn, packet.is_corrupt
        if was_torn or self._torn:
            self.failed(packet)
        elif packet.is_keyframe and self._since is not None and packet.pts is not None:
            self._spans.append((self._since, packet.pts))
            self._since = None

    def touches(self, frame: av.VideoFrame) -> bool:
        """Whether a frame was decoded behind an error and is shown before the next keyframe."""
        if frame.is_corrupt:
            return True
        decoded = frame.dts if frame.dts is not None else frame.pts
        if decoded is None or frame.pts is None:
            return False
        if self._since is not None and decoded >= self._since:
            return True
        return any(decoded >= since and frame.pts < until for since, until in self._spans)
