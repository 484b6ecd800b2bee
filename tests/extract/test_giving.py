"""What is given besides frames: the page, scene lists, figures; and how frames are written."""

import base64
import csv
import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import opentimelineio
import pytest
from PIL import Image

from curate import images
from curate.demo.film import Take, draw
from tests.conftest import Cli

TAKES = [
    Take("library", 1.5),
    Take("title", 1),
    Take("library", 1),
    Take("black", 0.5),
    Take("street", 1),
    Take("sea", 1, join="fade", join_s=0.5),
]


@pytest.fixture(scope="module")
def short(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("short") / "<kurz> & gut.mp4"
    draw(path, TAKES, size=(320, 180))
    return path


@pytest.fixture(scope="module")
def given(short, tmp_path_factory) -> tuple[Cli, dict[str, object]]:
    """A run with every list, and what it said of the film."""
    curate = Cli(tmp_path_factory.mktemp("given"))
    lists = [part for form in ("csv", "json", "edl", "otio") for part in ("--scenes", form)]
    ran = curate("extract", short, *lists, "--stats", "stats.csv", "--json")
    assert ran.returncode == 0, ran.stderr
    return curate, json.loads(ran.stdout)["films"][0]


def beside(given, form: str) -> Path:
    curate, film = given
    return curate.workspace / Path(film["page"]).with_name(f"{film['name']}.{form}")


def test_the_page_shows_every_shot_its_frames_and_what_was_refused(given):
    _, film = given
    page = beside(given, "html").read_text(encoding="utf-8")

    assert page.count("<article ") == len(film["shots"])
    assert page.count("<figure class=chosen>") == len(film["frames"]) == 3
    assert page.count('<figure class="refused') == len(film["refused"])
    for refusal in film["refused"]:
        assert f"<b>{refusal['reason']}</b>" in page
    assert {"lettering", "similar", "black", "transition"} <= {r["reason"] for r in film["refused"]}
    assert "<rect class=chosen" in page
    assert "<kurz>" not in page


def test_the_page_needs_no_other_file_to_be_seen(given):
    _, film = given
    page = beside(given, "html").read_text(encoding="utf-8")

    pictures = re.findall(r'<img src="([^"]*)"', page)
    assert len(pictures) == 1 + len(film["frames"]) + len(film["refused"])
    assert all(re.match(r"data:image/(png|jpeg);base64,.", picture) for picture in pictures)
    assert not re.search(r'(src|href)="(https?:)?//', page)


def test_a_refused_frame_is_shown_as_it_looks(given):
    curate, film = given
    page = beside(given, "html").read_text(encoding="utf-8")
    (refusal,) = [r for r in film["refused"] if r["reason"] == "similar"]
    (frame,) = [f for f in film["frames"] if f["shot"] in (1, 3)]

    found = re.search(
        r'<figure class="refused similar"><img src="data:image/jpeg;base64,([^"]*)', page
    )
    assert found, refusal
    seen = images.decode(base64.b64decode(found[1]))
    written = images.read(curate.workspace / frame["path"])
    small = images.resize(written, seen.shape[1], seen.shape[0])
    assert np.abs(seen.astype(int) - small).mean() < 12


def test_a_page_that_is_gone_is_made_again_and_nothing_is_decoded(given, short):
    curate, film = given
    page = beside(given, "html")
    before = page.read_bytes()
    frames = {f: f.stat().st_mtime_ns for f in (curate.workspace / "frames").iterdir()}
    page.unlink()

    ran = curate("extract", short)

    assert f"Page: data/{film['page']}" in ran.stdout
    assert len(page.read_bytes()) == pytest.approx(len(before), rel=0.1)
    assert {f: f.stat().st_mtime_ns for f in (curate.workspace / "frames").iterdir()} == frames


def test_a_scene_list_has_the_columns_of_pyscenedetect(given):
    _, film = given
    with beside(given, "csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))

    assert [int(line["Scene Number"]) for line in lines] == [s["number"] for s in film["shots"]]
    assert lines[0]["Start Frame"] == "1"
    assert lines[0]["End Timecode"] == "00:00:01.500"
    assert lines[0]["Length (frames)"] == "36"
    assert [line["Kind"] for line in lines] == [shot["kind"] for shot in film["shots"]]
    assert sum(len(line["Frames"].split()) for line in lines) == len(film["frames"])


def test_a_scene_list_as_json_has_seconds_and_frames(given):
    _, film = given
    told = json.loads(beside(given, "json").read_text(encoding="utf-8"))

    assert told["rate"] == film["rate"] == "24"
    assert told["scenes"][1]["start_frame"] == round(24 * film["shots"][1]["start_s"]) == 36


def test_an_edit_list_counts_frames_without_a_gap(given):
    _, film = given
    lines = beside(given, "edl").read_text(encoding="utf-8").splitlines()
    events = [line.split() for line in lines if re.match(r"\d{3} ", line)]

    assert lines[:2] == [f"TITLE: {film['name']}", "FCM: NON-DROP FRAME"]
    assert events[0] == ["001", "AX", "V", "C", *["00:00:00:00", "00:00:01:12"] * 2]
    assert all(a[5] == b[4] and a[7] == b[6] for a, b in pairwise(events))
    assert len(events) == len(film["shots"])


def test_opentimelineio_reads_its_timeline(given):
    _, film = given
    timeline = opentimelineio.adapters.read_from_file(str(beside(given, "otio")))

    clips = list(timeline.find_clips())
    assert [clip.source_range.start_time.to_seconds() for clip in clips] == pytest.approx(
        [shot["start_s"] for shot in film["shots"]], abs=1 / 48
    )
    assert timeline.duration().to_seconds() == pytest.approx(film["duration_s"], abs=1 / 24)
    marked = [mark.marked_range.start_time.to_seconds() for clip in clips for mark in clip.markers]
    assert marked == pytest.approx([frame["time_s"] for frame in film["frames"]], abs=1 / 48)
    assert clips[0].media_reference.target_url == Path(film["film"]).as_uri()


def test_the_figures_of_every_frame_are_written(given):
    curate, film = given
    with (curate.folder / "stats.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))

    times = [float(line["time_s"]) for line in lines]
    assert times == sorted(times)
    assert {frame["time_s"] for frame in film["frames"]} <= set(times)
    (cut,) = [line for line in lines if abs(float(line["time_s"]) - 1.5) < 0.01]
    assert float(cut["jump"]) + float(cut["tint"]) > 6


def test_lists_are_written_of_films_read_before(given):
    curate, _ = given
    wanted = beside(given, "edl").read_bytes()
    beside(given, "edl").unlink()

    ran = curate("extract", "--list", "--scenes", "edl")

    assert ran.returncode == 0, ran.stderr
    assert beside(given, "edl").read_bytes() == wanted


@pytest.mark.parametrize(("form", "is_exact"), [("webp", True), ("jpg", False)])
def test_frames_are_written_in_the_format_and_under_the_name_asked_for(
    given, short, form, is_exact
):
    curate, film = given
    options = ("--format", form, "--name", "$VIDEO_NAME-{shot}-{image}", "--json")
    ran = curate("-w", form, "extract", short, *options)

    assert ran.returncode == 0, ran.stderr
    (other,) = json.loads(ran.stdout)["films"]
    assert [frame["path"] for frame in other["frames"]] == [
        f"frames/{film['name']}-{frame['shot']:03}-1.{form}" for frame in film["frames"]
    ]
    for one, same in zip(film["frames"], other["frames"], strict=True):
        file = curate.folder / form / same["path"]
        pixels = images.read(file).astype(int)
        apart = np.abs(pixels - images.read(curate.workspace / one["path"]))
        assert apart.max() == 0 if is_exact else 0 < apart.mean() < 3
        with Image.open(file) as image:
            assert image.format == {"webp": "WEBP", "jpg": "JPEG"}[form]
            assert "sRGB".encode("utf-16-be") in image.info["icc_profile"]


def test_another_name_replaces_the_frames_of_the_former(curate, short):
    curate("extract", short)
    ran = curate("extract", short, "--name", "{film} {ms}", "--format", "webp", "--json")

    (film,) = json.loads(ran.stdout)["films"]
    files = {f"frames/{file.name}" for file in (curate.workspace / "frames").iterdir()}
    assert files == {frame["path"] for frame in film["frames"]}
    assert all(path.endswith(".webp") for path in files)


@pytest.mark.parametrize(
    "options",
    [
        ("--name", "{film}"),
        ("--name", "../{film}_{time}"),
        ("--format", "gif"),
        ("--scenes", "xml"),
        ("--over", "some"),
    ],
)
def test_an_option_that_cannot_be_is_a_usage_error(curate, short, options):
    ran = curate("extract", short, *options)

    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr
    assert not (curate.workspace / "frames").exists()


def test_figures_need_the_film(curate):
    assert curate("extract", "--list", "--stats", "stats.csv").returncode == 2
