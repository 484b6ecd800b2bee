"""Ray started on this machine, or joined where it runs; quiet, and without a trace in the end."""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from curate.engine.outcome import ONE_THREAD
from curate.errors import ClusterUnreachable, RayMissing

AUTO = "auto"

_PREFIX = "curate-ray-"
_SHORT = "/tmp" if os.name == "posix" else None
"""Where Ray's sockets go: their paths may have about a hundred letters."""

_STORE_BYTES = 200_000_000  # outcomes are a few hundred kB at most, and are taken at once
_ANSWER_S = 5.0
_TOKEN = Path("~/.ray/auth_token")
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # it reports home otherwise
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # `uv run` would upload the folder to the workers
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # what Ray says of itself it says on stdout
}
_ALONE = {
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": "",
    "RAY_memory_monitor_refresh_ms": "0",  # it kills workers when another program fills the memory
}


@contextmanager
def joined(address: str | None, cores: int) -> Iterator[Any]:
    """Ray, connected: `ray` itself.

    Args:
        address: HOST:PORT of a head, "auto" for one that runs on this machine, None to start one.
        cores: how many workers the one that is started may have.

    Raises:
        RayMissing: Ray is not installed.
        ClusterUnreachable: there is no cluster, or it does not take this process.
    """
    if not _is_installed():
        raise RayMissing()
    _sweep()
    with tempfile.TemporaryDirectory(
        prefix=f"{_PREFIX}{os.getpid()}-", dir=_SHORT, ignore_cleanup_errors=True
    ) as folder:
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        if address is None:
            os.environ |= _ALONE | {"RAY_AUTH_TOKEN": secrets.token_hex(32)}
            how: dict[str, Any] = {
                "address": "local",
                "num_cpus": cores,
                "object_store_memory": _STORE_BYTES,
                "include_dashboard": False,
                "_temp_dir": folder,
            }
        else:
            _answering(address)
            if "RAY_AUTH_MODE" not in os.environ and _has_token():
                os.environ["RAY_AUTH_MODE"] = "token"  # as `ray start` does it
            how = {"address": address}
        import ray

        try:
            ray.init(
                **how,
                log_to_driver=False,
                logging_level=logging.CRITICAL,
                runtime_env={"env_vars": dict.fromkeys(ONE_THREAD, "1")},
            )
        except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            ray.shutdown()
            raise ClusterUnreachable(address, _first_line(error)) from error
        try:
            yield ray
        finally:
            ray.shutdown()


def _sweep() -> None:
    """Remove the folders of those that were killed; not on Windows, where to ask is to kill."""
    if _SHORT is None:
        return
    for folder in Path(_SHORT).glob(f"{_PREFIX}*-*"):
        process = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if process.isdecimal() and not _is_running(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is another user's
        return True
    return True


def _is_installed() -> bool:
    try:
        return find_spec("ray") is not None
    except ImportError:
        return False


def _answering(address: str) -> None:
    """Refuse at once what Ray would try for half a minute."""
    if address == AUTO:
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise ClusterUnreachable(address, "that is no HOST:PORT")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _ANSWER_S).close()
    except (OSError, OverflowError) as error:
        raise ClusterUnreachable(address, str(error).lower()) from error


def _has_token() -> bool:
    named = "RAY_AUTH_TOKEN" in os.environ or "RAY_AUTH_TOKEN_PATH" in os.environ
    return named or _TOKEN.expanduser().is_file()


def _first_line(error: Exception) -> str:
    told = re.sub(r"\s+", " ", str(error).strip().split("\n\n")[0])
    return told.rstrip(".") or type(error).__name__
