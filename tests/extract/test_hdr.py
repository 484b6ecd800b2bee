from fractions import Fraction

import av
import numpy as np
import pytest

from curate.extract import colour, film, hdr
from tests.extract import made

SIGNALS = [
    (0.0, 0.0, 0.0),
    (0.3, 0.3, 0.3),
    (0.5, 0.5, 0.5),
    (0.58, 0.58, 0.58),
    (0.7, 0.7, 0.7),
    (0.45, 0.4, 0.35),
    (0.52, 0.5, 0.4),
    (0.6, 0.55, 0.62),
    (0.35, 0.45, 0.4),
    (0.9, 0.9, 0.9),
]
PQ, HLG, SDR = 16, 18, 14


def write(path, transfer, signals, *, bits=10):
    """A lossless film in BT.2020, one frame for each R′G′B′ signal."""
    kr, kb = 0.2627, 0.0593
    pixels = f"yuv420p{bits}le"
    with av.open(path, "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 64, pixels
        context = stream.codec_context
        context.color_range, context.colorspace = 1, 9
        context.color_trc, context.color_primaries = transfer, 9
        for number, (red, green, blue) in enumerate(signals):
            luma = kr * red + (1 - kr - kb) * green + kb * blue
            chroma = (blue - luma) / (2 * (1 - kb)), (red - luma) / (2 * (1 - kr))
            parts = [luma * 219 + 16, *(part * 224 + 128 for part in chroma)]
            area = [
                np.full(count, round(value * 4))
                for count, value in zip((4096, 1024, 1024), parts, strict=True)
            ]
            planes = np.concatenate(area).astype(np.uint16).reshape(96, 64)
            frame = av.VideoFrame.from_ndarray(planes, "yuv420p10le").reformat(format=pixels)
            frame.pts, frame.time_base = number, Fraction(1, 24)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    source = film.probe(path)
    (piece,) = film.pieces(source)
    return source, list(film.frames(piece))


# The reference: one colour at a time, in the words of the standards, sharing no line with hdr.py.


def reference(signal, transfer, peak=1000.0):
    if transfer == PQ:
        light = [st2084(channel) for channel in signal]
    elif transfer == HLG:
        scene = [arib_b67(channel) for channel in signal]
        luminance = 0.2627 * scene[0] + 0.6780 * scene[1] + 0.0593 * scene[2]
        light = [1000 * luminance**0.2 * channel if luminance else 0.0 for channel in scene]
    else:
        light = [203 * from_srgb(channel) for channel in signal]
    most = max(light)
    scale = eetf(most, peak) / most if most and transfer != SDR else 1.0
    x, y, z = xyz([channel * scale / 203 for channel in light])
    linear = (
        3.2404542 * x - 1.5371385 * y - 0.4985314 * z,
        -0.9692660 * x + 1.8760108 * y + 0.0415560 * z,
        0.0556434 * x - 0.2040259 * y + 1.0572252 * z,
    )
    return [255 * to_srgb(min(max(channel, 0), 1)) for channel in linear]


def st2084(signal):
    n = signal ** (1 / 78.84375)
    return 10000 * (max(n - 0.8359375, 0) / (18.8515625 - 18.6875 * n)) ** (1 / 0.1593017578125)


def st2084_inverse(nits):
    p = (nits / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * p) / (1 + 18.6875 * p)) ** 78.84375


def arib_b67(signal):
    if signal <= 0.5:
        return signal**2 / 3
    return (2.718281828459045 ** ((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12


def eetf(nits, peak):
    """ITU-R BT.2390, 5.4.1, for a black of 0 and a white of 203 cd/m²."""
    top = st2084_inverse(peak)
    e1, most = min(st2084_inverse(nits) / top, 1), st2084_inverse(203) / top
    knee = 1.5 * most - 0.5
    if e1 < knee:
        return nits
    t = (e1 - knee) / (1 - knee)
    hermite = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (-2 * t**3 + 3 * t**2) * most
    )
    return st2084(hermite * top)


def xyz(rgb):
    """Linear BT.2020 to XYZ (D65), from its chromaticities."""
    red, green, blue = rgb
    return (
        0.6369580 * red + 0.1446169 * green + 0.1688810 * blue,
        0.2627002 * red + 0.6779981 * green + 0.0593017 * blue,
        0.0280727 * green + 1.0609851 * blue,
    )


def from_srgb(signal):
    return signal / 12.92 if signal <= 0.04045 else ((signal + 0.055) / 1.055) ** 2.4


def to_srgb(linear):
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055


@pytest.mark.parametrize("transfer", [PQ, HLG, SDR])
@pytest.mark.parametrize("bits", [10, 12])
def test_hdr_and_wide_gamut_colours_come_out_as_the_standards_say(tmp_path, transfer, bits):
    source, frames = write(tmp_path / "a.mkv", transfer, SIGNALS, bits=bits)

    for frame, signal in zip(frames, SIGNALS, strict=True):
        seen = colour.to_rgb(frame, source)[32, 32]
        assert np.abs(seen - np.array(reference(signal, transfer))).max() <= 3, signal


def test_an_ordinary_film_is_not_taken_for_hdr(tmp_path):
    source, frames = write(tmp_path / "a.mkv", SDR, [(0.5, 0.5, 0.5)])

    assert not colour.is_hdr(frames[0])
    assert colour.to_rgb(frames[0], source)[32, 32].tolist() == [128, 128, 128]


def test_brighter_light_never_comes_out_darker():
    ramp = np.repeat(np.arange(0, 65281, 17, dtype=np.uint16)[:, None, None], 3, 2)

    for transfer in ("pq", "hlg"):
        shown = hdr.to_srgb(ramp, transfer, 1000)[:, 0, 0].astype(int)
        assert np.diff(shown).min() >= 0
        assert shown[0] == 0
        assert shown[-1] == 255


def test_shadows_and_skin_stay_as_they_are_and_highlights_bend():
    code = np.round(hdr.pq_signal(np.array([10.0, 50.0, 203.0, 1000.0])) * 65280)
    pixels = np.repeat(code.astype(np.uint16)[:, None, None], 3, 2)

    shown = hdr.to_srgb(pixels, "pq", 1000.0)[:, 0, 0]

    plain = [255 * to_srgb(nits / 203) for nits in (10, 50)]
    assert np.abs(shown[:2] - np.array(plain)).max() <= 1
    assert 200 < shown[2] < 245
    assert shown[3] == 255


PRIMARIES = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)"


@pytest.mark.parametrize(
    ("said", "nits"),
    [
        ("", 1000),
        (f"master-display={PRIMARIES}L(40000000,50)", 4000),
        (f"master-display={PRIMARIES}L(40000000,50):max-cll=650,200", 650),
    ],
)
def test_the_peak_is_what_the_film_says(tmp_path, said, nits):
    parameters = ":".join(part for part in ("log-level=none:hdr10=1", said) if part)
    options = {"preset": "ultrafast", "x265-params": parameters}
    path = made.film(tmp_path / "a.mkv", "libx265", "yuv420p10le", frames=2, options=options)

    assert [hdr.peak_nits(frame) for frame in made.whole(path)] == [nits, nits]
