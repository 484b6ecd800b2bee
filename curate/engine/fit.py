"""Whether each node of a cluster can do what this process asks of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from curate.engine import node
from curate.errors import NodeUnfit, NotWritable

_ANSWER_S = 120.0


def hold(ray: Any, shared: Path, inputs: Sequence[Path]) -> None:
    """See that each node has this very curate and sees the same files.

    Raises:
        NodeUnfit: one has not, does not, or does not answer.
        NotWritable: `shared` refuses.
    """
    mark = shared / f".{uuid4().hex}"  # a folder of the same name may be another one
    try:
        shared.mkdir(parents=True, exist_ok=True)
        mark.touch()
    except OSError as error:
        raise NotWritable(mark, error.strerror or str(error)) from error
    try:
        paths = [mark, *(path for path in inputs if path.exists())]
        looks = {
            found["NodeManagerAddress"]: _looking(ray, found["NodeID"], paths)
            for found in ray.nodes()
            if found["Alive"]
        }
        for address, reference in looks.items():
            seen = _seen(ray, address, reference)
            if seen is None:
                continue
            source, unseen = seen
            if source != node.source():
                raise NodeUnfit(address, "it has another curate than this machine")
            if unseen:
                named = str(shared) if unseen[0] == str(mark) else unseen[0]
                raise NodeUnfit(address, f"it does not see {named} as this machine does")
    finally:
        mark.unlink(missing_ok=True)


def _looking(ray: Any, node_id: str, paths: Sequence[Path]) -> Any:
    strategy = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node_id, soft=False)
    remote = ray.remote(node.look).options(num_cpus=0, scheduling_strategy=strategy, max_retries=1)
    return remote.remote(str(Path.cwd()), paths)


def _seen(ray: Any, address: str, reference: Any) -> tuple[str, list[str]] | None:
    """The source of curate that a node has, and which paths it does not see; None if it is gone."""
    errors = ray.exceptions
    try:
        source, unseen = ray.get(reference, timeout=_ANSWER_S)
    except (errors.TaskUnschedulableError, errors.NodeDiedError):
        return None
    except errors.RayTaskError as error:
        raise NodeUnfit(address, f"curate does not start there ({error.cause})") from error
    except errors.RayError as error:
        told = str(error).strip().splitlines()[0].rstrip(".")
        raise NodeUnfit(address, told or type(error).__name__) from error
    return source, unseen
