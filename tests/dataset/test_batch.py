"""train.bat, read as Windows' command line reads it; there is no Windows here to run it on."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from curate.dataset import steps
from curate.dataset.run import Settings, Trainer, dataset
from curate.dataset.steps import Step
from curate.ledger import Ledger
from tests.dataset.workspaces import ORDER, place_pairs

STEP = re.compile(
    r"""
set "DONE="
if exist "(?P<stamp>[^"]+)" if exist "(?P<result>[^"]+)" set /p DONE=<"(?P=stamp)"
if not "%DONE%"=="(?P<id>\w+)" \(
  echo (?P<name>[\w ]+)
  if not exist "(?P<folder>[^"]+)" mkdir "(?P=folder)"
  "%PYTHON%" (?P<words>.+) \|\| exit /b 1
  >"(?P=stamp)" echo (?P=id)
\)
(?:copy /y "(?P=result)" "(?P<part>[^"]+)" >nul \|\| exit /b 1
move /y "(?P=part)" "(?P<copies>[^"]+)" >nul \|\| exit /b 1
)?"""
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Step]]:
    """A script for a workspace and models in folders with all that needs quoting, and its steps."""
    folder = tmp_path_factory.mktemp("q") / "films & more (1) 100% of 東京!"
    place_pairs(folder / "data", 1)
    models = Trainer("C:/musubi & co", "D:/a b/dit 50%.safetensors", "D:/ü/vae.pth", "D:/t5^.pth")
    with Ledger(folder / "data") as ledger:
        dataset(ledger, Settings(trainer=models))
    text = (folder / "data" / "dataset" / "train.bat").read_bytes().decode("utf-8")
    return text, steps.read(folder / "data")[1]


def unquoted(text: str) -> str:
    """What cmd makes of the percent signs in a quoted word."""
    assert "%" not in text.replace("%%", "")
    return text.replace("%%", "%")


def test_its_six_steps_are_those_of_curate_train_whatever_the_paths_hold(
    written: tuple[str, list[Step]],
) -> None:
    text, every = written

    found = list(STEP.finditer(text.replace("\r\n", "\n")))

    assert len(found) == len(every) == 6
    assert [re.search(r"wan_\w+\.py", one["words"])[0] for one in found] == ORDER * 2  # type: ignore[index]
    for one, step in zip(found, every, strict=True):
        words = re.findall(r'"([^"]*)"', one["words"])
        assert one["words"] == " ".join(f'"{word}"' for word in words)
        assert tuple(map(unquoted, words)) == step.arguments
        assert (one["id"], one["name"]) == (step.id, step.name)
        for key, path in (("stamp", step.stamp), ("result", step.result), ("copies", step.copies)):
            assert unquoted(one[key] or "") == path.replace("/", "\\")
        assert unquoted(one["folder"]) == str(Path(step.stamp).parent).replace("/", "\\")
        assert one["part"] is None or one["part"] == f"{one['copies']}.part"


def test_nothing_of_a_path_stands_outside_of_quotes(written: tuple[str, list[Step]]) -> None:
    text, _ = written

    for line in text.splitlines():
        bare = re.sub(r'"[^"]*"', "", line)
        assert '"' not in bare
        assert bare.isascii()
        assert "!" not in bare
        assert "C:" not in bare


def test_lines_end_as_windows_wants_and_ascii_comes_before_the_code_page(
    written: tuple[str, list[Step]],
) -> None:
    text, _ = written

    assert text.count("\n") == text.count("\r\n")
    assert not text.startswith("\ufeff")
    before, after = text.split("chcp 65001")
    assert before.isascii()
    assert not after.isascii()
    assert "setlocal DisableDelayedExpansion" in after


def test_it_stops_where_musubi_or_a_model_is_missing(written: tuple[str, list[Step]]) -> None:
    text, _ = written

    assert 'if not defined MUSUBI set "MUSUBI=C:/musubi & co"\r\ncd /d "%MUSUBI%" || exit' in text
    asked = re.findall(r'^if not exist "(.+)" \(echo No (\w+) was .+ & exit /b 3\)\r$', text, re.M)
    assert [(unquoted(file), option) for file, option in asked] == [
        ("D:/a b/dit 50%.safetensors", "dit"),
        ("D:/ü/vae.pth", "vae"),
        ("D:/t5^.pth", "t5"),
    ]


def test_the_toml_beside_it_holds_the_same_paths(written: tuple[str, list[Step]]) -> None:
    _, every = written

    settings = tomllib.loads(Path(every[2].arguments[-1]).read_text("utf-8"))

    assert settings["dit"] == "D:/a b/dit 50%.safetensors"
    assert f"{settings['output_dir']}/{settings['output_name']}.safetensors" == every[2].result
