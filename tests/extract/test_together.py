"""Several films: one count for all, and openings that recur."""

import json
from pathlib import Path

import pytest

from curate.demo.film import Take, draw
from curate.extract import run
from curate.extract.looks import Known, Library
from curate.ledger import Ledger
from curate.records import Frame, Refusal

OPENING = [Take("library", 1), Take("sea", 1.5), Take("street", 1)]
REST = (
    [Take("market", 1.2), Take("night", 1)],
    [Take("bedroom", 1), Take("field", 1.4)],
)


@pytest.fixture(scope="module")
def season(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("season")
    for number, rest in enumerate(REST, start=1):
        draw(folder / f"ep{number}.mp4", [*OPENING, *rest], size=(320, 180))
    return folder


def reasons(found) -> list[str]:
    return [refusal.reason for refusal in found.refusals]


def test_an_opening_that_recurs_is_taken_once_and_it_is_said_where(tmp_path, season):
    with Ledger(tmp_path) as ledger:
        first, second = run.extract(ledger, [season]).films

    assert [frame.shot for frame in first.frames] == [1, 2, 3, 4, 5]
    assert [frame.shot for frame in second.frames] == [4, 5]
    assert reasons(second).count("recurs in ep1") == 3


def test_an_opening_is_taken_from_each_if_that_is_wanted(tmp_path, season):
    with Ledger(tmp_path) as ledger:
        films = run.extract(ledger, [season], choosing=run.Choosing(allow_recurring=True)).films

    assert [len(film.frames) for film in films] == [5, 5]


def test_what_recurs_is_still_there_when_both_films_are_made_again(tmp_path, season):
    with Ledger(tmp_path) as ledger:
        before = run.extract(ledger, [season]).films
        for frame in ledger.all(Frame):
            ledger.path(frame.path).unlink()
        after = run.extract(ledger, [season]).films

        assert [film.frames for film in after] == [film.frames for film in before]
        assert [film.refusals for film in after] == [film.refusals for film in before]
        run.extract(ledger, [season / "ep1.mp4"], choosing=run.Choosing(per_shot=1))
        shots = {frame.shot for frame in ledger.all(Frame, film_id=before[0].film.id)}
        assert shots == {1, 2, 3, 4, 5}


def test_one_count_for_all_films_takes_the_best_of_all(tmp_path, season):
    joint = run.Choosing(count=4, over="all")
    with Ledger(tmp_path) as ledger:
        report = run.extract(ledger, [season], choosing=joint)
        again = run.extract(ledger, [season], choosing=joint)
        refused = [refusal.reason for refusal in ledger.all(Refusal)]

    frames = [frame for film in report.films for frame in film.frames]
    assert len(frames) == 4
    assert refused.count("surplus") == 3
    assert refused.count("recurs in ep1") == 3
    assert [film.is_new for film in again.films] == [False, False]
    assert sorted(frames, key=str) == sorted((f for x in again.films for f in x.frames), key=str)


def test_of_films_together_a_broken_one_is_named_and_a_lost_frame_comes_back(
    curate, season, tmp_path
):
    (tmp_path / "bad.mkv").write_bytes(b"no film" * 99)
    told = ("extract", season, tmp_path / "bad.mkv", "--over", "all", "--count", 4, "--json")
    first = curate(*told)
    lost = next((curate.workspace / "frames").iterdir())
    lost.unlink()

    second = curate(*told)

    assert first.returncode == second.returncode == 1
    assert json.loads(second.stdout) == json.loads(first.stdout)
    assert lost.exists()


def test_a_shot_is_known_by_its_look_and_length():
    look = "00ff" * 12
    one_bit_off, many_off = "01ff" + "00ff" * 11, "ff00" * 12
    library = Library([Known("ep1", look, 2.0)])

    assert library.find(one_bit_off, 2.1) == ("ep1", 1)
    assert library.find(look, 4.0) is None
    assert library.find(many_off, 2.0) is None
    assert library.find("", 2.0) is None
    assert Library().find(look, 2.0) is None
