import signal
import sqlite3

import pytest

from tests.conftest import Cli
from tests.extract.conftest import snapshot


def frames_there(curate: Cli) -> int:
    folder = curate.workspace / "frames"
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def rows(curate: Cli) -> int:
    try:
        db = sqlite3.connect(f"{(curate.workspace / 'curate.db').as_uri()}?mode=ro", uri=True)
        try:
            return int(db.execute("SELECT count(*) FROM films").fetchone()[0])
        finally:
            db.close()
    except sqlite3.OperationalError:
        return 0


@pytest.fixture(scope="module")
def undisturbed(long, tmp_path_factory) -> tuple[dict[str, bytes], list[dict[str, object]]]:
    curate = Cli(tmp_path_factory.mktemp("undisturbed"))
    assert curate("extract", long).returncode == 0
    return snapshot(curate)


@pytest.mark.parametrize(
    "moment", ["at once", "the ledger is there", "the first frame", "the fifth frame", "recorded"]
)
def test_killed_at_any_moment_and_run_again_it_is_as_if_undisturbed(
    curate, long, undisturbed, moment
):
    reached = {
        "at once": lambda: True,
        "the ledger is there": lambda: (curate.workspace / "curate.db").exists(),
        "the first frame": lambda: frames_there(curate) >= 1,
        "the fifth frame": lambda: frames_there(curate) >= 5,
        "recorded": lambda: rows(curate) > 0,
    }[moment]

    curate.stop_when(reached, "extract", long, signal_number=signal.SIGKILL)
    assert curate("extract", long).returncode == 0

    assert snapshot(curate) == undisturbed
