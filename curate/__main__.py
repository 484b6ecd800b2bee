"""Run `curate`, or `python -m curate`."""

from __future__ import annotations

import atexit
import os
import sys


def run() -> None:
    """Run the command line, then end the process: the interpreter's own way out takes 50 ms more.

    All that a command opened it has closed by then; what is registered for the end is run.
    """
    from curate.cli import main  # not above: every worker process imports this module

    try:
        main()
    except SystemExit as leaving:
        if not isinstance(leaving.code, int | None):
            raise
        try:
            atexit._run_exitfuncs()
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
        except (OSError, ValueError):  # nobody reads any more: the interpreter knows what to do
            raise leaving from None
        os._exit(leaving.code or 0)


if __name__ == "__main__":
    run()
