import itertools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from curate.demo.film import Take, draw
from curate.errors import FilmMissing, FilmUnreadable, NoVideo
from curate.extract import colour, film
from curate.extract.planes import yuv
from curate.extract.reading import Reading
from tests.extract import made

SMALL = (320, 180)
COLOURS = [(255, 255, 255), (0, 0, 0), (200, 40, 40), (40, 190, 60), (50, 60, 210), (128, 128, 128)]
WEIGHTS = {"601": (0.299, 0.114), "709": (0.2126, 0.0722)}
TAGS = {"601": 5, "709": 1}


def planes(colour, matrix, full, bits):
    """Y, Cb and Cr of a colour as ITU-R BT.601 and BT.709 define them."""
    red, green, blue = (channel / 255 for channel in colour)
    kr, kb = WEIGHTS[matrix]
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    chroma = ((blue - luma) / (2 * (1 - kb)), (red - luma) / (2 * (1 - kr)))
    step = 1 << (bits - 8)
    high, low, wide = (255, 0, 255) if full else (219, 16, 224)
    return [
        round((luma * high + low) * step),
        *(round((part * wide + 128) * step) for part in chroma),
    ]


def write_patches(path: Path, matrix: str, full: bool, bits: int, tagged: bool = True) -> None:
    """A lossless film of one frame for each colour."""
    dtype = np.uint8 if bits == 8 else np.uint16
    pixels = "yuv420p" if bits == 8 else "yuv420p10le"
    with av.open(path, "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 64, pixels
        context = stream.codec_context
        context.color_range = 2 if full else 1
        context.colorspace = TAGS[matrix] if tagged else 2
        for number, colour in enumerate(COLOURS):
            y, cb, cr = planes(colour, matrix, full, bits)
            area = np.concatenate([np.full(64 * 64, y), np.full(1024, cb), np.full(1024, cr)])
            frame = av.VideoFrame.from_ndarray(area.astype(dtype).reshape(96, 64), pixels)
            frame.pts, frame.time_base = number, Fraction(1, 24)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def whole(path: Path) -> list[av.VideoFrame]:
    with av.open(path) as container:
        return list(container.decode(video=0))


def seen_colours(path: Path) -> list[tuple[int, ...]]:
    source = film.probe(path)
    (piece,) = film.pieces(source)
    return [tuple(colour.to_rgb(f, source)[32, 32].tolist()) for f in film.frames(piece)]


@pytest.mark.parametrize("matrix", ["601", "709"])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("bits", [8, 10])
def test_colours_come_out_as_they_went_in(tmp_path, matrix, full, bits):
    write_patches(tmp_path / "a.mkv", matrix, full, bits)

    for seen, meant in zip(seen_colours(tmp_path / "a.mkv"), COLOURS, strict=True):
        assert np.abs(np.subtract(seen, meant)).max() <= 3


def test_a_small_film_that_names_no_matrix_has_bt_601(tmp_path):
    write_patches(tmp_path / "a.mkv", "601", False, 8, tagged=False)

    for seen, meant in zip(seen_colours(tmp_path / "a.mkv"), COLOURS, strict=True):
        assert np.abs(np.subtract(seen, meant)).max() <= 3


@pytest.fixture(scope="module", params=["libx264", "libx265"])
def long_film(request, tmp_path_factory) -> Path:
    """More than two pieces; x265's keyframes are followed by frames that are shown before them."""
    path = tmp_path_factory.mktemp("long") / "long.mkv"
    takes = [Take("sea", 33), Take("night", 33), Take("field", 29, (0, 0, 1, 1))]
    draw(path, takes, size=(160, 90), codec=request.param, ten_bits=request.param == "libx265")
    return path


def test_pieces_put_together_are_the_whole_film(long_film):
    pieces = film.pieces(film.probe(long_film))
    parts = [[(f.pts, f.to_ndarray().tobytes()) for f in film.frames(p)] for p in pieces]

    assert len(pieces) > 3
    assert all(one[-1] == two[0] for one, two in itertools.pairwise(parts))
    joined = parts[0] + [frame for part in parts[1:] for frame in part[1:]]
    assert joined == [(f.pts, f.to_ndarray().tobytes()) for f in whole(long_film)]


def test_a_moment_gives_the_very_frame_that_is_shown_then(long_film):
    source = film.probe(long_film)
    frames = whole(long_film)[7::311]

    found = list(film.at(source, [frame.pts for frame in frames]))

    assert [(f.pts, f.to_ndarray().tobytes()) for f in found] == [
        (f.pts, f.to_ndarray().tobytes()) for f in frames
    ]


def test_a_moment_is_reached_without_the_frames_that_no_other_needs(long_film, monkeypatch):
    source = film.probe(long_film)
    moment = whole(long_film)[200].pts
    counts = []
    decoded = film._decoded
    for needed in (film._can_spare, lambda _: False):
        given: list[av.VideoFrame] = []
        monkeypatch.setattr(film, "_can_spare", needed)
        monkeypatch.setattr(
            film, "_decoded", lambda *args, to=given: [to.append(f) or f for f in decoded(*args)]
        )
        assert [f.pts for f in film.at(source, [moment])] == [moment]
        counts.append(len(given))

    assert counts[0] < 0.8 * counts[1]


def test_pieces_of_keyframes_alone_are_longer(long_film):
    source = film.probe(long_film)

    few, many = (film.pieces(source, Reading(scan=scan)) for scan in ("keyframes", "fast"))

    assert 1 < len(few) < len(many) / 2


def test_times_are_those_of_the_file_when_frames_last_unequally(tmp_path):
    moments_ms = [0, 40, 45, 200, 1000, 1001, 2500]
    with av.open(tmp_path / "a.mkv", "w") as container:
        stream = container.add_stream("ffv1", rate=1000)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for ms in moments_ms:
            frame = av.VideoFrame.from_ndarray(np.full((96, 64), ms % 200, np.uint8), "yuv420p")
            frame.pts, frame.time_base = ms, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    source = film.probe(tmp_path / "a.mkv")
    (piece,) = film.pieces(source)

    assert [source.seconds(f.pts) for f in film.frames(piece)] == [ms / 1000 for ms in moments_ms]


def test_pixels_that_are_not_square_become_square(tmp_path):
    with av.open(tmp_path / "a.mkv", "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 72, 64, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(16, 9)
        container.mux(stream.encode(av.VideoFrame(72, 64, "yuv420p")))
        container.mux(stream.encode(None))
    source = film.probe(tmp_path / "a.mkv")
    (frame,) = film.frames(film.pieces(source)[0])

    assert (source.width, source.height) == (128, 64)
    assert colour.to_rgb(frame, source).shape == (64, 128, 3)


def test_the_cover_is_not_taken_for_the_film(tmp_path):
    with av.open(tmp_path / "a.mp4", "w") as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 128, 64, "yuv420p"
        container.mux(cover.encode(av.VideoFrame(64, 64, "yuvj420p")))
        for packets in (stream.encode(av.VideoFrame(128, 64, "yuv420p")), stream.encode(None)):
            container.mux(packets)

    assert film.probe(tmp_path / "a.mp4").width == 128


def test_a_truncated_film_is_read_as_far_as_it_goes(tmp_path):
    draw(tmp_path / "a.mkv", [Take("street", 4, (0, 0, 1, 1))], size=SMALL)
    data = (tmp_path / "a.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) // 2])

    frames = list(film.frames(film.pieces(film.probe(tmp_path / "cut.mkv"))[0]))

    assert 10 < len(frames) < 90


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
def test_of_a_damaged_film_no_damaged_frame_is_taken(tmp_path, codec):
    takes = [Take("street", 8, (0, 0, 1, 1)), Take("market", 6, (0, 0.2, 1, 0.8))]
    draw(tmp_path / "a.mkv", takes, size=SMALL, codec=codec)
    data = bytearray((tmp_path / "a.mkv").read_bytes())
    dice = np.random.default_rng(5)
    for at in dice.integers(len(data) // 8, len(data) - 200, 10):
        data[at : at + 40] = dice.bytes(40)
    (tmp_path / "bad.mkv").write_bytes(data)
    sound = {f.pts: f.to_ndarray().astype(int) for f in whole(tmp_path / "a.mkv")}
    source, spoilt = film.probe(tmp_path / "bad.mkv"), set()
    (piece,) = film.pieces(source)

    read = {f.pts: f.to_ndarray() for f in film.frames(piece, spoilt)}
    taken = {f.pts: f.to_ndarray() for f in film.at(source, sorted(sound)[::9])}

    wrong = {pts for pts in read if np.abs(read[pts] - sound[pts]).mean() > 2}
    assert len(read) > 0.9 * len(sound)
    assert len(wrong) > 50
    assert len(wrong & spoilt) > 0.85 * len(wrong)
    assert len(taken) > 10
    assert sum(np.abs(taken[p] - sound[p]).mean() > 2 for p in taken) <= 0.15 * len(taken)


def test_a_gap_in_a_transport_stream_spoils_what_it_touches(tmp_path):
    data = made.film(tmp_path / "a.ts", "libx265", "yuv420p", frames=96, gop=24).read_bytes()
    sound = {f.pts: f.to_ndarray().astype(int) for f in whole(tmp_path / "a.ts")}
    wrong, missed = 0, 0
    for at in range(40, 200, 20):
        (tmp_path / "b.ts").write_bytes(data[: at * 188] + data[(at + 1) * 188 :])
        spoilt: set[int] = set()
        (piece,) = film.pieces(film.probe(tmp_path / "b.ts"))
        read = {f.pts: f.to_ndarray() for f in film.frames(piece, spoilt)}
        off = {p for p in read if np.abs(read[p] - sound.get(p, read[p])).mean() > 2}
        wrong += len(off)
        missed += len(off - spoilt)

    assert wrong > 20
    assert missed <= 0.05 * wrong


def test_ten_bits_and_eight_give_one_luma(tmp_path):
    for bits in (8, 10):
        write_patches(tmp_path / f"{bits}.mkv", "709", False, bits)

    eight, ten = (whole(tmp_path / f"{bits}.mkv") for bits in (8, 10))

    for one, two in zip(eight, ten, strict=True):
        ((low, *_), low_bits), ((high, *_), high_bits) = yuv(one), yuv(two)
        assert (low_bits, high_bits) == (8, 10)
        assert np.abs((high >> 2).astype(int) - low).max() <= 1


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda path: path.mkdir(), FilmUnreadable),
        (lambda path: path.write_text("Once upon a time there was a film.\n" * 99), FilmUnreadable),
        (lambda path: path.write_bytes(b""), FilmUnreadable),
        (lambda path: path.with_suffix(".mp4").touch(), FilmMissing),
    ],
)
def test_what_is_no_film_is_refused_with_a_remedy(tmp_path, make, error):
    path = tmp_path / "film.mkv"
    make(path)

    with pytest.raises(error) as raised:
        film.probe(path)

    assert "film.mkv" in str(raised.value)
    assert raised.value.remedy


def test_a_film_without_a_picture_is_refused(tmp_path):
    with pytest.raises(NoVideo):
        film.probe(made.sound(tmp_path / "a.mkv"))


def test_a_real_film_has_its_known_length_and_size(bunny):
    source = film.probe(bunny)

    frames = list(film.frames(film.pieces(source)[0]))

    assert (source.width, source.height, source.codec, len(frames)) == (1280, 720, "h264", 132)
    assert source.duration_s == pytest.approx(5.28, abs=0.05)
