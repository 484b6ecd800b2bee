"""The orders that wait: a server stays with one group as long as there is some of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from curate.comfy.job import Order


class Backlog:
    """Orders by group; the same instruction again finds model and text encodings in the cache."""

    def __init__(self, orders: Iterable[Order]) -> None:
        self._groups: dict[str, deque[Order]] = {}
        self._group_at: dict[str, str] = {}
        for order in orders:
            self._groups.setdefault(order.group, deque()).append(order)

    def __len__(self) -> int:
        return sum(map(len, self._groups.values()))

    def __contains__(self, order: Order) -> bool:
        return order in self._groups.get(order.group, ())

    def take(self, server: str) -> Order | None:
        """The next order for a server: of its last group, else of the one fewest servers are at."""
        group = self._group_at.get(server)
        if group is None or not self._groups[group]:
            waiting = [name for name, orders in self._groups.items() if orders]
            if not waiting:
                return None
            taken = list(self._group_at.values())
            group = self._group_at[server] = min(waiting, key=taken.count)
        return self._groups[group].popleft()

    def hand_back(self, order: Order) -> None:
        """Let it wait again, before all others of its group."""
        self._groups[order.group].appendleft(order)
