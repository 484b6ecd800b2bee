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


class FilmIsFolder(BadInput):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} is a folder, not a film.",
            remedy=f'Name the films in it, for instance `curate extract "{folder}"/*.mkv`.',
        )


class NoVideo(BadInput):
    def __init__(self, film: Path) -> None:
        super().__init__(
            f"{film.name} has no video, only sound, subtitles or a cover.",
            remedy="Give a file with a moving picture.",
        )
