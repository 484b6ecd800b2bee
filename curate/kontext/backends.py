"""What makes a twin out of a frame without a server: found by name, in a package or in a file."""

from __future__ import annotations

import importlib.util
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol, cast

from curate.errors import BadSetting, nearest
from curate.images import RGB
from curate.kontext import embedded

COMFY = "comfy"
"""The name that stands for ComfyUI servers; every other is a module of the shape `Backend`."""

GROUP = "curate.backends"
"""The entry points under which a package offers such modules."""

_BUILT_IN = "embedded"


class Backend(Protocol):
    """A module that makes twins; `WORKERS`, if it has one, bounds the processes that do."""

    @property
    def VERSION(self) -> str:  # noqa: N802 - a constant of a module
        """Part of a twin's id: another version makes every twin anew."""

    @property
    def MADE_BY(self) -> str:  # noqa: N802
        """What made a twin, in words, for people and for the ledger."""

    def twin(self, frame: RGB, instruction: str, seed: int) -> RGB:
        """The frame under the instruction: uint8, of the frame's shape.

        It runs in a process of its own; the same three must give the same pixels.
        """


@cache
def load(name: str) -> Backend:
    """The backend of that name: "embedded", a .py file, or one that a package offers.

    Raises:
        BadSetting: there is none, or it lacks what a backend has.
    """
    if name == _BUILT_IN:
        return embedded
    if name.endswith(".py"):
        return _whole(name, _of_file(Path(name)))
    offered = {point.name: point for point in entry_points(group=GROUP)}
    if name in offered:
        return _whole(name, offered[name].load())
    known = (COMFY, _BUILT_IN, *offered)
    raise BadSetting(f"There is no backend {name!r}.", remedy=nearest(name, known))


def workers(backend: Backend) -> int | None:
    """The most processes a backend may run in; None if it does not say."""
    most = getattr(backend, "WORKERS", None)
    return int(most) if most else None


def _of_file(file: Path) -> object:
    try:
        spec = importlib.util.spec_from_file_location(f"curate_backend_{file.stem}", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except (OSError, SyntaxError, ImportError) as error:
        raise BadSetting(
            f"Cannot load the backend {file}: {error}.", remedy="CONTRIBUTING.md shows one."
        ) from error
    return module


def _whole(name: str, module: object) -> Backend:
    lacking = [part for part in ("VERSION", "MADE_BY", "twin") if not hasattr(module, part)]
    if lacking:
        raise BadSetting(
            f"The backend {name} has no {' and no '.join(lacking)}.",
            remedy="CONTRIBUTING.md shows what a backend is.",
        )
    return cast(Backend, module)
