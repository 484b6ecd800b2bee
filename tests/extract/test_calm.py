from fractions import Fraction
from pathlib import Path

import av
import pytest

from curate.extract import figures, film, shots
from curate.extract.reading import Reading
from tests.extract import edits
from tests.extract.edits import Part
from tests.extract.made import QUIET

NO_CUTS = {
    "libx264": {"sc_threshold": "0"},
    "libx265": {"x265-params": "log-level=none:pools=1:scenecut=0"},
}


def encoded(path: Path, codec: str, edit: list[Part]) -> Path:
    """An edit in groups of 120 frames, with no keyframe at a cut."""
    with av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=24, options=QUIET[codec] | NO_CUTS[codec])
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = edits.SIZE
        stream.pix_fmt, stream.codec_context.gop_size = "yuv420p", 120
        for frame in edits.frames(edit):
            frame.time_base = Fraction(1, 24)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_fast_scan_leaves_out_the_rest_of_a_still_shot_and_sees_the_cut_within(tmp_path, codec):
    edit = [Part("street", 200, held=24), Part("kitchen", 160, held=24)]
    source = film.probe(encoded(tmp_path / "a.mkv", codec, edit))
    (piece,) = film.pieces(source, Reading())
    spoilt: set[int] = set()

    rough = [frame.pts for frame in film.frames(piece, spoilt, rough=True)]
    every = [frame.pts for frame in film.frames(piece)]

    assert set(rough) < set(every)
    assert len(rough) < 0.8 * len(every)
    assert not spoilt
    seen = figures.measure(piece)
    spans = shots.find(seen, float(source.time_base))
    starts_s = [source.seconds(int(seen.pts[span.first])) for span in spans]
    assert any(abs(at_s - 200 / 24) < 0.1 for at_s in starts_s)
