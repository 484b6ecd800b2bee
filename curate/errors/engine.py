"""Where the work is done: worker processes, and the nodes of a cluster."""

from __future__ import annotations

from curate.errors.base import ItemFailed, PlaceError


class WorkerDied(ItemFailed):
    def __init__(self, item: str) -> None:
        super().__init__(
            f"The worker process died on {item}, three times.",
            remedy="It may be out of memory or the file damaged; the other items are done.",
        )


class RayMissing(PlaceError):
    def __init__(self) -> None:
        super().__init__(
            "--engine ray needs Ray, which is not installed.",
            remedy="Run `pip install 'curate-lora[ray]'`, or leave the option out.",
        )


class ClusterUnreachable(PlaceError):
    def __init__(self, address: str | None, reason: str) -> None:
        if address is None:
            message = f"Ray does not start on this machine: {reason}."
            remedy = "Leave out --engine ray: the processes of this machine do the same."
        else:
            message = f"Cannot join a Ray cluster at {address}: {reason}."
            remedy = (
                "Start one here (`ray start --head`) or join its head (`ray start --address …`), "
                "with the same RAY_AUTH_MODE everywhere."
            )
        super().__init__(message, remedy=remedy)


class NodeUnfit(PlaceError):
    def __init__(self, node: str, reason: str) -> None:
        super().__init__(
            f"The node {node} cannot take part: {reason}.",
            remedy="Install the same curate there, and mount the same folders at the same paths; "
            "see docs/scale.md.",
        )


class ClusterLost(PlaceError):
    def __init__(self, needs: str) -> None:
        super().__init__(
            f"No node of the cluster has had room for two minutes (an item takes {needs}).",
            remedy="See `ray status`, start nodes, and run the same command again.",
        )
