"""What the user should know of a film although it can be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import av

from curate.events import Notice, Tell
from curate.extract import colour, deinterlace, film
from curate.extract.figures import Figures
from curate.extract.film import Piece
from curate.extract.rows import Work, film_end_s
from curate.extract.source import Source

_CUT_OFF_S = 1.5
_LOOKS = 3
_LOOK_FRAMES = 25
_MOST_NAMED = 5

_WOVEN = {
    "interlaced": "is interlaced; of a frame that shows two moments one is taken (bwdif).",
    "telecined": "is telecined (3:2 pulldown), which is left as it is; of a frame that mixes two "
    "pictures one is taken (bwdif). `ffmpeg -vf fieldmatch,decimate` gives back the film's own.",
}


def before(work: Work) -> Iterator[str]:
    """What a look at a film's pictures tells before it is read."""
    source, name = work.source, work.source.path.name
    if source.streams > 1 and work.reading.stream is None:
        yield f"{name} has {source.streams} video streams; --stream names another than the first."
    looks = list(_looks(source))
    if looks and colour.is_hdr(looks[0][0]):
        yield f"{name} is HDR; its frames are brought to the range of sRGB."
    weaves = {deinterlace.weave(look) for look in looks}
    for weave in ("telecined", "interlaced"):
        if weave in weaves:
            yield f"{name} {_WOVEN[weave]}"
            return


def after(work: Work, figures: Figures) -> Iterator[str]:
    """What only reading it could tell."""
    name, last_s = work.source.path.name, film_end_s(work.source, figures)
    whole_s = work.source.declared_s
    if work.window.stop is None and last_s < whole_s - _CUT_OFF_S:
        yield (
            f"{name} breaks off at {last_s:.1f} s of {whole_s:.1f} s; it is used as far as it goes."
        )
    if damaged := int(figures.damaged.sum()):
        yield f"{name} has {damaged} damaged frames; they are not used."


def others(found: Sequence[Path], tell: Tell) -> None:
    """Say which files of a folder are left out."""
    if not found:
        return
    named = ", ".join(path.name for path in found[:_MOST_NAMED])
    more = ", …" if len(found) > _MOST_NAMED else ""
    files = "file that is no film is" if len(found) == 1 else "files that are no films are"
    tell(Notice(f"{len(found)} {files} left out: {named}{more}"))


def _looks(source: Source) -> Iterator[list[av.VideoFrame]]:
    """A second of the film at three places; only the first frame if that is progressive."""
    stop = source.start + round(source.duration_s / source.time_base)
    looks = _LOOKS if source.landmarks else 1
    for number in range(looks):
        begin = source.start + (stop - source.start) * number // looks
        frames = film.frames(Piece(source, begin, None, threads=1))
        look = list(islice(frames, 1))
        if look and look[0].interlaced_frame:
            look += islice(frames, _LOOK_FRAMES)
        if look:
            yield look
        if not look or not look[0].interlaced_frame:
            return
