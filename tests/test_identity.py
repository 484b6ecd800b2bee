from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate import identity


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=5))
def test_the_order_of_settings_does_not_change_a_task(settings):
    shuffled = dict(reversed(settings.items()))

    assert identity.of_task("x/1", given=settings) == identity.of_task("x/1", given=shuffled)


def test_another_setting_or_version_is_another_task():
    ids = {
        identity.of_task("x/1", count=1),
        identity.of_task("x/1", count=2),
        identity.of_task("x/2", count=1),
    }

    assert len(ids) == 3


def test_what_has_no_canonical_form_is_refused():
    with pytest.raises(TypeError):
        identity.of_task("x/1", film=Path("a.mkv"))


def test_a_film_is_known_by_its_contents_not_its_name(tmp_path):
    (tmp_path / "a.mkv").write_bytes(bytes(range(256)) * 1000)
    (tmp_path / "b.mkv").write_bytes(bytes(range(256)) * 1000)

    assert identity.of_film(tmp_path / "a.mkv") == identity.of_film(tmp_path / "b.mkv")


@pytest.mark.parametrize("size", [0, 1, 1 << 16, 5 << 20])
def test_a_film_that_grew_is_another(tmp_path, size):
    film = tmp_path / "a.mkv"
    film.write_bytes(bytes(size))
    before = identity.of_film(film)
    film.write_bytes(bytes(size + 1))

    assert identity.of_film(film) != before


def test_a_file_is_hashed_whole(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"x" * (3 << 20))

    assert identity.of_file(file) == identity.of_bytes(b"x" * (3 << 20))
