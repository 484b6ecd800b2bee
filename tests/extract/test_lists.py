import csv
import io
import json
from pathlib import Path

import pytest

from curate.demo.film import Take, draw


@pytest.fixture
def short(tmp_path) -> Path:
    draw(tmp_path / "short.mp4", [Take("library", 1), Take("black", 0.5)], size=(320, 180))
    return tmp_path / "short.mp4"


def test_a_list_prints_what_was_taken_though_the_film_is_gone(curate, short):
    first = curate("extract", short, "--json")
    short.unlink()

    again = curate("extract", "--list", "--json")

    assert again.returncode == 0, again.stderr
    (before,), (after,) = (json.loads(ran.stdout)["films"] for ran in (first, again))
    assert {**after, "film": ""} == {**before, "film": ""}


def test_a_spreadsheet_has_a_line_for_each_shot_and_its_frames(curate, short):
    curate("extract", short)

    lines = list(csv.DictReader(io.StringIO(curate("extract", "--list", "--csv").stdout)))

    assert [line["kind"] for line in lines] == ["content", "flat"]
    assert lines[0]["start"] == "00:00:00.000"
    assert (curate.workspace / lines[0]["frame"]).is_file()
    assert lines[1]["frame"] == ""


@pytest.mark.parametrize("arguments", [(), ("film.mkv", "--list")])
def test_films_or_the_list_but_not_both_nor_neither(curate, arguments):
    assert curate("extract", *arguments).returncode == 2
