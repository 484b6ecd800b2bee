"""Films that cannot be read."""

from __future__ import annotations

from pathlib import Path

from curate.errors.base import BadInput


class FilmMissing(BadInput):
    def __init__(self, film: Path) -> None:
        super().__init__(f"There is no film {film}.", remedy="Check the path and its spelling.")


class FilmUnreadable(BadInput):
    def __init__(self, film: Path, reason: str) -> None:
        super().__init__(
            f"Cannot decode {film.name}: {reason}.",
            remedy="Check that it plays in a video player; "
            f'if it does, run `ffmpeg -i "{film}" -c copy fixed.mkv` and extract fixed.mkv.',
        )


class FilmEncrypted(BadInput):
    def __init__(self, film: Path) -> None:
        super().__init__(
            f"The pictures of {film.name} are encrypted.",
            remedy="Films with copy protection cannot be read; give a copy without it.",
        )


class FilmChanged(BadInput):
    def __init__(self, film: Path) -> None:
        super().__init__(
            f"{film.name} changed while it was read.",
            remedy="Wait until it is copied or recorded whole, then run the same command again.",
        )


class NothingLeft(BadInput):
    def __init__(self, film: Path, duration_s: float, asked: str) -> None:
        super().__init__(
            f"{film.name} lasts {duration_s:.1f} s; {asked} leaves nothing of it.",
            remedy="Ask for an earlier or a longer part, or leave the film out.",
        )


class NoVideo(BadInput):
    def __init__(self, film: Path) -> None:
        super().__init__(
            f"{film.name} has no video, only sound, subtitles or a cover.",
            remedy="Give a file with a moving picture.",
        )


class StreamMissing(BadInput):
    def __init__(self, film: Path, number: int, streams: int) -> None:
        last = streams - 1
        super().__init__(
            f"{film.name} has no video stream {number}.",
            remedy=f"Give --stream a number from 0 to {last}." if last else "Leave --stream out.",
        )
