from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from curate.errors import BadSetting
from curate.extract import names
from curate.extract.names import Naming


def test_a_frame_is_named_by_its_film_and_moment():
    assert names.of_frame(Naming(), "film", 3723.0457, 7, 1) == "film_01-02-03.046.png"


def test_a_moment_just_under_a_minute_rounds_up_to_it():
    assert names.of_frame(Naming(), "film", 59.9996, 1, 1) == "film_00-01-00.000.png"


def test_two_films_of_one_name_get_two_names():
    first = names.of_film(Path("a/01.mkv"), "aaaaaaaa", {})
    second = names.of_film(Path("b/01.mkv"), "bbbbbbbb", {first: "aaaaaaaa"})

    assert (first, second) == ("01", "01-bbbbbb")


def test_a_film_keeps_its_name():
    assert names.of_film(Path("01.mkv"), "aaaaaaaa", {"01": "aaaaaaaa"}) == "01"


def test_brackets_that_other_tools_read_as_patterns_are_replaced():
    assert names.of_film(Path("[Sub] Film - 01 [1080p].mkv"), "a", {}) == "Sub_ Film - 01 _1080p"


@given(stem=some.text(some.characters(codec="utf-8"), max_size=300).filter(lambda t: "\0" not in t))
def test_any_name_becomes_one_that_every_file_system_takes(stem):
    name = names.of_film(Path("folder") / f"x{stem}".replace("/", "_"), "abcdef01", {})

    assert 0 < len(name.encode()) <= 130
    assert not set(name) & set('<>:"/\\|?*[]\n')
    assert name.strip(" .") == name


def test_only_the_frames_of_the_film_are_listed(tmp_path):
    for name in ("a_00-00-01.000.png", "a_00-00-02.000.png.part", "ab_00-00-01.000.png", "a_b.png"):
        (tmp_path / name).touch()

    assert [file.name for file in names.frames_of(Naming(), "a", tmp_path)] == [
        "a_00-00-01.000.png",
        "a_00-00-02.000.png.part",
    ]


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{film}-{shot}-{image}", "film-007-2.webp"),
        ("$VIDEO_NAME-Scene-$SCENE_NUMBER-${IMAGE_NUMBER}", "film-Scene-007-2.webp"),
        ("{ms} {film}", "59500 film.webp"),
    ],
)
def test_a_template_says_what_a_frame_is_called(template, name):
    naming = Naming("webp", template)

    names.check(naming)

    assert names.of_frame(naming, "film", 59.5, 7, 2) == name


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{time}", "two frames one name"),
        ("{film}", "two frames one name"),
        ("{film}_{shot}", "two frames one name"),
        ("{film}{ms}", "two frames one name"),
        ("frames/{film}_{time}", "not every file system"),
        ("{film}_[{time}]", "not every file system"),
        (".{film}_{time}", "not every file system"),
        ("{film}_{moment}", "no meaning for 'moment'"),
        ("{film}_{time}" + "x" * 90, "too long"),
        ("", "not every file system"),
    ],
)
def test_a_template_that_would_not_do_is_refused(template, words):
    with pytest.raises(BadSetting, match=words):
        names.check(Naming("png", template))


def test_frames_are_found_again_under_any_template(tmp_path):
    naming = Naming("jpg", "{shot}.{film}-{image}")
    for film in ("a", "1.a", "a-1"):
        (tmp_path / names.of_frame(naming, film, 1.5, 3, 1)).touch()

    assert [file.name for file in names.frames_of(naming, "a", tmp_path)] == ["003.a-1.jpg"]
