import json
import signal
import struct
from pathlib import Path

import numpy as np
import pytest

from curate import images
from curate.events import Progress
from curate.extract import run
from curate.ledger import Ledger
from tests.extract import made

LONG = "日本語 – très long"


@pytest.fixture(scope="module")
def minute(tmp_path_factory) -> Path:
    """A minute in several pieces, a cut every second."""
    path = tmp_path_factory.mktemp("minute") / "minute.mkv"
    return made.film(path, "libx264", "yuv420p", frames=24 * 60, size=(64, 32), gop=24)


@pytest.fixture(scope="module")
def brief(tmp_path_factory) -> Path:
    """A quarter of a minute, in one piece."""
    path = tmp_path_factory.mktemp("brief") / "brief.mkv"
    return made.film(path, "libx264", "yuv420p", frames=24 * 15, size=(64, 32), gop=24)


def held(curate) -> dict[Path, int]:
    """The files that figures are kept in, and when each was written."""
    return {f: f.stat().st_mtime_ns for f in (curate.workspace / "figures").glob("*/*.npz")}


def found(ran):
    assert ran.stdout, ran.stderr
    return json.loads(ran.stdout)["films"]


@pytest.mark.parametrize("codec", ["libx264rgb", "ffv1"])
def test_every_frame_written_is_the_frame_of_its_moment_byte_for_byte(curate, tmp_path, codec):
    """A lossless film whose frames last from 10 to 170 ms."""
    times = (10 * np.cumsum(np.random.default_rng(3).integers(1, 18, 96))).tolist()
    pixels = "rgb24" if codec == "libx264rgb" else "yuv444p"
    options = {"qp": "0", "preset": "ultrafast"} if codec == "libx264rgb" else {}
    path = made.film(
        tmp_path / "a.mkv", codec, pixels, times=times, rate=1000, options=options, size=(64, 32)
    )

    ran = curate("extract", path, "--count", "all", "--scan", "full", "--json")

    shown = {(frame.pts - times[0]) / 1000: frame for frame in made.whole(path)}
    written = found(ran)[0]["frames"]
    assert len(written) > 3
    for frame in written:
        meant = shown[frame["time_s"]].to_ndarray(format="rgb24")
        assert np.array_equal(images.read(curate.workspace / frame["path"]), meant)
        if codec == "libx264rgb":
            number = times.index(round(frame["time_s"] * 1000) + times[0])
            assert np.array_equal(meant, made.noise(number, 64, 32))


def test_a_folder_is_searched_and_what_is_no_film_is_named_and_left_out(curate, tmp_path):
    (tmp_path / "shelf/deeper").mkdir(parents=True)
    for name in ("b.mkv", "deeper/a.mp4"):
        made.film(tmp_path / "shelf" / name, "libx264", "yuv420p", frames=24)
    (tmp_path / "shelf/notes.txt").write_text("Watch these.", encoding="utf-8")
    (tmp_path / "shelf/.hidden.mkv").write_text("no film", encoding="utf-8")

    ran = curate("extract", "shelf", "--json")

    assert ran.returncode == 0, ran.stderr
    assert [film["film"] for film in found(ran)] == ["shelf/b.mkv", "shelf/deeper/a.mp4"]
    assert "1 file that is no film is left out: notes.txt" in ran.stderr


def test_of_many_films_the_broken_ones_are_named_and_the_others_done(curate, tmp_path):
    (tmp_path / "shelf").mkdir()
    sound = made.film(tmp_path / "0.mkv", "libx264", "yuv420p", frames=6, size=(32, 16))
    for number in range(37):
        (tmp_path / f"shelf/{number:02}.mkv").write_bytes(sound.read_bytes() + bytes([number]))
    for name in ("05b.mkv", "17b.mkv", "30b.mkv"):
        (tmp_path / "shelf" / name).write_bytes(b"no film" * 99)

    ran = curate("extract", "shelf", "--json")

    said = json.loads(ran.stdout)
    assert ran.returncode == 1
    assert len(said["films"]) == 37
    assert [Path(f["item"]).name for f in said["failures"]] == ["05b.mkv", "17b.mkv", "30b.mkv"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.write_bytes(b""), "it is empty"),
        (lambda path: made.sound(path), "has no video"),
    ],
)
def test_an_empty_file_and_one_of_sound_are_refused_as_such(curate, tmp_path, make, words):
    make(tmp_path / "film.mkv")

    ran = curate("extract", "film.mkv")

    assert ran.returncode == 3
    assert words in ran.stderr


def test_a_stream_that_is_not_there_is_said(curate, brief):
    ran = curate("extract", brief, "--stream", 3)

    assert ran.returncode == 3
    assert "brief.mkv has no video stream 3." in ran.stderr


@pytest.mark.parametrize("factor", [0.1, 30])
def test_a_film_that_lies_about_its_duration_is_read_to_its_end(curate, minute, tmp_path, factor):
    data = bytearray(minute.read_bytes())
    at = data.index(b"\x44\x89\x88") + 3  # Matroska's Duration, a float of 8 bytes
    (said,) = struct.unpack_from(">d", data, at)
    struct.pack_into(">d", data, at, said * factor)
    (tmp_path / "liar.mkv").write_bytes(data)

    liar, honest = (
        found(curate("extract", path, "--allow-recurring", "--json"))[0]
        for path in ("liar.mkv", minute)
    )

    assert liar["duration_s"] == honest["duration_s"] == pytest.approx(60, abs=0.01)
    assert liar["shots"] == honest["shots"]
    assert [f["time_s"] for f in liar["frames"]] == [f["time_s"] for f in honest["frames"]]


@pytest.mark.parametrize(
    ("options", "first_s", "stop_s"),
    [
        (["--start", "0:05"], 5, 15),
        (["--start", "5", "--end", "0:00:09.5"], 5, 9.5),
        (["--start", "3", "--duration", "4"], 3, 7),
        (["--skip-intro", "6", "--skip-outro", "5"], 6, 10),
    ],
)
def test_only_frames_of_the_part_that_is_asked_for_are_taken(
    curate, brief, options, first_s, stop_s
):
    (film,) = found(curate("extract", brief, *options, "--json"))

    times = [frame["time_s"] for frame in film["frames"]]
    assert len(times) > 2
    assert first_s <= min(times) <= first_s + 2
    assert stop_s - 2 <= max(times) < stop_s


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--start", "2:00"], "brief.mkv lasts 15.0 s; --start 120 leaves nothing of it."),
        (["--skip-intro", "10", "--skip-outro", "6"], "leaves nothing of it"),
    ],
)
def test_a_part_behind_the_end_is_said(curate, brief, options, words):
    ran = curate("extract", brief, *options)

    assert ran.returncode == 3
    assert words in ran.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--start", "soon"],
        ["--start", "-1"],
        ["--end", "30", "--duration", "10"],
        ["--scan", "slow"],
        ["--hwaccel", "abacus"],
    ],
)
def test_an_option_that_makes_no_sense_is_a_usage_error(curate, brief, options):
    assert curate("extract", brief, *options).returncode == 2


def test_without_a_graphics_card_the_processor_decodes_and_this_is_said(curate, brief):
    plain = found(curate("extract", brief, "--json"))
    ran = curate("-w", "other", "extract", brief, "--hwaccel", "auto", "--json")

    assert found(ran) == plain
    if "decoded on the processor" not in ran.stderr:
        pytest.skip("this machine has a graphics card that decodes H.264")


def test_a_film_that_grows_while_it_is_read_is_refused(tmp_path, brief):
    film = tmp_path / "growing.mkv"
    film.write_bytes(brief.read_bytes())

    def grow(event):
        if isinstance(event, Progress) and event.done == 0:
            with film.open("ab") as file:
                file.write(b"more" * 999)

    with Ledger(tmp_path / "data") as ledger:
        report = run.extract(ledger, [film], tell=grow)
        again = run.extract(ledger, [film])

    assert [f.message for f in report.failures] == ["growing.mkv changed while it was read."]
    assert not report.films
    assert len(again.films) == 1


def test_what_was_measured_before_a_kill_is_not_measured_again(curate, minute):
    curate.stop_when(
        lambda: len(held(curate)) >= 2, "extract", minute, signal_number=signal.SIGKILL
    )
    before = held(curate)

    assert curate("extract", minute).returncode == 0

    after = held(curate)
    assert len(before) >= 2
    assert before.items() <= after.items()


def test_another_choice_is_made_without_reading_the_film_again(curate, brief):
    curate("extract", brief)
    before = held(curate)

    assert len(found(curate("extract", brief, "--count", 2, "--json"))[0]["frames"]) == 2

    assert held(curate) == before


def test_figures_that_were_damaged_are_measured_again(curate, brief):
    first = found(curate("extract", brief, "--json"))
    file = next(iter(held(curate)))
    file.write_bytes(file.read_bytes()[:300])
    next((curate.workspace / "frames").iterdir()).unlink()

    assert found(curate("extract", brief, "--json")) == first


def test_two_at_once_on_one_film_both_end_well(curate, brief):
    alone = found(curate("-w", "alone", "extract", brief, "--json"))

    both = [curate.start("extract", brief, "--json") for _ in range(2)]
    ended = [process.communicate(timeout=240) for process in both]

    assert [process.returncode for process in both] == [0, 0], ended
    assert [json.loads(out)["films"] for out, _ in ended] == [alone, alone]
    assert not list((curate.workspace / "frames").glob("*.part"))


def test_names_and_paths_of_any_kind_are_taken(curate, tmp_path):
    folder = tmp_path
    while len(str(folder)) < 900:
        folder /= f"{LONG} {'x' * 60}"
    folder.mkdir(parents=True)
    path = made.film(tmp_path / "a.mkv", "libx264", "yuv420p", frames=24)
    path = path.rename(folder / f"{LONG}.mkv")
    folder.chmod(0o555)
    before = sorted(folder.iterdir())

    ran = curate("extract", path, "--json")

    (film,) = found(ran)
    assert film["film"] == path.as_posix()
    assert film["frames"][0]["path"].startswith(f"frames/{LONG}_00-00-0")
    assert sorted(folder.iterdir()) == before


def test_progress_says_films_position_and_speed(tmp_path, minute, brief):
    told = []

    with Ledger(tmp_path / "data") as ledger:
        run.extract(ledger, [minute, brief], tell=told.append)

    steps = [event for event in told if isinstance(event, Progress)]
    films = [(event.done, event.total) for event in steps if event.label == "films"]
    position = [event for event in steps if event.label == "minute.mkv"]
    assert films == [(0, 2), (1, 2), (2, 2)]
    assert len(position) >= 5
    assert [event.done for event in position] == sorted(event.done for event in position)
    assert position[-1].done == pytest.approx(60, abs=0.1)
    assert "× real time" in position[-1].detail
