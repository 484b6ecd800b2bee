"""Which packets of a film can be left out of a quick scan: the rest of a shot that lies still."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import av

Packet: TypeAlias = "av.Packet[Any]"

_SEEN_S = 0.75
_SEEN_SHARE = 1 / 3
_LOUD_SHARE = 0.25
_SPIKE, _SPIKE_SHARE = 2.0, 0.02
_BEFORE = 12
_LEAST_BEFORE = 3
_MOST_PACKETS = 300


@dataclass(frozen=True, slots=True)
class Gap:
    """Packets were left out here: the decoder has to begin anew, at the keyframe that follows."""


def left_out(packets: Iterator[Packet]) -> Iterator[Packet | Gap]:
    """The packets that tell something, and a gap wherever some were left out.

    What the encoder had to say about a picture is the measure. Between two keyframes a packet is
    loud if it holds a quarter of what the keyframe does, or twice as much as any of the twelve
    before and at least a fiftieth of the keyframe: a cut, a dissolve, something moves. Behind
    .75 s after the last loud packet, but not within the first third, nothing is worth decoding.
    A stretch of over 300 packets without a keyframe is given whole.
    """
    group: list[Packet] = []
    is_cut = False
    for packet in packets:
        if group and (packet.is_keyframe or len(group) == _MOST_PACKETS):
            told = _told(group) if packet.is_keyframe else len(group)
            yield from _behind(is_cut, group[:told])
            is_cut = told < len(group)
            if is_cut:
                yield Gap()
            group = []
        group.append(packet)
    yield from _behind(is_cut, group[: _told(group)])


def _behind(is_cut: bool, group: Sequence[Packet]) -> Iterator[Packet]:
    """A group without what is shown before its keyframe, if that was drawn on what was left out."""
    for packet in group:
        if not (is_cut and _is_before(packet, group[0])):
            yield packet


def _is_before(packet: Packet, keyframe: Packet) -> bool:
    return packet.pts is not None and keyframe.pts is not None and packet.pts < keyframe.pts


def _told(group: Sequence[Packet]) -> int:
    """How many packets of a group tell something; they need none of those behind them."""
    times_s = [_time_s(packet) for packet in group]
    known_s = [time_s for time_s in times_s if time_s is not None]
    has_bad = len(known_s) < len(group) or any(packet.is_corrupt for packet in group)
    if not group or has_bad or not group[0].is_keyframe:
        return len(group)
    sizes = [packet.size for packet in group]
    loud = max((at for at in range(1, len(group)) if _is_loud(sizes, at)), default=0)
    begin_s, last_s = known_s[0], max(known_s)
    stop_s = max(known_s[loud] + _SEEN_S, begin_s + (last_s - begin_s) * _SEEN_SHARE)
    return max(at for at, time_s in enumerate(known_s) if time_s <= stop_s) + 1


def _is_loud(sizes: Sequence[int], at: int) -> bool:
    before = sizes[max(1, at - _BEFORE) : at]
    is_spike = len(before) >= _LEAST_BEFORE and sizes[at] > _SPIKE * max(before)
    return sizes[at] > (_SPIKE_SHARE if is_spike else _LOUD_SHARE) * sizes[0]


def _time_s(packet: Packet) -> float | None:
    if packet.pts is None or packet.time_base is None:
        return None
    return float(packet.pts * packet.time_base)
