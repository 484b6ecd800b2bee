"""Several films: one count for all, and openings that recur."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from curate.demo.film import Take, draw
from curate.extract import run, together
from curate.extract.looks import Known, Library
from curate.extract.together import Shortlist
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


def look(number: int, bits: int = 0, tint: int = 128) -> str:
    """A look of its own for each number, so many bits off it."""
    own = np.random.default_rng(number).integers(0, 256, 8, np.uint8)
    own[0] ^= (1 << bits) - 1
    return (own.tobytes() + bytes([tint, 128])).hex() * 3


def known(numbers, lasts_s=2.0, film="ep1") -> list[Known]:
    return [Known(film, look(number), lasts_s) for number in numbers]


def test_an_opening_is_known_by_three_shots_in_a_row_of_like_look_and_length():
    library = Library(known(range(9)))

    mine = [(look(n, bits=6), 2.1) for n in (20, 3, 4, 5, 21)]
    assert library.recurring(mine) == [None, *[("ep1", 6)] * 3, None]
    assert library.recurring([mine[3], mine[2], mine[1]]) == [None] * 3
    assert library.recurring([(text, 4.0) for text, _ in mine]) == [None] * 5
    assert library.recurring([(look(n, tint=160), 2.0) for n in (3, 4, 5)]) == [None] * 3
    assert Library().recurring(mine) == [None] * 5


def test_a_shot_that_an_opening_begins_with_is_known_though_it_is_cut_off():
    mine = [(look(2, bits=6), 0.7), *((look(n, bits=6), 2.0) for n in (3, 4, 5))]

    assert Library(known(range(9))).recurring(mine) == [("ep1", 6)] * 4


def test_a_place_that_is_seen_again_is_no_opening_but_the_very_same_shot_is_not_taken_twice():
    library = Library(known(range(9)))

    assert library.recurring([(look(30), 2.0), (look(3, bits=5), 2.0)]) == [None, None]
    assert library.recurring([(look(30), 2.0), (look(3, bits=1), 2.0)]) == [None, ("ep1", 1)]


def test_a_run_does_not_go_from_one_film_into_the_next():
    library = Library([*known([1, 2], film="ep1"), *known([3, 4], film="ep2")])

    assert library.recurring([(look(n, bits=6), 2.0) for n in (1, 2, 3, 4)]) == [None] * 4


def shortlists(seed: int) -> dict[str, Shortlist]:
    rng = np.random.default_rng(seed)
    found = {}
    for film in "abcd":
        n = int(rng.integers(1, 40))
        cells = rng.integers(0, 256, (n, 96), np.uint8)
        found[film] = Shortlist(np.arange(n), rng.uniform(0.05, 1, n).astype(np.float32), cells)
    return found


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=some.integers(0, 10_000), count=some.integers(1, 30), most=some.integers(40, 90))
def test_what_is_taken_does_not_depend_on_the_order_of_films(seed, count, most):
    lists = shortlists(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(together, "MOST_COMPARED", most)
        taken = []
        for order in ("abcd", "dbca"):
            compared: dict[str, Shortlist] = {}
            for film in order:
                compared = together.comparable({**compared, film: lists[film]}, count)
            taken.append(together.shared(compared, count))

    assert taken[0] == taken[1]
    assert sum(map(len, taken[0].values())) == min(count, sum(len(x.rows) for x in lists.values()))


def test_a_long_film_does_not_take_the_place_of_a_short_one():
    rng = np.random.default_rng(5)

    def of(frames: int, density: float) -> Shortlist:
        cells = rng.integers(0, 256, (frames, 96), np.uint8)
        return Shortlist(np.arange(frames), np.full(frames, density, np.float32), cells)

    given = together.shared({"long": of(600, 0.4), "short": of(30, 0.4), "bare": of(600, 0.01)}, 20)

    assert [len(given[film]) for film in ("long", "short", "bare")] == [10, 10, 0]


def test_a_film_that_is_added_is_the_only_one_decoded(tmp_path, season):
    joint = run.Choosing(count=4, over="all")
    with Ledger(tmp_path) as ledger:
        run.extract(ledger, [season / "ep1.mp4"], choosing=joint)
        before = {f: f.stat().st_mtime_ns for f in (tmp_path / "figures").rglob("*.npz")}
        grown = run.extract(ledger, [season], choosing=joint)
        after = {f: f.stat().st_mtime_ns for f in (tmp_path / "figures").rglob("*.npz")}

    assert before.items() < after.items()
    assert sum(len(film.frames) for film in grown.films) == 4


def test_it_is_said_how_one_count_is_shared_out(curate, season):
    ran = curate("extract", season, "--over", "all", "--count", 1)

    assert "In all 1 frames of 1 of 2 films." in ran.stdout
    assert "None of ep" in ran.stdout
