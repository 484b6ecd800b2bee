from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from curate.cli import COMMANDS, front

ROOT = Path(__file__).parents[2]
HEAVY = "cv2 numpy torch datasets aiohttp av PIL transformers sqlite3 rich ray"


@pytest.mark.parametrize("arguments", [[], *([name] for name in COMMANDS)])
def test_every_command_has_help_and_loads_nothing_heavy_for_it(arguments):
    code = (
        "import sys; from curate.cli import main; sys.argv[1:] = sys.argv[1:] + ['--help']\n"
        "try: main()\n"
        f"except SystemExit as e: print(e.code, [m for m in {HEAVY.split()} if m in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )

    assert ran.stdout.rstrip().endswith("0 []")


def test_the_list_of_commands_says_of_each_the_first_sentence_of_its_help():
    own = {name: found.get_short_help_str(limit=1000) for name, found in front().commands.items()}

    assert own == COMMANDS


def test_help_answers_at_once(curate):
    resource = pytest.importorskip("resource")

    def spent_s() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    spent = [spent_s()]
    for _ in range(6):  # the first compiles what was never run
        curate("--help")
        spent.append(spent_s())

    assert min(later - earlier for earlier, later in itertools.pairwise(spent)) < 0.3


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_stands_in_the_readme(name):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert f"curate {name}" in readme


def test_a_mistyped_option_is_a_usage_error(curate):
    ran = curate("status", "--jsno")

    assert ran.returncode == 2
    assert "--jsno" in ran.stderr


def test_a_flag_outranks_the_environment_and_the_environment_the_file(curate):
    (curate.folder / "curate.toml").write_text('workspace = "from-file"\n')

    assert '"from-file"' in curate("status", "--json").stdout
    assert '"from-env"' in curate("status", "--json", CURATE_WORKSPACE="from-env").stdout
    ran = curate("-w", "from-flag", "status", "--json", CURATE_WORKSPACE="from-env")
    assert '"from-flag"' in ran.stdout


def test_an_unknown_setting_names_the_nearest(curate):
    (curate.folder / "curate.toml").write_text('workspce = "x"\n')

    ran = curate("status")

    assert ran.returncode == 2
    assert "'workspce'" in ran.stderr
    assert "'workspace'" in ran.stderr


def test_a_bad_value_says_where_it_was_set(curate):
    (curate.folder / "curate.toml").write_text('[extract]\nper-shot = "many"\n')

    def complaint(*arguments, **environment):
        framed = curate("extract", "a.mkv", *arguments, **environment).stderr
        return " ".join(framed.split())

    assert "It was set in curate.toml." in complaint()
    assert "in the environment (CURATE_EXTRACT_PER_SHOT)" in complaint(CURATE_EXTRACT_PER_SHOT="x")
    assert "was set" not in complaint("--per-shot", "x")


def test_the_package_runs_as_a_module_and_says_its_version(curate):
    assert curate("--version").stdout.startswith("curate ")


def test_the_ledger_goes_out_and_comes_back_equal(curate):
    curate("ledger", "export", "a.jsonl")
    assert curate("-w", "other", "ledger", "import", "a.jsonl").returncode == 0
    assert curate("-w", "other", "ledger", "export", "b.jsonl").returncode == 0

    assert (curate.folder / "a.jsonl").read_bytes() == (curate.folder / "b.jsonl").read_bytes()


@pytest.mark.parametrize("command", ["kontext", "pair-check", "dataset", "merge"])
def test_a_command_that_fails_as_a_whole_says_so_in_json_too(curate, command):
    ran = curate(command, "--json")

    (failure,) = json.loads(ran.stdout)["failures"]
    assert ran.returncode == failure["exit_code"] == 3
    assert failure["message"] in ran.stderr


def test_a_film_that_fails_is_named_in_the_json(curate):
    ran = curate("extract", "nowhere.mkv", "--json")

    assert ran.returncode == 3
    said = json.loads(ran.stdout)
    assert said["films"] == []
    assert said["failures"][0]["item"] == "nowhere.mkv"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full device")
def test_a_result_that_cannot_be_written_is_a_sentence(curate):
    for command in (("status",), ("status", "--json")):
        line = [sys.executable, "-m", "curate", *command]
        with Path("/dev/full").open("w") as full:
            ran = subprocess.run(
                line, cwd=curate.folder, stdout=full, stderr=subprocess.PIPE, text=True, check=False
            )

        assert ran.returncode == 3
        assert ran.stderr.startswith("error: Cannot write the result: No space left on device.")
