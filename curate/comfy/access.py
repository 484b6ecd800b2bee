"""How servers are reached: what lets one in, and how patient one is with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from curate.comfy.recovery import GIVE_UP_S
from curate.comfy.server import PATIENCE_S, STALL_S, Server

SERVER = "http://127.0.0.1:8188"
"""Where a ComfyUI answers that was started without further words."""


@dataclass(frozen=True, slots=True)
class Access:
    """Settings for all servers of a run.

    Args:
        headers: each as `Name: value`; told to nobody but the servers.
        patience_s: a server that does not answer for this long is lost.
        stall_s: so is one whose jobs do not move for this long.
        give_up_after_s: how long it is waited while no server can be used.
    """

    headers: tuple[str, ...] = field(default=(), repr=False)
    patience_s: float = PATIENCE_S
    stall_s: float = STALL_S
    give_up_after_s: float = GIVE_UP_S

    def servers(self, urls: Iterable[str]) -> list[Server]:
        """Connections, one for each address.

        Raises:
            BadSetting: an address or a header is none.
        """
        every = [
            Server(url, self.headers, patience_s=self.patience_s, stall_s=self.stall_s)
            for url in urls
        ]
        return list({server.url: server for server in every}.values())
