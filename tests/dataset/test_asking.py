"""What is asked for at a terminal, at a real one: the other end of a pseudo-terminal."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from curate.dataset.run import Settings, dataset
from curate.ledger import Ledger
from tests.conftest import PATIENCE_S, Cli
from tests.dataset.workspaces import place_pairs

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it has no pseudo-terminals")

AT_ITS_TERMINAL = """
import fcntl, runpy, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C is a signal
runpy.run_module("curate", run_name="__main__")
"""
QUESTIONS = ("Where is Musubi", "Which DiT", "Which VAE", "Which T5")


def at_terminal(
    folder: Path, words: Sequence[str], answers: Sequence[tuple[str, str]]
) -> tuple[int, str]:
    """Run curate at a terminal, answer each question once it is asked; exit code and screen."""
    screen, terminal = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", AT_ITS_TERMINAL, *words],
        cwd=folder,
        env=os.environ | {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "200"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    seen, left = "", list(answers)
    with process:
        try:
            while chunk := _read(screen):
                seen += chunk
                if left and left[0][0] in seen:
                    os.write(screen, f"{left.pop(0)[1]}\n".encode())
            process.wait(PATIENCE_S)
        finally:
            os.close(screen)
            process.kill()
    assert not left, f"never asked: {left[0][0]}\n{seen}"
    return process.returncode, seen


def _read(screen: int) -> str:
    ready, _, _ = select.select([screen], [], [], PATIENCE_S)
    assert ready, "nothing more is said"
    try:
        return os.read(screen, 1 << 12).decode(errors="replace")
    except OSError:  # Linux says EIO where the last process closed the other end
        return ""


@pytest.fixture
def pairs(curate: Cli) -> Cli:
    place_pairs(curate.workspace, 1)
    with Ledger(curate.workspace) as ledger:
        dataset(ledger, Settings())
    return curate


def test_paths_are_asked_for_once_and_remembered_beside_what_stands_there(pairs: Cli) -> None:
    toml = pairs.folder / "curate.toml"
    toml.write_text("# mine\n[dataset]\nresolution = 256 # px\n", encoding="utf-8")
    answers = ("musubi [tuner] 東京", "dit.safetensors", "vae.pth", "")

    _, first = at_terminal(pairs.folder, ["dataset"], list(zip(QUESTIONS, answers, strict=True)))
    _, second = at_terminal(pairs.folder, ["dataset"], [(QUESTIONS[3], "t5.pth")])
    _, third = at_terminal(pairs.folder, ["dataset"], [])

    assert "Remembered in curate.toml" in first
    assert not any(question in second for question in QUESTIONS[:3])
    assert not any(question in third for question in QUESTIONS)
    text = toml.read_text(encoding="utf-8")
    assert text.startswith("# mine\n[dataset]\n")
    assert "resolution = 256 # px\n" in text
    names = {"musubi": answers[0], "dit": answers[1], "vae": answers[2], "t5": "t5.pth"}
    assert tomllib.loads(text)["dataset"] == {"resolution": 256} | {
        key: (pairs.folder / name).as_posix() for key, name in names.items()
    }
    trainer = tomllib.loads((pairs.workspace / "dataset/train_dense.toml").read_text("utf-8"))
    assert trainer["t5"] == (pairs.folder / "t5.pth").as_posix()


def test_an_empty_answer_leaves_all_open_and_ctrl_c_leaves(pairs: Cli) -> None:
    code, open_ = at_terminal(pairs.folder, ["dataset"], [(QUESTIONS[0], "")])
    stopped, _ = at_terminal(pairs.folder, ["dataset"], [(QUESTIONS[0], "\x03")])

    assert code == 0
    assert not any(question in open_ for question in QUESTIONS[1:])
    assert stopped == 130
    assert not (pairs.folder / "curate.toml").exists()


@pytest.mark.parametrize("option", ["--json", "--quiet", "--dry-run"])
def test_nothing_is_asked_of_a_program(pairs: Cli, option: str) -> None:
    code, seen = at_terminal(pairs.folder, ["dataset", option], [])

    assert code == 0
    assert not any(question in seen for question in QUESTIONS)


def test_the_licence_is_asked_for_at_a_terminal(pairs: Cli) -> None:
    words = ["dataset", "--hub"]

    code, seen = at_terminal(pairs.folder, words, [("Under which licence", "cc0-1.0")])

    assert code == 0, seen
    card = pairs.workspace / "dataset" / "hub" / "README.md"
    assert 'license: "cc0-1.0"' in card.read_text(encoding="utf-8")
