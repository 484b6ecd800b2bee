"""A third party's backend: registered by a file, or by a package's entry point."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from curate import images
from curate.errors import BadSetting
from curate.kontext import backends, run
from curate.ledger import Ledger
from curate.records import Twin
from tests.pictures import place_frames

CONTRIBUTING = Path(__file__).parents[2] / "CONTRIBUTING.md"


@pytest.fixture
def from_the_page(tmp_path):
    """The backend that CONTRIBUTING.md shows, in a file of its own."""
    (shown,) = re.findall(
        r"```python\n(.*?VERSION.*?)```", CONTRIBUTING.read_text(encoding="utf-8"), re.DOTALL
    )
    file = tmp_path / "softer.py"
    file.write_text(shown, encoding="utf-8")
    return file


def test_the_backend_that_contributing_shows_has_ten_lines_and_makes_twins(curate, from_the_page):
    place_frames(curate.workspace, 3)

    done = curate("kontext", "--backend", from_the_page.name, "--size", "320x176")

    assert done.returncode == 0, done.stderr
    written = from_the_page.read_text(encoding="utf-8").splitlines()
    assert len([line for line in written if line]) <= 10
    assert "3 twins made" in done.stdout
    with Ledger(curate.workspace) as ledger:
        for twin in ledger.all(Twin):
            frame, answer = (images.read(ledger.path(p)) for p in (twin.frame_path, twin.twin_path))
            assert twin.backend == "softer.py"
            assert frame.shape == answer.shape
            assert not np.array_equal(frame, answer)
    assert "3 were there already" in (
        curate("kontext", "--backend", "softer.py", "--size", "320x176").stdout
    )


@pytest.mark.usefixtures("from_the_page")
def test_a_package_registers_one_by_an_entry_point(tmp_path, monkeypatch):
    about = tmp_path / "softer-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: softer\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[curate.backends]\nsofter = softer\n")
    monkeypatch.syspath_prepend(tmp_path)
    place_frames(tmp_path / "data", 1)

    with Ledger(tmp_path / "data") as ledger:
        report = run.kontext(ledger, run.recipes.of("simplify", "softer"))

    monkeypatch.delitem(sys.modules, "softer")
    assert [twin.backend for twin in report.made] == ["softer"]


def test_another_version_of_a_backend_makes_the_twins_anew(tmp_path, from_the_page):
    place_frames(tmp_path / "data", 1)
    newer = tmp_path / "newer.py"
    text = from_the_page.read_text(encoding="utf-8")
    newer.write_text(text.replace("softer/1", "softer/2"), encoding="utf-8")
    with Ledger(tmp_path / "data") as ledger:
        for file, made in ((from_the_page, 1), (from_the_page, 0), (newer, 1)):
            assert len(run.kontext(ledger, run.recipes.of("simplify", str(file))).made) == made


def test_a_backend_that_makes_no_twin_fails_that_frame(tmp_path):
    file = tmp_path / "dark.py"
    file.write_text(
        "VERSION = MADE_BY = 'dark'\ndef twin(frame, instruction, seed):\n    return frame * 0\n"
    )
    place_frames(tmp_path / "data", 1)

    with Ledger(tmp_path / "data") as ledger:
        (failure,) = run.kontext(ledger, run.recipes.of("simplify", str(file))).failures

    assert "it is black" in failure.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("VERSION = '1'\n", "has no MADE_BY and no twin"),
        ("import nothing_of_that_name\n", "Cannot load the backend"),
        ("def\n", "Cannot load the backend"),
        (None, "Cannot load the backend"),
    ],
)
def test_what_is_no_backend_is_refused(tmp_path, text, said):
    file = tmp_path / "own.py"
    if text is not None:
        file.write_text(text)

    with pytest.raises(BadSetting, match=said):
        backends.load(str(file))


def test_an_unknown_name_names_the_nearest():
    with pytest.raises(BadSetting) as caught:
        backends.load("embeded")

    assert "'embedded'" in caught.value.remedy
