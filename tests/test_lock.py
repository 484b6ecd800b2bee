import subprocess
import sys

import pytest

from curate import lock
from curate.errors import InUse
from tests.conftest import wait_until

HOLD = """
import sys
from pathlib import Path
from curate import lock
with lock.held(Path(sys.argv[1]), "it"):
    Path(sys.argv[2]).touch()
    sys.stdin.read()
"""


def test_who_comes_second_is_told_who_holds_it_until_that_one_is_killed(tmp_path):
    file, ready = tmp_path / "a.lock", tmp_path / "ready"
    command = [sys.executable, "-c", HOLD, file, ready]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as holder:
        wait_until(ready.exists)
        with pytest.raises(InUse, match=f"process {holder.pid} on "), lock.held(file, "it"):
            pass
        holder.kill()

    with lock.held(file, "it"):
        assert file.read_text()
    assert not file.read_text()
