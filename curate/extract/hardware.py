"""Decoding on a graphics card, if there is one that can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path

import av
from av.codec.hwaccel import HWAccel, hwdevices_available
from av.container import InputContainer

from curate.errors import BadSetting, FilmUnreadable
from curate.extract.source import Source, opened

_AUTO = ("cuda", "videotoolbox", "d3d11va", "vaapi", "qsv")
_TRIED_PACKETS = 64


def settled(source: Source, asked: str) -> tuple[str, str]:
    """The decoder that will be used for a film: its name and, if it is not the one asked for, why.

    Args:
        source: the film.
        asked: "none", "auto", or FFmpeg's name of a device, as "cuda".

    Raises:
        BadSetting: this build of FFmpeg knows no such device.
    """
    known = tuple(hwdevices_available())
    if asked == "none":
        return "none", ""
    if asked != "auto" and asked not in known:
        raise BadSetting(
            f"--hwaccel {asked} is not among what this FFmpeg can use.",
            remedy=f"Give one of: none, auto, {', '.join(known)}.",
        )
    tried = [name for name in _AUTO if name in known] if asked == "auto" else [asked]
    for name in tried:
        if _works(source, name):
            return name, ""
    return "none", f"No hardware decoder for {source.codec} works here ({_listed(tried)})"


@contextmanager
def opened_on(name: str, path: Path) -> Iterator[InputContainer]:
    """A film, open for decoding on a device; in software where the device has no more room.

    Raises:
        FilmUnreadable: it cannot be opened, or is no film.
    """
    with ExitStack() as stack:
        if name == "none":
            yield stack.enter_context(opened(path))
            return
        try:
            device = HWAccel(device_type=name, allow_software_fallback=True)
            container = stack.enter_context(opened(path, device))
        except (FilmUnreadable, RuntimeError):
            container = stack.enter_context(opened(path))
        yield container


@lru_cache(maxsize=64)
def _works(source: Source, name: str) -> bool:
    """Whether the film's first picture comes off the device."""
    try:
        with opened(source.path, HWAccel(device_type=name)) as container:
            stream = next(s for s in container.streams.video if s.index == source.stream)
            for number, packet in enumerate(container.demux(stream)):
                if stream.codec_context.decode(packet):
                    return bool(stream.codec_context.is_hwaccel)
                if number > _TRIED_PACKETS:
                    return False
    except (FilmUnreadable, av.error.FFmpegError, RuntimeError):
        return False
    return False


def _listed(tried: Sequence[str]) -> str:
    return "tried " + ", ".join(tried) if tried else "none is known"
