"""Orders taken back from a server that has others to do: for an idle one, or before we leave."""

from __future__ import annotations

from collections.abc import Iterable

from curate.comfy.host import Host
from curate.comfy.job import Work


def prey(hosts: Iterable[Host]) -> Work | None:
    """The order that waits longest behind others, for a server that has nothing to do at all."""
    longest = max((_waiting(host) for host in hosts if host.is_up), key=len, default=[])
    return longest[-1] if longest else None


def _waiting(host: Host) -> list[Work]:
    """What waits at a server behind the job that runs there or is about to."""
    queued = (work for work in host.works if work.stage == "queued")
    ahead = host.running or next(queued, None) or next(iter(host.works), None)
    return [
        work
        for work in host.works
        if work is not ahead and work.stage in ("preparing", "queued") and not work.is_kept
    ]


async def succeeds(work: Work) -> bool:
    """Whether an order could be taken back before its job ran; its server is not asked to stop it.

    Raises:
        ServerUnreachable, Refused: its server does not say.
    """
    work.is_kept = True
    if work.stage == "queued" and not await _is_out(work):
        return False
    if work.task is None or work.stage in ("submitting", "fetching"):
        return False
    work.is_recalled = True
    work.task.cancel()
    return True


async def _is_out(work: Work) -> bool:
    """Whether the job of an order was taken out of the queue: it neither ran nor runs."""
    assert work.job is not None
    server, prompt_id = work.post.server, work.job.prompt_id
    if prompt_id not in (await server.queue()).pending:
        return False
    await server.cancel([prompt_id])
    return prompt_id not in await server.queue() and await server.history(prompt_id) is None
