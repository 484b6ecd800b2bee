import itertools
from fractions import Fraction

import av
import numpy as np
import pytest

from curate.extract import colour, deinterlace, figures, film, notices
from curate.extract.reading import Reading, Window
from curate.extract.rows import Work
from tests.extract import made

FORMATS = [
    ("libx264", "yuv420p", "mkv"),
    ("libx264", "yuv422p10le", "mp4"),
    ("libx264", "yuv444p", "mkv"),
    ("libx264rgb", "rgb24", "mkv"),
    ("libx265", "yuv420p10le", "mkv"),
    ("libx265", "yuv420p12le", "mp4"),
    ("libx265", "yuv444p12le", "mkv"),
    ("libsvtav1", "yuv420p10le", "mkv"),
    ("libvpx-vp9", "yuv420p", "webm"),
    ("libvpx-vp9", "yuv444p", "webm"),
    ("mpeg2video", "yuv420p", "mpg"),
    ("mpeg2video", "yuv422p", "ts"),
    ("mpeg4", "yuv420p", "avi"),
    ("ffv1", "gray", "mkv"),
    ("ffv1", "yuv410p", "mkv"),
    ("ffv1", "gbrp10le", "mkv"),
    ("prores_ks", "yuv422p10le", "mov"),
    ("mjpeg", "yuvj420p", "avi"),
    ("rawvideo", "yuyv422", "avi"),
    ("qtrle", "rgb24", "mov"),
]


@pytest.fixture(params=FORMATS, ids=lambda f: "-".join(f))
def made_film(request, tmp_path):
    codec, pixels, suffix = request.param
    return made.film(tmp_path / f"film.{suffix}", codec, pixels)


def test_every_codec_and_pixel_format_is_read_measured_and_shown(made_film):
    source = film.probe(made_film)
    frames = made.whole(made_film)
    read = [frame for piece in film.pieces(source) for frame in film.frames(piece)]
    measured = figures.joined([figures.measure(piece) for piece in film.pieces(source)])
    moment = read[len(read) // 2].pts

    (taken,) = film.at(source, [moment])

    pixels = colour.to_rgb(taken, source)
    meant = frames[len(read) // 2].to_ndarray(format="rgb24")
    assert len(measured) == len(read) == len(frames) == 36
    assert pixels.shape == (64, 128, 3)
    assert measured.level.min() > 60
    assert np.abs(pixels.astype(int) - meant).mean() < 6


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libvpx-vp9", "mpeg2video"])
def test_a_fast_scan_looks_at_fewer_frames_and_one_of_keyframes_at_those_alone(tmp_path, codec):
    options = {"libx264": {"preset": "medium"}, "mpeg2video": {"bf": "2"}}.get(codec)
    path = made.film(tmp_path / "a.mkv", codec, "yuv420p", options=options)
    source, seen = film.probe(path), {}
    for scan in ("keyframes", "fast", "full"):
        pieces = film.pieces(source, Reading(scan=scan))
        seen[scan] = [f.pts for piece in pieces for f in film.frames(piece)]
    with av.open(path) as container:
        keys = [p.pts for p in container.demux(video=0) if p.is_keyframe]

    assert seen["keyframes"] == keys
    assert set(keys) <= set(seen["fast"]) <= set(seen["full"])
    assert len(seen["full"]) == 36
    if codec in ("libx264", "libx265", "mpeg2video"):
        assert len(seen["fast"]) < 30


def test_only_the_part_that_is_asked_for_is_read(tmp_path):
    path = made.film(tmp_path / "a.mkv", "libx264", "yuv420p", frames=24 * 60, size=(32, 16))
    source = film.probe(path)
    whole, part = film.pieces(source), film.pieces(source, None, Window(40_000, 45_000))

    assert len(whole) > 4
    assert set(part) < set(whole)
    assert len(part) <= 2
    measured = figures.joined([figures.measure(piece) for piece in part], 40_000, 45_000)
    assert [round(pts / 1000 * 24) for pts in measured.pts.tolist()] == list(range(960, 1080))


@pytest.mark.parametrize("gop", [7, 600])
def test_pieces_never_overlap_however_far_apart_the_keyframes_are(tmp_path, gop):
    path = made.film(
        tmp_path / "a.mp4", "libx264", "yuv420p", frames=24 * 60, size=(32, 16), gop=gop
    )
    source = film.probe(path)
    parts = [[f.pts for f in film.frames(piece)] for piece in film.pieces(source)]

    assert all(one[-1] == two[0] for one, two in itertools.pairwise(parts))
    assert sorted({pts for part in parts for pts in part}) == [f.pts for f in made.whole(path)]
    assert sum(map(len, parts)) == 24 * 60 + len(parts) - 1


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_film_that_was_held_sideways_is_upright(tmp_path, degrees):
    marked = np.zeros((64, 128, 3), np.uint8)
    marked[:32, :32] = 255
    with av.open(tmp_path / "a.mp4", "w") as container:
        stream = container.add_stream("libx264", rate=24, options={"qp": "0"})
        stream.width, stream.height, stream.pix_fmt = 128, 64, "yuv420p"
        stream.set_display_rotation(degrees)
        frame = av.VideoFrame.from_ndarray(marked, "rgb24").reformat(format="yuv420p")
        for packets in (stream.encode(frame), stream.encode(None)):
            container.mux(packets)
    source = film.probe(tmp_path / "a.mp4")
    (frame,) = film.frames(film.pieces(source)[0])

    upright = colour.to_rgb(frame, source)

    with av.open(tmp_path / "a.mp4") as container:
        told = next(container.decode(video=0)).rotation
    assert round(told) % 360 == degrees
    assert np.abs(upright.astype(int) - np.rot90(marked, degrees // 90)).mean() < 3


def woven_film(path, weave, frames=50):
    """An interlaced film of a picture that moves; `weave` gives top and bottom field's moments."""
    options = {"qp": "0", "preset": "ultrafast", "x264-params": "tff=1"}
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = 320, 160, "yuv420p"
        stream.codec_context.flags |= 1 << 18 | 1 << 29  # interlaced DCT and motion estimation
        for number in range(frames):
            top, bottom = weave(number)
            picture = moment(top).copy()
            picture[1::2] = moment(bottom)[1::2]
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def moment(number):
    """A smooth picture with a square that moves four pixels a moment."""
    ramp = np.linspace(60, 120, 320, dtype=np.uint8)[None, :, None]
    picture = np.repeat(np.repeat(ramp, 160, 0), 3, 2)
    picture[40:120, 4 * number % 240 : 4 * number % 240 + 60] = 230
    return picture


def pulled_down(number):
    """Film frames A B C D as AA BB BC CD DD."""
    group, place = divmod(number, 5)
    a = 4 * group
    return [(a, a), (a + 1, a + 1), (a + 1, a + 2), (a + 2, a + 3), (a + 3, a + 3)][place]


WEAVES = {
    "interlaced": lambda n: (2 * n, 2 * n + 1),
    "telecined": pulled_down,
    "progressive": lambda n: (n, n),
}


@pytest.mark.parametrize("kind", WEAVES)
def test_interlaced_and_telecined_films_are_told_from_progressive_ones(tmp_path, kind):
    frames = made.whole(woven_film(tmp_path / "a.mkv", WEAVES[kind]))

    assert all(frame.interlaced_frame for frame in frames)
    assert deinterlace.weave(frames) == kind


def test_of_a_frame_that_shows_two_moments_one_is_taken(tmp_path):
    path = woven_film(tmp_path / "a.mkv", WEAVES["interlaced"])
    source, frames = film.probe(path), made.whole(path)

    (taken,) = film.at(source, [frames[20].pts])

    shown = colour.to_rgb(taken, source).astype(int)
    apart = [np.abs(shown - moment(n)).mean() for n in (40, 41)]
    assert deinterlace.is_combed(frames[20])
    assert not deinterlace.is_combed(taken)
    assert min(apart) < 1 < 2 < max(apart)
    assert taken.pts == frames[20].pts


def test_a_clean_frame_of_an_interlaced_film_stays_as_it_is(tmp_path):
    path = woven_film(tmp_path / "a.mkv", WEAVES["telecined"])
    frames = made.whole(path)

    (taken,) = film.at(film.probe(path), [frames[20].pts])

    assert np.array_equal(taken.to_ndarray(), frames[20].to_ndarray())


@pytest.mark.parametrize("kind", WEAVES)
def test_what_an_interlaced_film_becomes_is_said(tmp_path, kind):
    path = woven_film(tmp_path / "a.mkv", WEAVES[kind])
    work = Work("", "", "a", film.probe(path), Reading(), Window(None, None), 1)

    said = list(notices.before(work))

    assert [kind in text for text in said] == ([] if kind == "progressive" else [True])


def test_the_stream_that_is_asked_for_is_read(tmp_path):
    with av.open(tmp_path / "a.mkv", "w") as container:
        streams = [container.add_stream("libx264", rate=24) for _ in range(2)]
        for stream, width in zip(streams, (64, 128), strict=True):
            stream.width, stream.height, stream.pix_fmt = width, 64, "yuv420p"
        for stream, width in zip(streams, (64, 128), strict=True):
            container.mux(stream.encode(av.VideoFrame(width, 64, "yuv420p")))
            container.mux(stream.encode(None))

    widths = [film.probe(tmp_path / "a.mkv", number).width for number in (None, 0, 1)]

    assert widths == [64, 64, 128]
