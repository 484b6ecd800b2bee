"""The page that shows a film's shots, what was taken of each, what was not, and why."""

from __future__ import annotations

import base64
import io
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from urllib.parse import quote

import numpy as np
from PIL import Image

from curate import files, images
from curate.errors import CurateError
from curate.extract import stills, store
from curate.extract.figures import Figures, Floats
from curate.extract.lists import clock
from curate.extract.report import Extracted
from curate.extract.sheet import charts, words
from curate.extract.store import Moment, Stretch
from curate.records import Film, Frame, Refusal, Shot

_HEAD_BYTES = 600


def place(workspace: Path, film: Film) -> Path:
    """The file that a film's page is."""
    return workspace / "reports" / "extract" / f"{film.name}.html"


def is_of(file: Path, film: Film) -> bool:
    """Whether a page is there and shows the extraction that counts."""
    try:
        with file.open("rb") as page:
            return film.task_id.encode() in page.read(_HEAD_BYTES)
    except OSError:
        return False


def thumbnail(frame: Path) -> bytes:
    """A small JPEG of a frame's file; empty if it cannot be read."""
    try:
        return stills.thumbnail(images.read(frame))
    except CurateError:
        return b""


def write(
    file: Path,
    found: Extracted,
    where: Callable[[str], Path],
    thumbnails: Mapping[str, bytes],
    figures: Figures,
    stretches: Sequence[Stretch],
) -> None:
    """Write the page; all that it shows is in it, only the frames at full size are links.

    Args:
        file: the page.
        found: what is shown.
        where: a stored path in, the file out.
        thumbnails: JPEG of each frame, by the frame's id.
        figures: of the film.
        stretches: its pieces, whose small pictures show what was refused.

    Raises:
        DiskFull, NotWritable: as `files.appearing`.
    """
    glimpses = _glimpses(found, stretches)
    kinds = Counter(words.kind(refusal) for refusal in found.refusals)
    film = found.film
    duration_s = max(film.duration_s, 1e-3)
    cards = [_card(shot, found, file.parent, where, thumbnails, glimpses) for shot in found.shots]
    text = Template(_packed("page.html")).substitute(
        task=film.task_id,
        name=escape(film.name),
        facts=escape(_facts(found)),
        style=_packed("page.css"),
        script=_packed("page.js"),
        colours=_picture(_png(charts.colours(figures, full=film.pixel_format.startswith("yuvj")))),
        ticks="".join(
            f'<a href="#shot-{frame.shot}" style="left:{100 * frame.time_s / duration_s:.3f}%" '
            f'title="{clock(frame.time_s)}"></a>'
            for frame in found.frames
        ),
        length=clock(duration_s),
        filters=_filter("chosen", len(found.frames))
        + "".join(_filter(kind, count) for kind, count in sorted(kinds.items())),
        histogram=charts.histogram(_densities(found, figures), _of_frames(found.frames)),
        cards="\n".join(cards),
    )
    files.write_text(file, text)


def _packed(name: str) -> str:
    return resources.files("curate.extract.sheet").joinpath(name).read_text(encoding="utf-8")


def _facts(found: Extracted) -> str:
    film = found.film
    shots = sum(shot.kind == "content" for shot in found.shots)
    rate = film.rate.partition("/")
    frames_s = float(rate[0]) / float(rate[2] or 1) if film.rate else 0.0
    parts = (
        f"{film.width}×{film.height} {film.codec}",
        f"{frames_s:.5g} frames a second" if frames_s else "",
        f"{len(found.frames)} frames of {shots} shots",
        found.work.part if found.work else "",
    )
    return " · ".join(part for part in parts if part)


def _filter(kind: str, count: int) -> str:
    return (
        f'<label class="{kind}"><input type=checkbox value="{kind}" checked> {kind} '
        f"<b>{count}</b></label>"
    )


def _card(
    shot: Shot,
    found: Extracted,
    folder: Path,
    where: Callable[[str], Path],
    thumbnails: Mapping[str, bytes],
    glimpses: Mapping[float, bytes],
) -> str:
    frames = [frame for frame in found.frames if frame.shot == shot.number]
    refused = [refusal for refusal in found.refusals if refusal.shot == shot.number]
    kinds = [*(["chosen"] if frames else []), *dict.fromkeys(words.kind(r) for r in refused)]
    shown = "".join(_chosen(frame, folder, where, thumbnails) for frame in frames)
    size = "taken" if frames else "left"
    return (
        f'<article id="shot-{shot.number}" class="{size}" data-kinds="{" ".join(kinds)}" '
        f'data-frames="{min(3, len(frames))}">'
        f"<header><h2>{shot.number}</h2><span>{clock(shot.start_s)}</span>"
        f"<span>{shot.end_s - shot.start_s:.2f} s</span><em>{_named(shot)}</em></header>"
        + (f"<div class=frames>{shown}</div>" if frames else "")
        + "".join(_refused(refusal, glimpses) for refusal in refused)
        + "</article>"
    )


def _named(shot: Shot) -> str:
    return "" if shot.kind == "content" else shot.kind


def _chosen(
    frame: Frame, folder: Path, where: Callable[[str], Path], thumbnails: Mapping[str, bytes]
) -> str:
    link = escape(_link(where(frame.path), folder))
    return (
        f'<figure class=chosen><a href="{link}">'
        f'<img src="{_picture(thumbnails.get(frame.id, b""))}" width="{frame.width}" '
        f'height="{frame.height}" alt="{escape(Path(frame.path).name)}"></a>'
        f"<figcaption><b>{clock(frame.time_s)}</b> density {frame.density:.3f}, "
        f"sharpness {frame.sharpness:.0f}</figcaption></figure>"
    )


def _refused(refusal: Refusal, glimpses: Mapping[float, bytes]) -> str:
    kind = words.kind(refusal)
    data = glimpses.get(refusal.time_s)
    shown = f'<img src="{_picture(data)}" alt="" class=small>' if data else ""
    return (
        f'<figure class="refused {kind}">{shown}<figcaption><b>{escape(refusal.reason)}</b> '
        f"{clock(refusal.time_s)}<br>{escape(words.told(refusal))}</figcaption></figure>"
    )


def _glimpses(found: Extracted, stretches: Sequence[Stretch]) -> dict[float, bytes]:
    """A small picture for each refused frame, by its time."""
    source = stretches[0].piece.source
    spans = {shot.number: (shot.start_s, shot.end_s) for shot in found.shots}
    moments: dict[int, float] = {}
    asked: list[Moment] = []
    for refusal in found.refusals:
        at, first, stop = (
            source.start + round(time_s / source.time_base)
            for time_s in (refusal.time_s, *spans[refusal.shot])
        )
        moments[at] = refusal.time_s
        asked.append((at, first, stop))
    pictures = store.glimpses(stretches, asked)
    return {moments[at]: data for at, data in pictures.items()}


def _densities(found: Extracted, figures: Figures) -> Floats:
    """The density of every frame that lies in a shot."""
    assert found.work is not None
    source = found.work.source
    at_s = (figures.pts - source.start) * float(source.time_base)
    starts = np.array([shot.start_s for shot in found.shots])
    is_content = np.array([shot.kind == "content" for shot in found.shots])
    numbers = np.clip(np.searchsorted(starts, at_s + 1e-5, "right") - 1, 0, len(starts) - 1)
    return np.asarray(figures.density[is_content[numbers]])


def _of_frames(frames: Sequence[Frame]) -> Floats:
    return np.array([frame.density for frame in frames], np.float32)


def _picture(jpeg: bytes) -> str:
    kind = "png" if jpeg.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(jpeg).decode()}" if jpeg else "data:,"


def _png(pixels: images.RGB) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()


def _link(file: Path, folder: Path) -> str:
    try:
        return quote(Path(os.path.relpath(file, folder)).as_posix())
    except ValueError:  # another drive on Windows
        return file.resolve().as_uri()
